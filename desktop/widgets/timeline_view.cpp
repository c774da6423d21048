// SPDX-License-Identifier: GPL-3.0-or-later
#include "desktop/widgets/timeline_view.h"

#include "desktop/viewmodels/figures.h"
#include "desktop/widgets/design_tokens.h"
#include "desktop/widgets/theme.h"

#include <QFocusEvent>
#include <QHelpEvent>
#include <QMouseEvent>
#include <QPainter>
#include <QPainterPath>
#include <QToolTip>
#include <QWheelEvent>

#include <algorithm>

namespace binnacle::desktop {

namespace {

constexpr Nanoseconds kSecond = std::chrono::seconds(1);
constexpr Nanoseconds kLeastVisible = std::chrono::seconds(10);
constexpr double kMarkLane = 14;  // above the bars: events and losses
constexpr double kTickLane = 18;  // below them: clock
constexpr double kEdgeReach = 5;  // how near the mouse must be to take an edge

} // namespace

TimelineView::TimelineView(Workspace& workspace, QWidget* parent) : QWidget(parent), m_workspace(workspace)
{
    setFocusPolicy(Qt::StrongFocus);
    setMouseTracking(true);
    setMinimumHeight(70);
    setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Fixed);
    setAccessibleName(tr("Timeline"));
    connect(&workspace, &Workspace::overviewChanged, this, &TimelineView::followTime);
    connect(&workspace, &Workspace::timeChanged, this, &TimelineView::followTime);
    connect(&workspace, &Workspace::sourceChanged, this, [this] {
        if (!m_workspace.snapshot())
            m_zoomedByHand = false;
    });
}

void TimelineView::setVisible(TimeRange range)
{
    const TimeRange covered = m_workspace.covered();
    // A recording shorter than the window fills the strip from the right.
    const Nanoseconds most = std::max(covered.length(), m_workspace.time().window);
    const Nanoseconds length = std::clamp(range.length(), std::min(kLeastVisible, most), most);
    const UtcTime from = std::clamp(range.from, std::min(covered.from, covered.to - length), covered.to - length);
    m_visible = {from, from + length};
    relayout();
}

/// Keeps the selection in sight; while nothing was zoomed, shows five windows' length up to the end or around the selection.
void TimelineView::followTime()
{
    const TimeSelection& time = m_workspace.time();
    const TimeRange covered = m_workspace.covered();
    setAccessibleDescription(tr("Shows %1").arg(rangeText(time.range)));
    if (covered.to <= covered.from) {
        m_visible = {};
        relayout();
        return;
    }
    Nanoseconds length = m_visible.length();
    if (!m_zoomedByHand || length <= Nanoseconds(0))
        length = std::clamp(std::max(time.window * 5, time.range.length() * 2), time.window, std::max(covered.length(), time.window));
    UtcTime from = m_visible.from;
    if (m_grip == Grip::None) {
        const bool inSight = m_visible.from <= time.range.from && time.range.to <= m_visible.to;
        if (time.mode == TimeMode::Live || m_visible.to <= m_visible.from)
            from = covered.to - length;
        else if (!inSight && !m_zoomedByHand)
            from = time.range.to > m_visible.to ? time.range.to - length : time.range.from;
        else if (!inSight)
            from = time.range.from + time.range.length() / 2 - length / 2;
    }
    setVisible({from, from + length});
}

void TimelineView::relayout()
{
    m_layout = layoutTimeline(m_workspace.overview(), m_visible, width());
    update();
}

void TimelineView::resizeEvent(QResizeEvent*) { relayout(); }

void TimelineView::paintEvent(QPaintEvent*)
{
    const Tokens& tokens = tokensOf(*this);
    QPainter painter(this);
    painter.fillRect(rect(), tokens.surface);
    paintGaps(painter, tokens);
    paintBars(painter, tokens);
    paintTicks(painter, tokens);
    paintMarks(painter, tokens);
    paintSelection(painter, tokens);
}

void TimelineView::paintBars(QPainter& painter, const Tokens& tokens) const
{
    const double bottom = height() - kTickLane, room = bottom - kMarkLane;
    const QColor plain = mixed(tokens.accent, tokens.surface, tokens.dark ? 0.55 : 0.50);
    painter.setPen(Qt::NoPen);
    for (const TimelineLayout::Bar& bar : m_layout.bars) {
        const double gap = bar.width >= 4 ? 1 : 0;
        const double whole = bar.height * room;
        const double bad = bar.errorHeight > 0 ? std::max(2.0, bar.errorHeight * room) : 0;
        painter.fillRect(QRectF(bar.x, bottom - whole, bar.width - gap, whole), plain);
        if (bad > 0)
            painter.fillRect(QRectF(bar.x, bottom - bad, bar.width - gap, bad), tokens.critical);
    }
    painter.setPen(tokens.border);
    painter.drawLine(QPointF(0, bottom + 0.5), QPointF(width(), bottom + 0.5));
}

