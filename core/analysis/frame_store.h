// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/analysis/model.h"
#include "core/analysis/snapshot.h"
#include "core/base/result.h"
#include "core/telemetry/batch_source.h"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string_view>
#include <vector>

namespace binnacle::analysis {

/// Frames of a session as it grows: what scrubbing, charts and the timeline read instead of batches.
///
/// Keeps, per second, ten seconds, minute and ten minutes, what all hosts said (overview only).  A range is put together of the
/// largest frames that fit into it, so that its cost does not grow with its length.  Ends are joined into edges when a range is
/// asked for, with all that is known by then: late metadata applies to the past too.
///
/// Owns its frames; holds no batch.  Thread: any; one mutex, calls wait for each other (a snapshot takes milliseconds).
/// When it can't keep up with `maxBytes` it forgets the oldest frames of one second, then those of ten, a minute, ten minutes;
/// a range whose fine frames are gone is widened to the frames that are left, and Snapshot::range says so.
class FrameStore {
public:
    struct Options {
        std::size_t maxBytes = std::size_t{256} << 20;
        SnapshotOptions snapshot; // lookBehind and lookAhead do not matter here: the store knows all it was fed
    };

    FrameStore();
    explicit FrameStore(Options options);
    ~FrameStore();
    FrameStore(const FrameStore&) = delete;
    FrameStore& operator=(const FrameStore&) = delete;

    /// Who speaks; a later identity of the same agent replaces the earlier one.
    void addAgent(const telemetry::AgentIdentity& agent);
    /// In any order; a batch with a key that was added before is ignored.
    void add(const telemetry::Batch& batch);
    void addGap(const telemetry::Gap& gap);
    /// Gaps that last still, in place of those of the last call: they reach to now, and what is missing may come yet.  covered() reaches
    /// to their end, so that time goes on while nobody speaks.
    void setSilent(std::vector<telemetry::Gap> gaps);
    /// Everything `source` has, in one go.  `keepOn` (may be empty) is asked after each batch; false stops with Cancelled.
    Result<void> load(const telemetry::BatchSource& source, const std::function<bool(UtcTime)>& keepOn = {});

    /// From the first frame that is left to the end of the last batch; empty range when there is nothing.
    TimeRange covered() const;
    /// Rises with every add(), addGap() and addAgent(): equal versions give equal answers.
    std::uint64_t version() const;
    std::size_t bytes() const; // estimated

    SnapshotPtr snapshot(TimeRange range) const;
    /// Those of a snapshot, at the cost of them alone.
    std::vector<Event> events(TimeRange range) const;
    /// `subject` is a node's id (its inbound edges) or an edgeId().  At most `maxPoints` (≥ 1) points of equal width.
    std::vector<SeriesPoint> series(std::string_view subject, TimeRange range, std::size_t maxPoints) const;
    /// One entry a second of `range` that is inside covered(), also where nothing is known (`gap`).
    std::vector<SecondSummary> seconds(TimeRange range) const;

private:
    struct Private;
    std::unique_ptr<Private> d;
};

} // namespace binnacle::analysis
