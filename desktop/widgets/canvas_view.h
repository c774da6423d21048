// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QPointF>
#include <QRectF>
#include <QWidget>

namespace binnacle::desktop {

/// A painted world that is moved and zoomed: the base of the map and of later canvases.
///
/// Drag or arrow keys with Ctrl: move.  Wheel, plus, minus: zoom around the mouse or the centre.  Zero: everything in view.
/// Works in logical pixels; subclasses paint in world coordinates and cull by what is visible.  The view never moves by itself
/// once the user has moved it.
class CanvasView : public QWidget {
    Q_OBJECT
public:
    explicit CanvasView(QWidget* parent = nullptr);

    double scale() const { return m_scale; }
    QPointF toScreen(QPointF world) const { return (world - m_center) * m_scale + QPointF(width() / 2.0, height() / 2.0); }
    QPointF toWorld(QPointF screen) const { return (screen - QPointF(width() / 2.0, height() / 2.0)) / m_scale + m_center; }
    QRectF visibleWorld() const;
    bool movedByHand() const { return m_movedByHand; }

    void zoomBy(double factor, QPointF aroundScreen);
    void zoomIn();
    void zoomOut();
    /// Everything in view, hardly above natural size.
    void fit();
    void centerOn(QPointF world);
    /// Moves only as far as needed.
    void ensureVisible(const QRectF& world);

Q_SIGNALS:
    void viewChanged();

protected:
    /// Of everything there is, in world coordinates.
    virtual QRectF worldBounds() const = 0;
    virtual void paintWorld(QPainter& painter, const QRectF& visible) = 0;
    /// On top, in screen coordinates.
    virtual void paintOverlay(QPainter&) {}
    virtual void clickedAt(QPointF, Qt::KeyboardModifiers) {}
    virtual void hoveredAt(QPointF) {}

    void paintEvent(QPaintEvent* event) override;
    void mousePressEvent(QMouseEvent* event) override;
    void mouseMoveEvent(QMouseEvent* event) override;
    void mouseReleaseEvent(QMouseEvent* event) override;
    void wheelEvent(QWheelEvent* event) override;
    void keyPressEvent(QKeyEvent* event) override;
    void resizeEvent(QResizeEvent* event) override;
    void focusInEvent(QFocusEvent* event) override;
    void focusOutEvent(QFocusEvent* event) override;

    /// Came here by keyboard: then, and only then, a frame shows it.
    bool showsFocus() const { return m_showsFocus; }

private:
    QPointF m_center;
    double m_scale = 1;
    bool m_movedByHand = false;
    bool m_dragging = false;
    bool m_showsFocus = false;
    QPointF m_pressedAt, m_lastMouse;
};

} // namespace binnacle::desktop