void TimelineView::paintGaps(QPainter& painter, const Tokens& tokens) const
{
    const double bottom = height() - kTickLane;
    for (const TimelineLayout::Span& gap : m_layout.gaps) {
        const QRectF area(gap.x, kMarkLane, gap.width, bottom - kMarkLane);
        painter.fillRect(area, QBrush(mixed(tokens.warning, tokens.surface, 0.45), Qt::BDiagPattern));
    }
}

void TimelineView::paintTicks(QPainter& painter, const Tokens& tokens) const
{
    const double bottom = height() - kTickLane;
    painter.setFont(figureFont(TypeSize::kSmall - 1));
    painter.setPen(tokens.faint);
    double freeFrom = 0;
    for (const TimelineLayout::Tick& tick : m_layout.ticks) {
        painter.drawLine(QPointF(tick.x, bottom), QPointF(tick.x, bottom + 4));
        const double half = painter.fontMetrics().horizontalAdvance(tick.text) / 2.0;
        if (tick.x - half < freeFrom || tick.x + half > width())
            continue;
        painter.drawText(QRectF(tick.x - half, bottom + 4, 2 * half + 2, kTickLane - 4), Qt::AlignCenter, tick.text);
        freeFrom = tick.x + half + 8;
    }
}

void TimelineView::paintMarks(QPainter& painter, const Tokens& tokens) const
{
    painter.setRenderHint(QPainter::Antialiasing);
    painter.setPen(Qt::NoPen);
    painter.setBrush(tokens.warning);
    for (const TimelineLayout::Bar& bar : m_layout.bars) {
        if (bar.losses)
            painter.drawRect(QRectF(bar.x, kMarkLane - 3, std::max(2.0, bar.width - 1), 3));
    }
    for (const TimelineLayout::Mark& mark : m_layout.marks) {
        if (mark.change) { // a line through the bars: what is before and behind it is to be compared
            painter.setBrush(tokens.accent);
            painter.drawRect(QRectF(mark.x - 0.5, 9, 1, height() - kTickLane - 9));
        }
        const double half = mark.change ? 5 : 3.5;
        const QPointF diamond[]{{mark.x, 5.5 - half}, {mark.x + half, 5.5}, {mark.x, 5.5 + half}, {mark.x - half, 5.5}};
        painter.setBrush(mark.change ? tokens.accent : tokens.series[1]);
        painter.drawPolygon(diamond, 4);
    }
    painter.setRenderHint(QPainter::Antialiasing, false);
}

void TimelineView::paintSelection(QPainter& painter, const Tokens& tokens) const
{
    const TimeRange range = m_workspace.time().range;
    if (range.to <= range.from || m_visible.to <= m_visible.from)
        return;
    const double left = m_layout.xOf(range.from), right = m_layout.xOf(range.to);
    const double bottom = height() - kTickLane;
    QColor shade = tokens.window;
    shade.setAlphaF(tokens.dark ? 0.55f : 0.60f);
    painter.fillRect(QRectF(0, 0, left, bottom), shade);
    painter.fillRect(QRectF(right, 0, width() - right, bottom), shade);
    painter.fillRect(QRectF(left, 0, right - left, 2), tokens.accent);
    for (const double x : {left, right})
        painter.fillRect(QRectF(x - 1, 0, 2, bottom), tokens.accent);
    painter.setFont(figureFont(TypeSize::kSmall - 1));
    painter.setPen(tokens.faint);
    const QString top = tr("%1 req/s").arg(rateText(m_layout.top));
    const QRectF place(width() - painter.fontMetrics().horizontalAdvance(top) - 8, 1, painter.fontMetrics().horizontalAdvance(top) + 8, kMarkLane - 2);
    painter.fillRect(place, tokens.surface);
    painter.drawText(place.adjusted(3, 0, 0, 0), Qt::AlignLeft | Qt::AlignVCenter, top);
    if (m_mouseX && m_grip == Grip::None) {
        painter.setPen(QPen(tokens.faint, 1, Qt::DotLine));
        painter.drawLine(QPointF(*m_mouseX, 0), QPointF(*m_mouseX, bottom));
    }
    if (m_showsFocus) {
        painter.setPen(tokens.accent);
        painter.setBrush(Qt::NoBrush);
        painter.drawRect(rect().adjusted(0, 0, -1, -1));
    }
}

TimelineView::Grip TimelineView::gripAt(double x) const
{
    const TimeRange range = m_workspace.time().range;
    const double left = m_layout.xOf(range.from), right = m_layout.xOf(range.to);
    if (std::abs(x - right) <= kEdgeReach)
        return Grip::Right;
    if (std::abs(x - left) <= kEdgeReach)
        return Grip::Left;
    return Grip::Scrub;
}

