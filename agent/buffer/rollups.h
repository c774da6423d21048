// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/telemetry/batch.h"
#include "core/telemetry/fold.h"
#include "core/telemetry/segment.h"

#include <array>
#include <optional>
#include <utility>
#include <vector>

namespace binnacle::agent {

/// Folds seconds into 10 s, these into minutes, these into 10 minutes; aligned to UTC.  A window is finished by the first batch
/// of a later one (or of an earlier one, after a clock step).  Thread: one.
class Rollups {
public:
    using Finished = std::vector<std::pair<telemetry::Level, telemetry::Batch>>; // finer levels first

    Finished add(const telemetry::Batch& second);
    /// One batch of a level, as left behind by an earlier run.
    Finished add(telemetry::Level level, const telemetry::Batch& batch);
    /// What is unfinished, as shorter batches.
    Finished finish();

private:
    struct Window {
        std::optional<TimeRange> range;
        telemetry::Fold fold;
    };
    void feed(std::size_t level, const telemetry::Batch& batch, Finished& finished);
    void close(std::size_t level, Finished& finished);

    std::array<Window, 3> m_windows; // TenSeconds, Minute, TenMinutes
};

} // namespace binnacle::agent
