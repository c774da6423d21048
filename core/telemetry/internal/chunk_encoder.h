// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/telemetry/batch.h"
#include "core/telemetry/internal/segment_dictionary.h"

namespace binnacle::telemetry::internal {

/// Do all indexes of the batch point into its dictionary?  If not, whoever made it is wrong.
bool isConsistent(const Batch& batch);

/// `textLostBefore`: rows of the detail whose text became `other`; with those of the overview it becomes a loss of the batch.
void encodeOverview(const Overview& from, TimeRange range, SegmentDictionary& dictionary, std::uint64_t textLostBefore, v1::OverviewChunk& to);
void encodeDetail(const Detail& from, TimeRange range, SegmentDictionary& dictionary, v1::DetailChunk& to);

} // namespace binnacle::telemetry::internal
