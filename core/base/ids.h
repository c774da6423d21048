// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <compare>
#include <cstdint>
#include <functional>

namespace binnacle {

/// A number that names a thing.  Two kinds of ids do not mix; no arithmetic.
template <class Tag, class Rep = std::uint32_t>
struct Id {
    Rep value{};
    friend constexpr auto operator<=>(Id, Id) = default;

    template <class H>
    friend H AbslHashValue(H h, Id id)
    {
        return H::combine(std::move(h), id.value);
    }
};

} // namespace binnacle

template <class Tag, class Rep>
struct std::hash<binnacle::Id<Tag, Rep>> {
    std::size_t operator()(binnacle::Id<Tag, Rep> id) const noexcept { return std::hash<Rep>{}(id.value); }
};
