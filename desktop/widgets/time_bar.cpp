// SPDX-License-Identifier: GPL-3.0-or-later
#include "desktop/widgets/time_bar.h"

#include "desktop/viewmodels/figures.h"
#include "desktop/widgets/design_tokens.h"
#include "desktop/widgets/icons.h"
#include "desktop/widgets/theme.h"
#include "desktop/widgets/timeline_view.h"

#include <QBoxLayout>
#include <QLabel>
#include <QToolButton>

namespace binnacle::desktop {

namespace {

constexpr int kControlsWidth = 268;

QString stateWords(const TimeSelection& time, bool grows, bool fed)
{
    switch (time.mode) {
    case TimeMode::Live: return fed ? TimeBar::tr("LIVE") : grows ? TimeBar::tr("WAITING") : TimeBar::tr("END");
    case TimeMode::Playing: return time.speed == 1 ? TimeBar::tr("PLAYING") : TimeBar::tr("%1×").arg(time.speed);
    case TimeMode::Paused: break;
    }
    return TimeBar::tr("PAUSED");
}

} // namespace

QString windowLengthText(Nanoseconds length)
{
    return length < std::chrono::minutes(1) ? TimeBar::tr("%1 s").arg(length / std::chrono::seconds(1)) : TimeBar::tr("%1 min").arg(length / std::chrono::minutes(1));
}

TimeBar::TimeBar(Workspace& workspace, QWidget* parent) : QFrame(parent), m_workspace(workspace)
{
    setProperty("role", QStringLiteral("bar"));
    m_pause = addButton({}, tr("Pause or play (Space)"));
    connect(m_pause, &QToolButton::clicked, &workspace, &Workspace::togglePause);
    m_live = addButton({}, tr("Jump to live (Alt+End)"));
    m_live->setIcon(icon("live"));
    connect(m_live, &QToolButton::clicked, &workspace, &Workspace::goLive);
    m_state = new QLabel(this);
    m_state->setFont(boldFont(TypeSize::kSmall));
    m_range = new QLabel(this);
    m_range->setFont(figureFont(TypeSize::kBody));

    auto* top = new QHBoxLayout;
    top->setSpacing(Space::kTight);
    top->addWidget(m_pause);
    top->addWidget(m_live);
    top->addSpacing(Space::kTight);
    top->addWidget(m_state);
    top->addStretch();
    auto* lengths = new QHBoxLayout;
    lengths->setSpacing(0);
    for (std::size_t i = 0; i < kWindowLengths.size(); ++i) {
        const QString text = windowLengthText(kWindowLengths[i]);
        m_windows[i] = addButton(text, tr("Show %1 (Alt+%2)").arg(text).arg(i + 1));
        m_windows[i]->setProperty("flat", false);
        m_windows[i]->setProperty("segment", true);
        m_windows[i]->setCheckable(true);
        connect(m_windows[i], &QToolButton::clicked, this, [this, i] { m_workspace.setWindow(kWindowLengths[i]); });
        lengths->addWidget(m_windows[i]);
    }
    lengths->addStretch();
    auto* controls = new QWidget(this);
    controls->setFixedWidth(kControlsWidth);
    auto* column = new QVBoxLayout(controls);
    column->setContentsMargins(Space::kMedium, 6, Space::kSmall, 6);
    column->setSpacing(3);
    auto* line = new QHBoxLayout;
    line->addLayout(top);
    column->addLayout(line);
    column->addWidget(m_range);
    column->addLayout(lengths);

    m_timeline = new TimelineView(workspace, this);
    auto* row = new QHBoxLayout(this);
    row->setContentsMargins(0, 0, 0, 0);
    row->setSpacing(0);
    row->addWidget(controls);
    row->addWidget(m_timeline, 1);
    connect(&workspace, &Workspace::timeChanged, this, &TimeBar::present);
    connect(&workspace, &Workspace::sourceChanged, this, &TimeBar::present);
    present();
}

QToolButton* TimeBar::addButton(const QString& text, const QString& help)
{
    auto* button = new QToolButton(this);
    button->setText(text);
    button->setToolTip(help);
    button->setAccessibleName(help);
    button->setProperty("flat", true);
    button->setIconSize({18, 18});
    return button;
}

QString TimeBar::rangeWords() const { return m_range->text(); }

void TimeBar::present()
{
    const TimeSelection& time = m_workspace.time();
    const bool known = time.range.to > time.range.from;
    m_range->setText(known ? rangeText(time.range) : tr("No time yet"));
    m_range->setToolTip(known ? QStringLiteral("%1 – %2").arg(dateText(time.range.from), dateText(time.range.to)) : QString());
    m_pause->setIcon(time.mode == TimeMode::Paused ? icon("play") : icon("pause"));
    m_state->setText(known ? stateWords(time, m_workspace.grows(), m_workspace.isFed()) : QString());
    const Tokens& tokens = tokensOf(*this);
    const bool waiting = time.mode == TimeMode::Live && m_workspace.grows() && !m_workspace.isFed();
    const QColor color = time.mode == TimeMode::Live && m_workspace.isFed() ? tokens.ok : time.mode == TimeMode::Paused || waiting ? tokens.warning : tokens.muted;
    m_state->setStyleSheet(QStringLiteral("color: %1").arg(color.name()));
    m_live->setEnabled(known && time.mode != TimeMode::Live);
    for (std::size_t i = 0; i < m_windows.size(); ++i)
        m_windows[i]->setChecked(time.window == kWindowLengths[i]);
}

} // namespace binnacle::desktop
