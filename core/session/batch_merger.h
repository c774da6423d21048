// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/telemetry/batch.h"

#include <functional>
#include <map>
#include <tuple>

namespace binnacle::session {

/// Puts batches from overlapping pieces in order, joins the two chunks of each and removes repeats.
///
/// Pieces are added by ascending begin; what begins before the next piece can be given out.  Holds about two segments' worth.
class BatchMerger {
public:
    void add(const telemetry::Batch& batch);
    /// Gives out batches that begin before `limit`; false when the visitor has enough.
    bool giveBefore(UtcTime limit, const std::function<bool(const telemetry::Batch&)>& visit);
    bool giveAll(const std::function<bool(const telemetry::Batch&)>& visit);

private:
    using Order = std::tuple<UtcTime, EntityKey, std::uint32_t, std::uint64_t, UtcTime>; // begin, agent, epoch, sequence, end
    std::map<Order, telemetry::Batch> m_waiting;
};

} // namespace binnacle::session
