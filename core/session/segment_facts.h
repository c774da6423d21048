// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/telemetry/batch.h"

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace binnacle::session {

/// What the index keeps of a segment, so that a search need not open it.
struct SegmentFacts {
    std::uint64_t rows = 0;                  // of all tables
    std::uint64_t errors = 0;                // exchanges, or spans, with an error
    std::int64_t longestNs = 0;              // the longest exchange
    std::array<std::uint8_t, 32> services{}; // bit (key.low mod 256) of each service and instance
    std::string traces;                      // Bloom filter over trace ids; empty when there is none
    std::map<Loss, std::uint64_t> losses;
};

SegmentFacts factsOf(const std::vector<telemetry::Batch>& batches);

bool mayHoldService(const std::array<std::uint8_t, 32>& services, const EntityKey& key);
bool mayHoldTrace(std::string_view filter, const std::array<std::uint8_t, 16>& traceId);

} // namespace binnacle::session
