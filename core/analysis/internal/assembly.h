// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/analysis/internal/frame.h"
#include "core/analysis/internal/resolution.h"
#include "core/analysis/model.h"
#include "core/analysis/snapshot.h"

#include <vector>

/// From frames to the values that pages and commands show.
namespace binnacle::analysis::internal {

struct Assembly {
    const Directory& directory;
    const Resolution& resolution;
    TimeRange range;                       // what the snapshot says it is about
    std::vector<const Frame*> frames;      // cover the range once
    std::vector<const Frame*> lastFrames;  // those of a second at the end of the range, latest first
    const std::vector<telemetry::Gap>& gaps;
    SnapshotOptions options;
};

/// Frames of a second that hold each agent's last kJudgedBatches batches are among this many.
inline constexpr std::size_t kLastFrames = 3 * kJudgedBatches;

Snapshot assemble(const Assembly& input);
/// Snapshot::events alone.
std::vector<Event> assembleEvents(const Assembly& input);

} // namespace binnacle::analysis::internal
