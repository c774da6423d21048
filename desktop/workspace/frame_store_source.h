// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/analysis/frame_store.h"
#include "desktop/workspace/frame_source.h"

#include <mutex>

namespace binnacle::desktop {

/// The half of a FrameSource that answers from frames; who fills the store is the other half.
/// Thread: any.
class FrameStoreSource : public FrameSource {
public:
    std::uint64_t revision() const override { return m_store.version(); }
    TimeRange covered() const override { return m_store.covered(); }
    analysis::SnapshotPtr snapshot(TimeRange range) const override { return m_store.snapshot(range); }
    std::vector<analysis::SecondSummary> seconds(TimeRange range) const override { return m_store.seconds(range); }
    std::vector<analysis::Event> events(TimeRange range) const override;
    std::vector<analysis::SeriesPoint> series(const std::string& subject, TimeRange range, std::size_t maxPoints) const override
    {
        return m_store.series(subject, range, maxPoints);
    }

protected:
    analysis::FrameStore& store() { return m_store; }

private:
    analysis::FrameStore m_store;
};

} // namespace binnacle::desktop
