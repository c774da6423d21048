// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "desktop/workspace/frame_source.h"
#include "desktop/workspace/latest_answer.h"
#include "desktop/workspace/time_selection.h"

#include <QElapsedTimer>
#include <QObject>
#include <QString>
#include <QTimer>

#include <memory>
#include <vector>

namespace binnacle::desktop {

/// What the timeline draws: one entry a second, and what happened.
struct Overview {
    TimeRange covered;
    std::vector<analysis::SecondSummary> seconds;
    std::vector<analysis::Event> events;
};

/// Behind all pages of one window: the recording, one time, one selection, one filter.
///
/// Owns a share of the FrameSource.  Publishes at most ten snapshots a second; the work is done on the pool, of questions that
/// come faster the last wins, so it never falls behind and never blocks.  Thread: UI.
class Workspace : public QObject {
    Q_OBJECT
public:
    explicit Workspace(QObject* parent = nullptr);
    ~Workspace() override;

    /// Shows another recording from its end (a growing one live); null shows none.
    void setSource(std::shared_ptr<FrameSource> source);
    const std::shared_ptr<FrameSource>& source() const { return m_source; }
    const std::vector<Origin>& origins() const { return m_origins; }
    const RecordingState& recording() const { return m_recording; }
    TimeRange covered() const { return m_covered; }
    bool grows() const { return m_grows; }
    /// True while something arrives: of a growing recording whose agents are all away it is not.
    bool isFed() const;
    void retry();

    const TimeSelection& time() const { return m_time; }
    void goLive();
    void pause();
    void togglePause();
    void play(int speed);
    void moveTo(UtcTime end);
    void moveBy(Nanoseconds step);
    void selectRange(TimeRange range);
    void setWindow(Nanoseconds window);

    const Selection& selection() const { return m_selection; }
    void select(Selection selection);
    const QString& filter() const { return m_filter; }
    void setFilter(const QString& text);

    /// Null until the first answer.
    const analysis::SnapshotPtr& snapshot() const { return m_snapshot; }
    const Overview& overview() const { return m_overview; }
    /// True when what is shown is what was asked for.
    bool isSettled() const;

Q_SIGNALS:
    void sourceChanged();   // another recording, or its origins or state on disk
    void timeChanged();
    void selectionChanged();
    void filterChanged();
    void snapshotChanged();
    void overviewChanged();

private:
    void onBeat();
    void readSourceState();
    void setTime(TimeSelection time);
    void askSnapshot();
    void askOverview();

    std::shared_ptr<FrameSource> m_source;
    std::vector<Origin> m_origins;
    RecordingState m_recording;
    TimeRange m_covered;
    bool m_grows = false;
    std::uint64_t m_revision = 0;

    TimeSelection m_time;
    Selection m_selection;
    QString m_filter;

    analysis::SnapshotPtr m_snapshot;
    Overview m_overview;
    bool m_snapshotWanted = false, m_overviewWanted = false;

    QTimer m_beat;
    QElapsedTimer m_sinceBeat, m_sinceOverview;
    LatestAnswer m_snapshotJob{this}, m_overviewJob{this};
};

} // namespace binnacle::desktop
