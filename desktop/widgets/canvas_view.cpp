// SPDX-License-Identifier: GPL-3.0-or-later
#include "desktop/widgets/canvas_view.h"

#include "desktop/widgets/design_tokens.h"

#include <QApplication>
#include <QFocusEvent>
#include <QMouseEvent>
#include <QPainter>
#include <QWheelEvent>

#include <algorithm>
#include <cmath>

namespace binnacle::desktop {

namespace {

constexpr double kSmallest = 0.04, kLargest = 3.0;
constexpr double kLargestFit = 1.1; // a map of three services must not shout
constexpr double kMargin = 28;   // around everything, in pixels
constexpr double kStep = 60;     // of an arrow key

} // namespace

CanvasView::CanvasView(QWidget* parent) : QWidget(parent)
{
    setFocusPolicy(Qt::StrongFocus);
    setMouseTracking(true);
    setMinimumSize(200, 160);
}

QRectF CanvasView::visibleWorld() const { return {toWorld({0, 0}), toWorld(QPointF(width(), height()))}; }

void CanvasView::zoomBy(double factor, QPointF around)
{
    const QPointF fixed = toWorld(around);
    m_scale = std::clamp(m_scale * factor, kSmallest, kLargest);
    m_center = fixed - (around - QPointF(width() / 2.0, height() / 2.0)) / m_scale;
    m_movedByHand = true;
    update();
    Q_EMIT viewChanged();
}

void CanvasView::zoomIn() { zoomBy(1.25, QPointF(width() / 2.0, height() / 2.0)); }
void CanvasView::zoomOut() { zoomBy(0.8, QPointF(width() / 2.0, height() / 2.0)); }

void CanvasView::fit()
{
    const QRectF bounds = worldBounds();
    m_movedByHand = false;
    if (!bounds.isEmpty()) {
        const double across = (width() - 2 * kMargin) / bounds.width(), down = (height() - 2 * kMargin) / bounds.height();
        m_scale = std::clamp(std::min(across, down), kSmallest, kLargestFit);
        m_center = bounds.center();
    }
    update();
    Q_EMIT viewChanged();
}

void CanvasView::centerOn(QPointF world)
{
    m_center = world;
    m_movedByHand = true;
    update();
    Q_EMIT viewChanged();
}

void CanvasView::ensureVisible(const QRectF& world)
{
    const QRectF inner = visibleWorld().adjusted(kMargin / m_scale, kMargin / m_scale, -kMargin / m_scale, -kMargin / m_scale);
    if (inner.contains(world))
        return;
    QPointF shift;
    if (world.left() < inner.left())
        shift.setX(world.left() - inner.left());
    else if (world.right() > inner.right())
        shift.setX(world.right() - inner.right());
    if (world.top() < inner.top())
        shift.setY(world.top() - inner.top());
    else if (world.bottom() > inner.bottom())
        shift.setY(world.bottom() - inner.bottom());
    centerOn(m_center + shift);
}

void CanvasView::paintEvent(QPaintEvent*)
{
    QPainter painter(this);
    painter.fillRect(rect(), tokensOf(*this).window);
    painter.save();
    painter.translate(width() / 2.0, height() / 2.0);
    painter.scale(m_scale, m_scale);
    painter.translate(-m_center);
    paintWorld(painter, visibleWorld());
    painter.restore();
    paintOverlay(painter);
}

void CanvasView::mousePressEvent(QMouseEvent* event)
{
    if (event->button() != Qt::LeftButton && event->button() != Qt::MiddleButton)
        return;
    m_pressedAt = m_lastMouse = event->position();
    m_dragging = false;
}

void CanvasView::mouseMoveEvent(QMouseEvent* event)
{
    if (!(event->buttons() & (Qt::LeftButton | Qt::MiddleButton))) {
        hoveredAt(event->position());
        return;
    }
    if (!m_dragging && (event->position() - m_pressedAt).manhattanLength() < QApplication::startDragDistance())
        return;
    m_dragging = true;
    setCursor(Qt::ClosedHandCursor);
    const QPointF moved = event->position() - m_lastMouse;
    m_lastMouse = event->position();
    centerOn(m_center - moved / m_scale);
}

void CanvasView::mouseReleaseEvent(QMouseEvent* event)
{
    if (!m_dragging && event->button() == Qt::LeftButton)
        clickedAt(event->position(), event->modifiers());
    m_dragging = false;
    unsetCursor();
}

void CanvasView::wheelEvent(QWheelEvent* event)
{
    if (event->angleDelta().y() != 0)
        zoomBy(std::pow(1.0015, event->angleDelta().y()), event->position());
    event->accept();
}

void CanvasView::keyPressEvent(QKeyEvent* event)
{
    const double step = kStep / m_scale;
    switch (event->key()) {
    case Qt::Key_Plus:
    case Qt::Key_Equal: zoomIn(); return;
    case Qt::Key_Minus: zoomOut(); return;
    case Qt::Key_0: fit(); return;
    default: break;
    }
    if (event->modifiers() & Qt::ControlModifier) {
        switch (event->key()) {
        case Qt::Key_Left: centerOn(m_center - QPointF(step, 0)); return;
        case Qt::Key_Right: centerOn(m_center + QPointF(step, 0)); return;
        case Qt::Key_Up: centerOn(m_center - QPointF(0, step)); return;
        case Qt::Key_Down: centerOn(m_center + QPointF(0, step)); return;
        default: break;
        }
    }
    QWidget::keyPressEvent(event);
}

void CanvasView::focusInEvent(QFocusEvent* event)
{
    m_showsFocus = event->reason() == Qt::TabFocusReason || event->reason() == Qt::BacktabFocusReason;
    update();
}

void CanvasView::focusOutEvent(QFocusEvent*)
{
    m_showsFocus = false;
    update();
}

void CanvasView::resizeEvent(QResizeEvent*)
{
    if (!m_movedByHand)
        fit();
    else
        Q_EMIT viewChanged();
}

} // namespace binnacle::desktop
