// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/base/clocks.h"
#include "core/base/entity_key.h"

#include <map>
#include <optional>
#include <vector>

namespace binnacle::desktop {

/// One question "what time is it?" to an agent: our steady clock before and after, the agent's UTC in between.
struct ClockPing {
    Nanoseconds sent{};     // of this program's steady clock
    Nanoseconds received{};
    UtcTime remote{};
};

/// The host's UTC minus session time, and how wrong that can be.
struct ClockOffset {
    EntityKey agent;
    Nanoseconds offset{};
    Nanoseconds error{};
    friend bool operator==(const ClockOffset&, const ClockOffset&) = default;
};

/// Makes session time of many hosts' clocks: session time is the median of the agents' UTC; this machine's wall clock orders
/// nothing.  A ping bounds an agent's clock between `remote − received` and `remote − sent`; bounds of several pings are
/// intersected, widened by 50 ppm of drift a second, and forgotten when they contradict (a clock was set).
/// Thread: any one; pure values, no clock is read here.
class ClockAligner {
public:
    void add(EntityKey agent, const ClockPing& ping);
    void forget(EntityKey agent);

    /// By agent; empty before the first ping.  Median of an even number is the mean of the middle two.
    std::vector<ClockOffset> offsets() const;
    std::optional<ClockOffset> offsetOf(EntityKey agent) const;
    /// Session time minus this machine's steady clock; nothing before the first ping.
    std::optional<Nanoseconds> sessionOffset() const;

private:
    struct Bounds {
        Nanoseconds low{}, high{}; // remote UTC − our steady clock
        Nanoseconds at{};          // steady
    };
    std::map<EntityKey, Bounds> m_bounds;
};

} // namespace binnacle::desktop
