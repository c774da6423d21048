// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "agent/buffer/rolling_buffer.h"

#include "binnacle/v1/service.pb.h"

#include <functional>
#include <vector>

/// A rolling buffer as the service's messages: of an agent's own, and of a gateway's merged seconds.
namespace binnacle::agent {

/// Where a request wants to begin: after its cursor of `agent`, at its time, or with the next batch.
std::vector<ChunkReader> readersFor(RollingBuffer& buffer, EntityKey agent, const v1::SubscribeRequest& request);

/// Overviews first, whatever there is of them; then one step of detail.  So a slow reader lags in detail.  Nothing new: no item is written.
using WriteItem = std::function<bool(const v1::StreamItem&)>; // false: the reader has gone
struct Written {
    bool anything = false;
    bool isThere = true;
};
Written writeNext(std::vector<ChunkReader>& readers, EntityKey agent, const WriteItem& write);

/// Sealed segments of the range, kind by kind, then the gaps between two runs.
void writeHistory(const RollingBuffer& buffer, EntityKey agent, const v1::HistoryRequest& request, const WriteItem& write);

} // namespace binnacle::agent
