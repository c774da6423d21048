// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/analysis/frame_store.h"
#include "desktop/workspace/frame_source.h"

#include <memory>
#include <mutex>

namespace binnacle::desktop {

/// The half of a FrameSource that answers from frames; who fills them is the other half.
/// Frames and state are shared with the filling thread, so that nobody waits for it when the window lets go.  Thread: any.
class FrameStoreSource : public FrameSource {
public:
    std::uint64_t revision() const override { return m_filled->frames.version(); }
    TimeRange covered() const override { return m_filled->frames.covered(); }
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
        std::mutex mutex;
        std::vector<Origin> origins; // guarded by mutex
        RecordingState recording;    // guarded by mutex
    };
    const std::shared_ptr<Filled>& filled() const { return m_filled; }

private:
    std::shared_ptr<Filled> m_filled = std::make_shared<Filled>();
};

} // namespace binnacle::desktop
