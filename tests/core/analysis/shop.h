// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "tests/core/analysis/batch_builder.h"

#include <functional>

/// The shop of the lab by hand: loadgen → web → api ×2 → cache, each in a network namespace of its own, on one host or on two.
namespace binnacle::tests {

struct ShopSecond {
    std::uint64_t pages = 100;     // loadgen → web
    std::uint64_t orders = 50;     // web → api
    std::uint64_t orderErrors = 0; // of them, both sides
    std::uint64_t refused = 0;     // web → api connects
    std::uint64_t hanging = 0;     // web → api exchanges open at web's end
    Nanoseconds hangingFor{};
    std::uint64_t connecting = 0;  // web → api connects without an answer
    Nanoseconds connectingFor{};
    int apis = 2;
    std::uint64_t orderLosses = 0; // at api's end
    bool agentsUp = true;
};

inline constexpr std::uint32_t kLoadNet = 1, kWebNet = 2, kApiNet = 3, kCacheNet = 5; // api's second instance: 4

/// The second `offset` as host `a` sees it: everything.
inline Batch shopBatch(int offset, const ShopSecond& now)
{
    BatchBuilder b("a", offset);
    const auto load = b.instance("loadgen-1"), web = b.instance("web-1", "nginx", true), cache = b.instance("cache-1", "redis", true);
    b.present(load, b.service("loadgen")).present(web, b.service("web")).present(cache, b.service("cache"));
    b.listen(web, endpoint("0.0.0.0", 80), kWebNet).listen(cache, endpoint("10.0.0.5", 6379), kCacheNet);
    if (now.pages > 0) {
        b.requests(b.client(load, "10.0.0.1", endpoint("10.0.0.2", 80), kLoadNet, Protocol::Http), now.pages);
        b.requests(b.server(web, endpoint("10.0.0.2", 80), "10.0.0.1", kWebNet, Protocol::Http), now.pages);
    }
    for (int i = 0; i < now.apis; ++i) {
        const std::string address = "10.0.0." + std::to_string(3 + i);
        const auto api = b.instance("api-" + std::to_string(i + 1), "python", true);
        const auto netns = kApiNet + static_cast<std::uint32_t>(i);
        b.present(api, b.service("api"));
        b.listen(api, endpoint("0.0.0.0", 8000), netns);
        if (now.orders == 0)
            continue;
        const auto there = b.client(web, "10.0.0.2", endpoint(address, 8000), kWebNet, Protocol::Http);
        const auto here = b.server(api, endpoint(address, 8000), "10.0.0.2", netns, Protocol::Http);
        b.requests(there, now.orders, now.orderErrors, 3'000'000, "GET /orders/{id}");
        b.requests(here, now.orders, now.orderErrors, 2'000'000, "GET /orders/{id}");
        if (now.orderLosses > 0)
            b.lose(Loss::ParserGap, now.orderLosses, here);
    }
    const auto first = b.client(web, "10.0.0.2", endpoint("10.0.0.3", 8000), kWebNet, Protocol::Unknown);
    if (now.refused > 0)
        b.tcp(first).failed.push_back({111, now.refused});
    if (now.connecting > 0)
        b.pending(first, now.connecting, now.connectingFor, 3);
    if (now.hanging > 0)
        b.open(b.client(web, "10.0.0.2", endpoint("10.0.0.3", 8000), kWebNet, Protocol::Http), now.hanging, now.hangingFor);
    return b.build();
}

inline HandMadeSource shop(int seconds, const std::function<ShopSecond(int)>& at = [](int) { return ShopSecond{}; })
{
    HandMadeSource source;
    source.addAgent(identity("a"));
    for (int offset = 0; offset < seconds; ++offset) {
        const ShopSecond now = at(offset);
        if (now.agentsUp)
            source.add(shopBatch(offset, now));
    }
    return source;
}

} // namespace binnacle::tests
