// SPDX-License-Identifier: Apache-2.0
#include "core/analysis/internal/places.h"

#include "core/analysis/internal/hands.h"

#include <algorithm>
#include <chrono>
#include <tuple>
#include <utility>

namespace binnacle::analysis::internal {

namespace {

/// An address that a host has not used for this long is no longer its own, when others use it.
constexpr Nanoseconds kMoved = std::chrono::seconds(60);

/// One took over from another when it came later, no earlier than about the last batch of that one.
bool tookOver(const Seen& one, const Seen& other)
{
    constexpr Nanoseconds kBatch = std::chrono::seconds(1);
    return one.first > other.first && one.first + kBatch >= other.last;
}

/// Does a host still have an address that others use as well?  One that many hosts have (a bridge's) does not pass from hand to hand.
bool isStillOwn(const AddressUse& use, const std::vector<AddressUse>& uses, UtcTime at)
{
    const Seen* own = use.seen.findBegunBy(at);
    if (!own || at >= own->last + kMoved)
        return false;
    return at < own->last || uses.size() > kMaxPlacesOfAddress || std::none_of(uses.begin(), uses.end(), [&](const AddressUse& other) {
        const Seen* spell = other.seen.findBegunBy(at);
        return &other != &use && spell && tookOver(*spell, *own);
    });
}

} // namespace

std::vector<PlaceThen> placesOf(const Directory& directory, const InternetAddress& address, std::uint32_t agent, UtcTime at)
{
    const std::vector<AddressUse>* uses = directory.findUses(address);
    if (!uses)
        return {};
    std::vector<std::pair<bool, const AddressUse*>> sorted; // the host's own
    for (const AddressUse& use : *uses)
        sorted.emplace_back(use.place.agent == agent && isStillOwn(use, *uses, at), &use);
    std::sort(sorted.begin(), sorted.end(), [&](const auto& a, const auto& b) {
        if (a.first != b.first)
            return a.first;
        if (holdsBefore(a.second->seen, b.second->seen, at) != holdsBefore(b.second->seen, a.second->seen, at))
            return holdsBefore(a.second->seen, b.second->seen, at);
        return std::tuple(directory.agents()[a.second->place.agent].identity.agent, a.second->place.netns)
            < std::tuple(directory.agents()[b.second->place.agent].identity.agent, b.second->place.netns);
    });
    std::vector<PlaceThen> places;
    for (const auto& [own, use] : sorted)
        places.push_back({use->place, own ? Holds::Then : holdsAt(use->seen, at)});
    return places;
}

} // namespace binnacle::analysis::internal
