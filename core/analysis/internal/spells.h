// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/base/clocks.h"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <vector>

/// When something held, in spells, so that what comes back later is not taken to have been there in between.
namespace binnacle::analysis::internal {

/// Of what happened in `range` the latest; a range of no length has its begin.
inline UtcTime lastMoment(TimeRange range) { return std::max(range.from, range.to - Nanoseconds(1)); }

/// Two spells no further apart are one: agents repeat what they know every ten seconds.
inline constexpr Nanoseconds kSpellGap = std::chrono::seconds(15);
inline constexpr std::size_t kMaxSpells = 8; // the two oldest become one

/// From the first to the last batch in which something was seen.
struct Seen {
    UtcTime first = UtcTime::max();
    UtcTime last = UtcTime::min(); // end of that batch

    void extend(TimeRange range)
    {
        first = std::min(first, range.from);
        last = std::max(last, range.to);
    }
};

/// Ascending and apart.  The same in whatever order it was told, as long as there are no more than kMaxSpells.
class Spells {
public:
    void extend(TimeRange range)
    {
        Seen added{range.from, range.to};
        const auto from = std::find_if(m_spells.begin(), m_spells.end(), [&](const Seen& each) { return each.last + kSpellGap >= added.first; });
        auto to = from;
        for (; to != m_spells.end() && to->first <= added.last + kSpellGap; ++to)
            added.extend({to->first, to->last});
        if (from != to) {
            *from = added;
            m_spells.erase(from + 1, to);
            return;
        }
        m_spells.insert(from, added);
        if (m_spells.size() > kMaxSpells) {
            m_spells[1].first = m_spells[0].first;
            m_spells.erase(m_spells.begin());
        }
    }

    UtcTime first() const { return m_spells.empty() ? UtcTime::max() : m_spells.front().first; }
    UtcTime last() const { return m_spells.empty() ? UtcTime::min() : m_spells.back().last; }
    /// The spell that began last before or at `at`; null when none had.
    const Seen* findBegunBy(UtcTime at) const
    {
        const auto after = std::find_if(m_spells.begin(), m_spells.end(), [&](const Seen& each) { return each.first > at; });
        return after == m_spells.begin() ? nullptr : &*(after - 1);
    }
    const std::vector<Seen>& all() const { return m_spells; }

private:
    std::vector<Seen> m_spells;
};

/// How well something answers "who was it at that time?".
enum class Holds : std::uint8_t {
    Later,  // it had not appeared yet
    Before, // it had, and was not seen again since
    Then,
};

inline Holds holdsAt(const Spells& spells, UtcTime at)
{
    const Seen* begun = spells.findBegunBy(at);
    if (!begun)
        return Holds::Later;
    return at < begun->last ? Holds::Then : Holds::Before;
}

/// Of what held then, the one that began last; else the one that was seen last before; else the one that appeared next.
inline bool holdsBefore(const Spells& a, const Spells& b, UtcTime at)
{
    const Holds aHolds = holdsAt(a, at), bHolds = holdsAt(b, at);
    if (aHolds != bHolds)
        return aHolds > bHolds;
    if (aHolds == Holds::Later)
        return a.first() < b.first();
    const Seen& aSpell = *a.findBegunBy(at);
    const Seen& bSpell = *b.findBegunBy(at);
    if (aHolds == Holds::Then)
        return aSpell.first != bSpell.first ? aSpell.first > bSpell.first : aSpell.last > bSpell.last;
    return aSpell.last != bSpell.last ? aSpell.last > bSpell.last : aSpell.first > bSpell.first;
}

} // namespace binnacle::analysis::internal
