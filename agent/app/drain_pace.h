// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/base/clocks.h"

#include <algorithm>
#include <chrono>

namespace binnacle::agent {

/// How long to sleep between two rounds of draining.
///
/// What was written since the last round is read in one go, and for so long the programs that share the core stand still: at full load a
/// server and its client, which wait for each other, then both do.  So a round that takes long is followed by a shorter sleep, which also
/// leaves the records in the caches; and where little happens, nobody is woken for nothing.
/// (Measured with nginx at full load on two cores: 83 % of the requests/s with 15 ms, 91 % with 2 ms.)
/// Pure; thread: one.
class DrainPace {
public:
    static constexpr std::chrono::milliseconds kLongest{15}, kShortest{1};
    static constexpr Nanoseconds kBurst = std::chrono::microseconds(100); // wanted of one round

    /// A round took so long.
    void note(Nanoseconds took)
    {
        if (took > 2 * kBurst)
            m_sleep = std::max(kShortest, m_sleep / 2);
        else if (took < kBurst / 2)
            m_sleep = std::min(kLongest, m_sleep + std::chrono::milliseconds(1));
    }
    /// Before the next round.
    std::chrono::milliseconds sleep() const { return m_sleep; }

private:
    std::chrono::milliseconds m_sleep = kLongest;
};

} // namespace binnacle::agent
