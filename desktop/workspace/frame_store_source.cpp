// SPDX-License-Identifier: GPL-3.0-or-later
#include "desktop/workspace/frame_store_source.h"

namespace binnacle::desktop {

namespace {

/// Programs come and go all the time; what is marked on the timeline changes how services behave.
bool isMarked(const analysis::Event& event)
{
    return event.kind != EventKind::ProcessExec && event.kind != EventKind::ProcessExit;
}

} // namespace

void FrameStoreSource::noteAdded(Filled& filled)
{
    const TimeRange covered = filled.frames.covered();
    {
        const std::lock_guard lock(filled.mutex);
        filled.covered = covered;
    }
    ++filled.revision;
}

TimeRange FrameStoreSource::covered() const
{
    const std::lock_guard lock(m_filled->mutex);
    return m_filled->covered;
}

std::vector<Origin> FrameStoreSource::origins() const
{
    const std::lock_guard lock(m_filled->mutex);
    return m_filled->origins;
}

RecordingState FrameStoreSource::recording() const
{
    const std::lock_guard lock(m_filled->mutex);
    return m_filled->recording;
}

std::vector<analysis::Event> FrameStoreSource::events(TimeRange range) const
{
    std::vector<analysis::Event> events = m_filled->frames.events(range);
    std::erase_if(events, [](const analysis::Event& event) { return !isMarked(event); });
    return events;
}

} // namespace binnacle::desktop
