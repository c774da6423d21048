// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "desktop/viewmodels/map_plan.h"
#include "desktop/viewmodels/text_filter.h"
#include "desktop/widgets/canvas_view.h"
#include "desktop/workspace/frame_source.h"

#include <set>
#include <vector>

namespace binnacle::desktop {

struct Tokens;

/// The service map: paints of a MapScene what a MapPlan chooses, picks nodes and edges, walks with the arrow keys.
///
/// Click or arrows: select.  Enter, double click: only its neighbours (again: all); on a container seen from afar: into it.  Escape: nothing.  What the filter refuses
/// fades.  The scene changes under a view that stays where it is.  Thread: UI.
class MapView : public CanvasView {
    Q_OBJECT
public:
    explicit MapView(QWidget* parent = nullptr);

    void show(MapScene scene);
    const MapScene& scene() const { return m_scene; }
    /// What the last frame was painted by.
    const MapPlan& plan() const { return m_plan; }
    void setSelection(const Selection& selection);
    void setFilter(const QString& words);
    /// Only this node and its direct neighbours stay bright; empty for all.
    void setFocusNode(const std::string& id);
    const std::string& focusNode() const { return m_focus; }
    /// The first node the filter accepts; nothing when none does.
    std::string firstMatch() const;
    /// Milliseconds of the worst paint since the start.
    double worstPaintMs() const { return m_worstPaintMs; }

Q_SIGNALS:
    void selected(const binnacle::desktop::Selection& selection);
    void focusWanted(const QString& nodeId);

protected:
    QRectF worldBounds() const override;
    void paintEvent(QPaintEvent* event) override;
    void paintWorld(QPainter& painter, const QRectF& visible) override;
    void paintOverlay(QPainter& painter) override;
    void clickedAt(QPointF screen, Qt::KeyboardModifiers modifiers) override;
    void hoveredAt(QPointF screen) override;
    void mouseDoubleClickEvent(QMouseEvent* event) override;
    void keyPressEvent(QKeyEvent* event) override;
    bool event(QEvent* event) override;

private:
    bool isBright(const MapScene::Node& node) const;
    bool isBright(const MapScene::Edge& edge) const;
    void updateBright();
    const MapScene::Node* selectedNode() const;
    const MapScene::Edge* selectedEdge() const;
    void announceSelection();

    const MapScene::Node* nodeUnder(QPointF world) const;
    const MapScene::Edge* edgeUnder(QPointF world) const;
    const MapScene::Group* containerUnder(QPointF world) const;

    std::vector<std::uint32_t> alwaysShown() const;
    void paintGroups(QPainter& painter, const Tokens& tokens) const;
    void paintContainers(QPainter& painter, const Tokens& tokens) const;
    void paintContainerNames(QPainter& painter, const QRectF& visible, const Tokens& tokens) const;
    void paintTrunks(QPainter& painter, const Tokens& tokens) const;
    void paintEdge(QPainter& painter, const MapScene::Edge& edge, const Tokens& tokens) const;
    void paintEdgeLabels(QPainter& painter, const QRectF& visible, const Tokens& tokens) const;
    void paintTrunkLabels(QPainter& painter, const QRectF& visible, const Tokens& tokens) const;
    void paintNode(QPainter& painter, const MapScene::Node& node, const Tokens& tokens) const;
    void paintSpot(QPainter& painter, const MapScene::Node& node, const Tokens& tokens) const;
    void paintEdges(QPainter& painter, const Tokens& tokens) const;
    void paintEdgesAsLines(QPainter& painter, const Tokens& tokens) const;
    void paintBox(QPainter& painter, const MapScene::Node& node, const Tokens& tokens) const;
    void paintBoxTexts(QPainter& painter, const Tokens& tokens) const;
    void paintLeftOut(QPainter& painter, const Tokens& tokens) const;
    void paintMinimap(QPainter& painter, const Tokens& tokens) const;
    QString readingAt(QPointF screen) const;

    MapScene m_scene;
    MapPlan m_plan;                  // of m_scene as it was painted last
    const MapScene::Node* m_chosenNode = nullptr; // of m_scene, while the world is painted
    const MapScene::Edge* m_chosenEdge = nullptr;
    Selection m_selection;
    QString m_filterWords;
    TextFilter m_filter;
    std::string m_focus;
    std::set<std::string> m_bright;  // node ids, when something is dimmed
    bool m_dims = false;
    std::string m_hovered;           // node or edge id
    bool m_hasFitted = false;
    double m_worstPaintMs = 0;
};

} // namespace binnacle::desktop
