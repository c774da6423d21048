// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/base/clocks.h"
#include "core/base/entity_key.h"

#include <cstdint>
#include <string>

namespace binnacle::telemetry {

/// How far back an agent's rolling buffer reaches for one signal, and what it costs.
struct BufferHorizon {
    EntityKey agent;
    std::string signal; // detail, overview_1s, overview_10s, overview_1m, overview_10m
    TimeRange range;    // of what is kept; empty when there is nothing
    std::uint64_t memoryBytes = 0;
    std::uint64_t diskBytes = 0;
    friend bool operator==(const BufferHorizon&, const BufferHorizon&) = default;
};

} // namespace binnacle::telemetry