void TimelineView::mousePressEvent(QMouseEvent* event)
{
    if (event->button() != Qt::LeftButton || m_visible.to <= m_visible.from)
        return;
    const double x = event->position().x();
    const TimeRange range = m_workspace.time().range;
    const double left = m_layout.xOf(range.from), right = m_layout.xOf(range.to);
    m_grip = event->modifiers() & Qt::ShiftModifier ? Grip::NewRange : gripAt(x);
    m_gripOffset = 0;
    if (m_grip == Grip::NewRange)
        m_anchor = m_layout.timeAt(x);
    else if (m_grip == Grip::Left || m_grip == Grip::Right)
        m_anchor = m_grip == Grip::Left ? range.to : range.from;
    else if (x > left && x < right)
        m_gripOffset = right - x; // held inside: it moves with the mouse instead of jumping to it
    else
        dragTo(x);
}

void TimelineView::dragTo(double x)
{
    const UtcTime t = m_layout.timeAt(x + m_gripOffset);
    if (m_grip == Grip::Scrub)
        m_workspace.moveTo(t);
    else
        m_workspace.selectRange({std::min(t, m_anchor), std::max(t, m_anchor)});
}

void TimelineView::mouseMoveEvent(QMouseEvent* event)
{
    m_mouseX = event->position().x();
    if (event->buttons() & Qt::LeftButton && m_grip != Grip::None)
        dragTo(event->position().x());
    else
        setCursor(gripAt(event->position().x()) == Grip::Scrub ? Qt::PointingHandCursor : Qt::SizeHorCursor);
    update();
}

void TimelineView::mouseReleaseEvent(QMouseEvent*)
{
    m_grip = Grip::None;
    followTime();
}

void TimelineView::mouseDoubleClickEvent(QMouseEvent*)
{
    m_zoomedByHand = false;
    m_visible = {};
    followTime();
}

void TimelineView::wheelEvent(QWheelEvent* event)
{
    const double notches = event->angleDelta().y() / 120.0 - event->angleDelta().x() / 120.0;
    if (notches == 0 || m_visible.to <= m_visible.from)
        return;
    if (event->modifiers() & Qt::ControlModifier) {
        const UtcTime at = m_layout.timeAt(event->position().x());
        const double factor = std::pow(0.8, notches);
        const auto scaled = [factor](Nanoseconds d) { return Nanoseconds(static_cast<std::int64_t>(static_cast<double>(d.count()) * factor)); };
        m_zoomedByHand = true;
        setVisible({at - scaled(at - m_visible.from), at + scaled(m_visible.to - at)});
    } else {
        m_workspace.moveBy(-std::max(kSecond, m_workspace.time().range.length() / 10) * static_cast<int>(std::lround(notches)));
    }
    event->accept();
}

void TimelineView::keyPressEvent(QKeyEvent* event)
{
    const int steps = event->modifiers() & Qt::ShiftModifier ? 10 : 1;
    switch (event->key()) {
    case Qt::Key_Left: m_workspace.moveBy(-kSecond * steps); break;
    case Qt::Key_Right: m_workspace.moveBy(kSecond * steps); break;
    case Qt::Key_Home: m_workspace.moveTo(m_workspace.covered().from + m_workspace.time().window); break;
    case Qt::Key_End: m_workspace.goLive(); break;
    default: QWidget::keyPressEvent(event);
    }
}

void TimelineView::focusInEvent(QFocusEvent* event)
{
    m_showsFocus = event->reason() == Qt::TabFocusReason || event->reason() == Qt::BacktabFocusReason;
    update();
}

void TimelineView::focusOutEvent(QFocusEvent*)
{
    m_showsFocus = false;
    update();
}

void TimelineView::leaveEvent(QEvent*)
{
    m_mouseX.reset();
    update();
}

QString TimelineView::readingAt(double x) const
{
    for (const TimelineLayout::Mark& mark : m_layout.marks) {
        if (std::abs(mark.x - x) <= 5)
            return mark.text;
    }
    QString text = clockText(m_layout.timeAt(x));
    for (const TimelineLayout::Bar& bar : m_layout.bars) {
        if (x < bar.x || x >= bar.x + bar.width)
            continue;
        text += tr("\n%1 requests/s, %2 errors/s").arg(rateText(bar.requests), rateText(bar.errors));
        if (bar.losses)
            text += tr("\nData were lost here: see Losses");
        return text;
    }
    for (const TimelineLayout::Span& gap : m_layout.gaps) {
        if (x >= gap.x && x < gap.x + gap.width)
            return text + tr("\nNothing is known: the agent was away");
    }
    return text;
}

bool TimelineView::event(QEvent* event)
{
    if (event->type() == QEvent::ToolTip && m_visible.to > m_visible.from) {
        const auto* help = static_cast<QHelpEvent*>(event);
        QToolTip::showText(help->globalPos(), readingAt(help->pos().x()), this);
        return true;
    }
    return QWidget::event(event);
}

} // namespace binnacle::desktop
