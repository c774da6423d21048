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
constexpr double kLayerMargin = 0.1;              // around the view, in its widths and heights
constexpr double kCoarsest = 0.5, kFinest = 1.6;  // how far a layer may be scaled while the view moves
constexpr int kRestMs = 120;

} // namespace

CanvasView::CanvasView(QWidget* parent) : QWidget(parent)
{
    setFocusPolicy(Qt::StrongFocus);
    setMouseTracking(true);
    setMinimumSize(200, 160);
    m_rest.setSingleShot(true);
    m_rest.setInterval(kRestMs);
    connect(&m_rest, &QTimer::timeout, this, [this] {
        if (m_layer.scale != m_scale)
            update();
    });
}

/// Everything fits into the view, however much it is.
double CanvasView::smallestScale() const
{
    const QRectF bounds = worldBounds();
    return bounds.isEmpty() ? kSmallest : std::min({kSmallest, width() / bounds.width() / 2, height() / bounds.height() / 2});
}

QRectF CanvasView::visibleWorld() const { return {toWorld({0, 0}), toWorld(QPointF(width(), height()))}; }

void CanvasView::zoomBy(double factor, QPointF around)
{
    const QPointF fixed = toWorld(around);
    m_scale = std::clamp(m_scale * factor, smallestScale(), kLargest);
    m_center = fixed - (around - QPointF(width() / 2.0, height() / 2.0)) / m_scale;
    m_movedByHand = true;
    m_rest.start();
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
        m_scale = std::min(scaleFor(bounds), kLargestFit);
        m_center = bounds.center();
    }
    update();
    Q_EMIT viewChanged();
}

double CanvasView::scaleFor(const QRectF& world) const
{
    const double across = (width() - 2 * kMargin) / world.width(), down = (height() - 2 * kMargin) / world.height();
    return std::clamp(std::min(across, down), smallestScale(), kLargest);
}

void CanvasView::zoomTo(const QRectF& world)
{
    m_scale = scaleFor(world);
    centerOn(world.center());
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

void CanvasView::repaintWorld()
{
    m_layerIsOld = true;
    update();
}

bool CanvasView::layerServes() const
{
    const QSizeF whole = QSizeF(size()) + 2 * m_layer.margin;
    if (m_layerIsOld || m_layer.picture.deviceIndependentSize().toSize() != whole.toSize() || m_layer.picture.devicePixelRatio() != devicePixelRatioF())
        return false;
    const double factor = m_scale / m_layer.scale;
    if (factor != 1 && (!m_rest.isActive() || factor < kCoarsest || factor > kFinest))
        return false;
    const QPointF shift = (m_layer.center - m_center) * m_scale; // of the layer's middle, on the screen
    return std::abs(shift.x()) * 2 + width() <= whole.width() * factor && std::abs(shift.y()) * 2 + height() <= whole.height() * factor;
}

void CanvasView::paintLayer()
{
    const QSize margin(static_cast<int>(width() * kLayerMargin), static_cast<int>(height() * kLayerMargin));
    const QSize whole = size() + 2 * margin;
    m_layer = {QPixmap(whole * devicePixelRatioF()), m_center, m_scale, margin};
    m_layer.picture.setDevicePixelRatio(devicePixelRatioF());
    m_layer.picture.fill(tokensOf(*this).window);
    m_layerIsOld = false;
    ++m_worldPaints;
    QPainter painter(&m_layer.picture);
    painter.setFont(font());
    painter.translate(whole.width() / 2.0, whole.height() / 2.0);
    painter.scale(m_scale, m_scale);
    painter.translate(-m_center);
    const QSizeF world = QSizeF(whole) / m_scale;
    paintWorld(painter, QRectF(m_center - QPointF(world.width(), world.height()) / 2, world));
}

void CanvasView::showLayer(QPainter& painter) const
{
    const QSizeF shown = m_layer.picture.deviceIndependentSize() * (m_scale / m_layer.scale);
    const QPointF middle = toScreen(m_layer.center);
    const QRectF target(middle - QPointF(shown.width(), shown.height()) / 2, shown);
    if (m_layer.scale == m_scale) // a whole number of pixels, so that it stays sharp
        painter.drawPixmap(target.topLeft().toPoint(), m_layer.picture);
    else
        painter.drawPixmap(target, m_layer.picture, QRectF(QPointF(), QSizeF(m_layer.picture.size())));
}

void CanvasView::paintEvent(QPaintEvent*)
{
    if (!layerServes())
        paintLayer();
    QPainter painter(this);
    showLayer(painter);
    paintOverlay(painter);
}

void CanvasView::changeEvent(QEvent* event)
{
    if (event->type() == QEvent::PaletteChange || event->type() == QEvent::StyleChange || event->type() == QEvent::FontChange)
        repaintWorld();
    QWidget::changeEvent(event);
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
