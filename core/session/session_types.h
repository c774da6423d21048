// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/telemetry/batch.h"

#include <cstdint>
#include <string>
#include <vector>

namespace binnacle::session {

/// How far an agent's UTC is from session time, measured at a moment; kept beside the data and applied by readers.
struct ClockOffset {
    EntityKey agent;
    UtcTime at{};        // by the agent's clock
    Nanoseconds offset{}; // add it to the agent's UTC to get session time
    Nanoseconds error{};  // ± of the offset
    friend bool operator==(const ClockOffset&, const ClockOffset&) = default;
};

/// A loss with its total in a file and the time it falls into.
struct LossTotal {
    Loss loss = Loss::FileDamaged;
    std::uint64_t count = 0; // unit by losses.def
    TimeRange range;
    friend bool operator==(const LossTotal&, const LossTotal&) = default;
};

/// A file at a glance (`binnacle info`).
struct SessionInfo {
    bool complete = false;      // closed by its writer, and whole
    bool damaged = false;       // something in it cannot be read
    int version = 0;            // binnacle_session_version
    bool newer = false;         // made by a newer Binnacle: read as far as understood
    TimeRange range;
    std::uint64_t segments = 0; // sealed ones
    std::uint64_t bytes = 0;    // of the file
    std::vector<telemetry::AgentIdentity> agents; // by (agent, epoch)
    std::vector<LossTotal> losses;                // by loss: of the agents and of the store
};

} // namespace binnacle::session
