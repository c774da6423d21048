// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/analysis/frame_store.h"
#include "desktop/workspace/frame_source.h"

#include <atomic>
#include <memory>
#include <mutex>

namespace binnacle::desktop {

/// The half of a FrameSource that answers from frames; who fills them is the other half.
/// Frames and state are shared with the filling thread, so that nobody waits for it when the window lets go.  Thread: any.
class FrameStoreSource : public FrameSource {
public:
    std::uint64_t revision() const override { return m_filled->revision; }
    TimeRange covered() const override;
    std::vector<Origin> origins() const override;
    RecordingState recording() const override;
    analysis::SnapshotPtr snapshot(TimeRange range) const override { return m_filled->frames.snapshot(range); }
    std::vector<analysis::SecondSummary> seconds(TimeRange range) const override { return m_filled->frames.seconds(range); }
    std::vector<analysis::Event> events(TimeRange range) const override;
    std::vector<analysis::SeriesPoint> series(const std::string& subject, TimeRange range, std::size_t maxPoints) const override
    {
        return m_filled->frames.series(subject, range, maxPoints);
    }

protected:
    struct Filled {
        analysis::FrameStore frames;
        std::atomic<std::uint64_t> revision{0};
        mutable std::mutex mutex;    // held for copies only: the UI thread must not wait for a snapshot inside `frames`
        TimeRange covered;           // guarded by mutex
        std::vector<Origin> origins; // guarded by mutex
        RecordingState recording;    // guarded by mutex
    };
    /// To be called after something was put into the frames.
    static void noteAdded(Filled& filled);
    const std::shared_ptr<Filled>& filled() const { return m_filled; }

private:
    std::shared_ptr<Filled> m_filled = std::make_shared<Filled>();
};

} // namespace binnacle::desktop
