// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/base/clocks.h"
#include "core/base/result.h"
#include "core/telemetry/batch.h"
#include "desktop/ingest/clock_aligner.h"
#include "desktop/ingest/target.h"

#include <cstdint>
#include <optional>

namespace binnacle::desktop {

enum class AgentState : std::uint8_t {
    Connecting, // first attempt under way
    Live,       // batches arrive as they are made
    CatchingUp, // reads what it missed
    Away,       // was or should be there; tried again with growing pauses
    Refused,    // will not work by trying again: other version, other user
};

/// One agent as the reader sees it.
struct AgentStatus {
    Target target;
    AgentState state = AgentState::Connecting;
    std::optional<telemetry::AgentIdentity> identity; // after the first handshake
    std::optional<Error> trouble;                     // Away, Refused: a sentence with the next step
    std::optional<ClockOffset> clock;
    UtcTime connectedAt{};                            // agent's clock at the first handshake
    UtcTime coveredTo{};                              // end of the last batch, agent's clock
    UtcTime detailCoveredTo{};                        // of the last one with detail
    std::uint64_t batches = 0;
    std::uint64_t bytes = 0;                          // as they came over the wire
    std::uint64_t detailDropped = 0;                  // spans that this program was too slow for
};

} // namespace binnacle::desktop
