// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "desktop/viewmodels/timeline_layout.h"

#include <QWidget>

#include <optional>

namespace binnacle::desktop {

/// The strip under all pages: what was recorded, and which part of it the pages show.
///
/// Drag inside the selection or click beside it: scrub.  Drag its edges, or drag with Shift: choose a range.  Wheel: move, with
/// Ctrl: zoom.  Keys: arrows a second (Shift ten), Home, End.  Live recordings scroll by themselves.
/// Paints a TimelineLayout; computes it on change, never while painting.  Thread: UI.
class TimelineView : public QWidget {
    Q_OBJECT
public:
    explicit TimelineView(Workspace& workspace, QWidget* parent = nullptr);

    const TimelineLayout& layout() const { return m_layout; }
    TimeRange visible() const { return m_visible; }
    /// Shows this part of the recording; kept between ten seconds and all of it.
    void setVisible(TimeRange range);
    using QWidget::setVisible;
    QSize sizeHint() const override { return {600, 78}; }

protected:
    void paintEvent(QPaintEvent* event) override;
    void resizeEvent(QResizeEvent* event) override;
    void mousePressEvent(QMouseEvent* event) override;
    void mouseMoveEvent(QMouseEvent* event) override;
    void mouseReleaseEvent(QMouseEvent* event) override;
    void mouseDoubleClickEvent(QMouseEvent* event) override;
    void wheelEvent(QWheelEvent* event) override;
    void keyPressEvent(QKeyEvent* event) override;
    void leaveEvent(QEvent* event) override;
    void focusInEvent(QFocusEvent* event) override;
    void focusOutEvent(QFocusEvent* event) override;
    bool event(QEvent* event) override;

private:
    enum class Grip { None, Scrub, Left, Right, NewRange };

    void relayout();
    void followTime();
    Grip gripAt(double x) const;
    void dragTo(double x);
    QString readingAt(double x) const;
    void paintBars(QPainter& painter, const struct Tokens& tokens) const;
    void paintGaps(QPainter& painter, const struct Tokens& tokens) const;
    void paintMarks(QPainter& painter, const struct Tokens& tokens) const;
    void paintTicks(QPainter& painter, const struct Tokens& tokens) const;
    void paintSelection(QPainter& painter, const struct Tokens& tokens) const;

    Workspace& m_workspace; // outlives this: the window owns both
    TimelineLayout m_layout;
    TimeRange m_visible;
    bool m_zoomedByHand = false;
    Grip m_grip = Grip::None;
    double m_gripOffset = 0;      // of the mouse from what it holds
    UtcTime m_anchor{};           // the end that stands still while a range is drawn
    std::optional<double> m_mouseX;
    bool m_showsFocus = false;    // only when it came by keyboard
};

} // namespace binnacle::desktop
