// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/base/result.h"
#include "core/telemetry/batch.h"

#include <functional>
#include <vector>

namespace binnacle::telemetry {

/// Where batches come from: a session file being recorded or a finished one.  Live is only the tail of a recording, so
/// pages, the command line, comparison and tests all read through this.
/// Thread: any one thread an object; each call may block on the disk (never call it on the UI thread).
class BatchSource {
public:
    virtual ~BatchSource() = default;

    virtual std::vector<AgentIdentity> agents() const = 0;
    /// From the first batch's begin to the last one's end; empty range when there is nothing.
    virtual TimeRange covered() const = 0;
    /// Batches that intersect `range`, by (range.from, agent, sequence), one second each; `visit` returns false to stop.
    virtual Result<void> read(TimeRange range, bool withDetail, const std::function<bool(const Batch&)>& visit) const = 0;
    virtual std::vector<Gap> gaps() const = 0;
};

} // namespace binnacle::telemetry
