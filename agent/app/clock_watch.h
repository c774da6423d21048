// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/base/clocks.h"

#include <optional>

namespace binnacle::agent {

/// Both clocks of this host now: UTC read between two readings of CLOCK_MONOTONIC, the closest of a few tries.
ClockAnchor readClocks();

/// Tells a wall clock that was set from one that is steered.  Steering (adjtime, NTP) moves at most 500 millionths; a change
/// past that and 10 ms is a step.  Thread: one.
class ClockWatch {
public:
    explicit ClockWatch(ClockAnchor first) : m_anchor(first) {}

    /// The newest anchor; moves on with each calm look().
    const ClockAnchor& anchor() const { return m_anchor; }

    /// How far the wall clock jumped since the last look, if it was set.  The anchor is the new one then.
    std::optional<Nanoseconds> look(const ClockAnchor& now);

private:
    ClockAnchor m_anchor;
};

/// The rest of the UTC-aligned second that holds `at`.
TimeRange secondFrom(UtcTime at);

} // namespace binnacle::agent
