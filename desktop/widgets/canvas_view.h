// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QPixmap>
#include <QPointF>
#include <QRectF>
#include <QTimer>
#include <QWidget>

namespace binnacle::desktop {

/// A painted world that is moved and zoomed: the base of the map and of later canvases.
///
/// Drag or arrow keys with Ctrl: move.  Wheel, plus, minus: zoom around the mouse or the centre.  Zero: everything in view.
/// Works in logical pixels; subclasses paint in world coordinates and cull by what is visible.  The view never moves by itself
/// once the user has moved it.
///
/// The world is painted into a layer a little larger than the view: moving shows the layer at another place, zooming shows it scaled until
/// the view rests, and only what the layer does not hold is painted anew.
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
    /// All of `world` in view, as large as that allows.
    void zoomTo(const QRectF& world);
    /// How often the world was painted: not while the layer serves.
    int worldPaints() const { return m_worldPaints; }
    /// Moves only as far as needed.
    void ensureVisible(const QRectF& world);

Q_SIGNALS:
    void viewChanged();

protected:
    /// Of everything there is, in world coordinates.
    virtual QRectF worldBounds() const = 0;
    /// `visible` is what the layer holds, in world coordinates; where that is in the layer, the painter's transformation knows.
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

    /// What paintWorld() paints is another than before.
    void repaintWorld();
    void changeEvent(QEvent* event) override;

    /// Came here by keyboard: then, and only then, a frame shows it.
    bool showsFocus() const { return m_showsFocus; }

private:
    /// A picture of the world as it is seen from a place.
    struct Layer {
        QPixmap picture; // larger than the view by `margin` on each side
        QPointF center;
        double scale = 0;
        QSizeF margin;   // in pixels
    };
    double smallestScale() const;
    double scaleFor(const QRectF& world) const;
    bool layerServes() const;
    void paintLayer();
    void showLayer(QPainter& painter) const;

    Layer m_layer;
    bool m_layerIsOld = true;
    QTimer m_rest; // runs while the view moves
    int m_worldPaints = 0;
    QPointF m_center;
    double m_scale = 1;
    bool m_movedByHand = false;
    bool m_dragging = false;
    bool m_showsFocus = false;
    QPointF m_pressedAt, m_lastMouse;
};

} // namespace binnacle::desktop
