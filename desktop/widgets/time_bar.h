// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "desktop/workspace/workspace.h"

#include <QFrame>

#include <array>

class QLabel;
class QToolButton;

namespace binnacle::desktop {

class TimelineView;

/// Play, pause, jump to live, how long a range: the controls beside the timeline.  Thread: UI.
class TimeBar : public QFrame {
    Q_OBJECT
public:
    explicit TimeBar(Workspace& workspace, QWidget* parent = nullptr);
    TimelineView& timeline() { return *m_timeline; }
    QString rangeWords() const;

private:
    QToolButton* addButton(const QString& text, const QString& help);
    void present();

    Workspace& m_workspace; // of the window, which owns both
    QToolButton* m_pause;
    QToolButton* m_live;
    QLabel* m_range;
    QLabel* m_state;
    std::array<QToolButton*, kWindowLengths.size()> m_windows{};
    TimelineView* m_timeline;
};

/// `30 s`, `1 min` …
QString windowLengthText(Nanoseconds length);

} // namespace binnacle::desktop
