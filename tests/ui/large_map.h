// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/analysis/model.h"

#include <algorithm>
#include <string>

namespace binnacle::desktop {

/// Services of `i % namespaces` in six tiers, each of which calls the next one, mostly in its own namespace.  Some fare badly, in the first
/// few namespaces only.
inline analysis::Snapshot largeCluster(int services, int edges, int namespaces)
{
    using namespace analysis;
    constexpr int kTiers = 6;
    Snapshot snapshot;
    snapshot.range = {utcTime(1'764'000'000'000'000'000), utcTime(1'764'000'060'000'000'000)};
    const auto id = [&](int i) { return "workload:team-" + std::to_string(100 + i % namespaces).substr(1) + "/service-" + std::to_string(10'000 + i).substr(1); };
    const auto health = [&](int i) {
        const bool critical = i % 97 == 0 && i % namespaces < 3;
        return critical ? Health::Critical : i % 41 == 0 && i % namespaces < 6 ? Health::Warning : Health::Ok;
    };
    for (int i = 0; i < services; ++i) {
        Node node{.id = id(i), .name = "service-" + std::to_string(10'000 + i).substr(1), .nameSpace = "team-" + std::to_string(100 + i % namespaces).substr(1),
                  .kind = NodeKind::Workload, .type = "go", .instances = 3, .instancesMax = 3};
        node.inbound.requests = static_cast<std::uint64_t>(600 + i);
        node.inbound.errors = health(i) == Health::Critical ? node.inbound.requests / 4 : 0;
        node.inbound.latency.record(static_cast<std::uint64_t>(1'000'000 + 1000 * i), node.inbound.requests);
        node.health = health(i);
        snapshot.nodes.push_back(std::move(node));
    }
    const int columns = services / namespaces / kTiers; // whole ones
    for (int round = 0; static_cast<int>(snapshot.edges.size()) < edges; ++round) {
        for (int from = 0; from < services && static_cast<int>(snapshot.edges.size()) < edges; ++from) {
            const int member = from / namespaces, tier = member % kTiers;
            if (tier + 1 == kTiers)
                continue; // databases
            const int to = kTiers * ((member / kTiers + round * 11) % columns) + tier + 1;
            const int nameSpace = (from + (round % 4 == 3 ? 1 + member % 3 : 0)) % namespaces;
            Edge edge{.from = id(from), .to = id(to * namespaces + nameSpace), .port = static_cast<std::uint16_t>(8000 + round), .protocol = Protocol::Http};
            edge.chosen.requests = static_cast<std::uint64_t>(60 + (from * 31) % 6000);
            edge.chosen.latency.record(static_cast<std::uint64_t>(1'000'000 + 1000 * from), edge.chosen.requests);
            edge.health = health(to * namespaces + nameSpace);
            snapshot.edges.push_back(std::move(edge));
        }
    }
    std::ranges::sort(snapshot.nodes, {}, &Node::id);
    return snapshot;
}

} // namespace binnacle::desktop
