// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "tests/core/session/session_samples.h"

/// The session behind tests/golden/session/v1.binnacle.zst: small, and of every field.  It is laid down for good: a later
/// version reads the file and never makes it anew.
namespace binnacle::session::samples {

inline std::vector<telemetry::Batch> goldenBatches()
{
    std::vector<telemetry::Batch> batches;
    Random random(20261123);
    for (std::uint64_t sequence = 1; sequence <= 14; ++sequence) {
        batches.push_back(BusyHost{.seed = 3, .ends = 2, .spans = 3, .traced = true, .agent = {0xa, 0xb}}.second(sequence));
        if (sequence <= 3 || sequence >= 13)
            batches.push_back(anyBatch(random, {0xc, 0xd}, sequence));
    }
    return batches;
}

inline const telemetry::Gap kGoldenGap{{0xa, 0xb}, {utcTime(kStartNs), utcTime(kStartNs + kSecond)}, Loss::AgentGap, "the agent was not running"};
inline const ClockOffset kGoldenOffset{{0xc, 0xd}, utcTime(kStartNs + 5), Nanoseconds(-250'000), Nanoseconds(90'000)};

} // namespace binnacle::session::samples
