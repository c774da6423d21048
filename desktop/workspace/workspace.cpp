// SPDX-License-Identifier: GPL-3.0-or-later
#include "desktop/workspace/workspace.h"

#include <algorithm>

namespace binnacle::desktop {

namespace {

constexpr int kBeatMs = 100;          // snapshots: at most ten a second
constexpr int kOverviewEveryMs = 400; // the timeline of a long recording costs more than a snapshot

} // namespace

Workspace::Workspace(QObject* parent) : QObject(parent)
{
    m_beat.setInterval(kBeatMs);
    connect(&m_beat, &QTimer::timeout, this, &Workspace::onBeat);
    m_sinceBeat.start();
    m_beat.start();
}

Workspace::~Workspace() = default;

void Workspace::setSource(std::shared_ptr<FrameSource> source)
{
    m_source = std::move(source);
    m_snapshot.reset();
    m_overview = {};
    m_revision = 0;
    m_covered = {};
    m_selection = {};
    m_time = live(TimeSelection{.window = m_time.window}, {});
    m_snapshotWanted = m_overviewWanted = m_source != nullptr;
    m_sinceOverview.invalidate();
    readSourceState();
    Q_EMIT sourceChanged();
    Q_EMIT selectionChanged();
    Q_EMIT timeChanged();
    Q_EMIT snapshotChanged();
    Q_EMIT overviewChanged();
    onBeat();
}

bool Workspace::isFed() const
{
    return m_grows && std::any_of(m_origins.begin(), m_origins.end(), [](const Origin& origin) { return origin.state == OriginState::Live; });
}

void Workspace::retry()
{
    if (m_source)
        m_source->retry();
}

void Workspace::goLive() { setTime(live(m_time, m_covered)); }

void Workspace::pause() { setTime(paused(m_time)); }

void Workspace::togglePause()
{
    if (m_time.mode != TimeMode::Paused)
        pause();
    else if (m_time.range.to >= m_covered.to)
        goLive();
    else
        play(1);
}

void Workspace::play(int speed)
{
    TimeSelection time = m_time;
    time.mode = TimeMode::Playing;
    time.speed = speed;
    setTime(time);
}

void Workspace::moveTo(UtcTime end) { setTime(movedTo(m_time, end, m_covered)); }

void Workspace::moveBy(Nanoseconds step) { setTime(movedBy(m_time, step, m_covered)); }

void Workspace::selectRange(TimeRange range) { setTime(selected(m_time, range, m_covered)); }

void Workspace::setWindow(Nanoseconds window) { setTime(withWindow(m_time, window, m_covered)); }

void Workspace::select(Selection selection)
{
    if (selection == m_selection)
        return;
    m_selection = std::move(selection);
    Q_EMIT selectionChanged();
}

void Workspace::setFilter(const QString& text)
{
    if (text == m_filter)
        return;
    m_filter = text;
    Q_EMIT filterChanged();
}

bool Workspace::isSettled() const
{
    return !m_snapshotWanted && !m_overviewWanted && !m_snapshotJob.isBusy() && !m_overviewJob.isBusy();
}

void Workspace::setTime(TimeSelection time)
{
    if (time == m_time)
        return;
    const bool moved = time.range != m_time.range;
    m_time = time;
    if (moved)
        m_snapshotWanted = m_source != nullptr;
    Q_EMIT timeChanged();
    if (moved && !m_snapshotJob.isBusy())
        askSnapshot(); // scrubbing answers at once instead of on the next beat
}

void Workspace::onBeat()
{
    const Nanoseconds elapsed = std::chrono::milliseconds(m_sinceBeat.restart());
    readSourceState();
    if (m_time.mode == TimeMode::Playing)
        setTime(played(m_time, elapsed, m_covered, m_grows));
    if (m_snapshotWanted && !m_snapshotJob.isBusy())
        askSnapshot();
    const bool overviewDue = !m_sinceOverview.isValid() || m_sinceOverview.elapsed() >= kOverviewEveryMs;
    if (m_overviewWanted && overviewDue && !m_overviewJob.isBusy())
        askOverview();
}

void Workspace::readSourceState()
{
    if (!m_source) {
        m_origins.clear();
        m_recording = {};
        m_grows = false;
        return;
    }
    auto origins = m_source->origins();
    auto recording = m_source->recording();
    const bool changed = origins != m_origins || recording != m_recording;
    m_origins = std::move(origins);
    m_recording = std::move(recording);
    m_grows = m_source->grows();
    if (const auto revision = m_source->revision(); revision != m_revision) {
        m_revision = revision;
        const TimeRange before = m_covered;
        m_covered = m_source->covered();
        m_overviewWanted = true;
        // New data at the end change what is shown only when it reaches that far.
        m_snapshotWanted = m_snapshotWanted || !m_snapshot || m_time.range.to >= before.to || m_time.range.from < before.from;
        setTime(followed(m_time, m_covered));
    }
    if (changed)
        Q_EMIT sourceChanged();
}

void Workspace::askSnapshot()
{
    m_snapshotWanted = false;
    if (!m_source || m_time.range.to <= m_time.range.from)
        return; // nothing recorded yet; the first revision asks again
    m_snapshotJob.ask([source = m_source, range = m_time.range] { return source->snapshot(range); },
                      [this, source = m_source](analysis::SnapshotPtr answer) {
                          if (source != m_source)
                              return; // asked of the recording before this one
                          m_snapshot = std::move(answer);
                          Q_EMIT snapshotChanged();
                      });
}

void Workspace::askOverview()
{
    m_overviewWanted = false;
    m_sinceOverview.start();
    m_overviewJob.ask(
        [source = m_source] {
            const TimeRange covered = source->covered();
            return Overview{covered, source->seconds(covered), source->events(covered)};
        },
        [this, source = m_source](Overview overview) {
            if (source != m_source)
                return;
            m_overview = std::move(overview);
            Q_EMIT overviewChanged();
        });
}

} // namespace binnacle::desktop
