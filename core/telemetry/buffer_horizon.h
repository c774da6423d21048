// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/base/clocks.h"
#include "core/base/entity_key.h"

#include <cstdint>
#include <string>

namespace binnacle::telemetry {

/// How far back the rolling buffer of an agent, or of a gateway's merged seconds, reaches for one signal, and what it costs.
struct BufferHorizon {
    EntityKey agent;
    std::string signal; // detail, overview_1s, overview_10s, overview_1min, overview_10min
    TimeRange range;    // of what is kept; empty when there is nothing
    std::uint64_t bytes = 0; // memory and disk together
    std::string host;        // whose buffer it is, by name; empty: not known here
    bool isMerged = false;   // all hosts added up
    friend bool operator==(const BufferHorizon&, const BufferHorizon&) = default;
};

} // namespace binnacle::telemetry
