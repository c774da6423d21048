// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <compare>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace binnacle {

/// The identity of an entity, the same in every run, file and cluster: XXH3-128 of a canonical text.
/// All zero means "none".  The canonical texts are in core/telemetry/identity.h.
struct EntityKey {
    std::uint64_t high = 0;
    std::uint64_t low = 0;

    explicit operator bool() const { return high != 0 || low != 0; }
    friend constexpr auto operator<=>(const EntityKey&, const EntityKey&) = default;

    static EntityKey ofText(std::string_view canonical);
    /// 32 hexadecimal digits.
    std::string toHex() const;
    static std::optional<EntityKey> fromHex(std::string_view hex);

    template <class H>
    friend H AbslHashValue(H h, const EntityKey& key)
    {
        return H::combine(std::move(h), key.high, key.low);
    }
};

/// XXH3-64 of bytes; stable over runs and machines.
std::uint64_t stableHash64(std::string_view bytes);

} // namespace binnacle

template <>
struct std::hash<binnacle::EntityKey> {
    std::size_t operator()(const binnacle::EntityKey& key) const noexcept { return key.low ^ key.high; }
};
