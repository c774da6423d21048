// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace binnacle {

/// An IPv6 address; IPv4 is kept mapped (::ffff:a.b.c.d), so that one socket has one spelling.
struct InternetAddress {
    std::array<std::uint8_t, 16> bytes{};

    bool isV4() const;
    bool isUnspecified() const; // 0.0.0.0 or ::
    bool isLoopback() const;    // 127.0.0.0/8 or ::1
    std::string toText() const; // RFC 5952
    static std::optional<InternetAddress> parse(std::string_view text);
    static InternetAddress fromV4(std::uint32_t networkOrder);

    friend constexpr auto operator<=>(const InternetAddress&, const InternetAddress&) = default;
    template <class H>
    friend H AbslHashValue(H h, const InternetAddress& a)
    {
        return H::combine(std::move(h), a.bytes);
    }
};

struct Endpoint {
    InternetAddress address;
    std::uint16_t port = 0; // host order

    std::string toText() const; // 10.0.0.1:80, [::1]:80
    friend constexpr auto operator<=>(const Endpoint&, const Endpoint&) = default;
    template <class H>
    friend H AbslHashValue(H h, const Endpoint& e)
    {
        return H::combine(std::move(h), e.address, e.port);
    }
};

} // namespace binnacle
