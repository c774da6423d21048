// SPDX-License-Identifier: GPL-3.0-or-later
#include "desktop/widgets/map_view.h"

#include "desktop/viewmodels/figures.h"

#include <QAccessible>
#include <QElapsedTimer>
#include <QHelpEvent>
#include <QMouseEvent>
#include <QToolTip>

#include <algorithm>

namespace binnacle::desktop {

namespace {

constexpr double kEdgeReach = 6;

/// Those that say something, one below the other.
QString lines(QStringList texts)
{
    texts.removeAll(QString());
    return texts.join(QLatin1Char('\n'));
}

} // namespace

MapView::MapView(QWidget* parent) : CanvasView(parent)
{
    setAccessibleName(tr("Service map"));
    setAccessibleDescription(tr("Arrow keys walk from service to service. The services page lists the same as a table."));
}

void MapView::show(MapScene scene)
{
    const bool first = m_scene.nodes.empty() && !scene.nodes.empty();
    const bool grew = scene.bounds != m_scene.bounds;
    m_scene = std::move(scene);
    m_plan = {}; // its numbers are those of the scene before
    updateBright();
    if (first || !m_hasFitted || (grew && !movedByHand())) {
        fit();
        m_hasFitted = !m_scene.nodes.empty();
    }
    repaintWorld();
}

void MapView::setSelection(const Selection& selection)
{
    if (selection == m_selection)
        return;
    m_selection = selection;
    announceSelection();
    repaintWorld();
}

void MapView::setFilter(const QString& words)
{
    if (words == m_filterWords)
        return;
    m_filterWords = words;
    m_filter = TextFilter(words);
    updateBright();
    repaintWorld();
}

void MapView::setFocusNode(const std::string& id)
{
    m_focus = id;
    updateBright();
    repaintWorld();
}

std::string MapView::firstMatch() const
{
    const auto at = std::find_if(m_scene.nodes.begin(), m_scene.nodes.end(), [this](const MapScene::Node& n) { return m_filter.accepts(n.searchText); });
    return at == m_scene.nodes.end() ? std::string() : at->id;
}

void MapView::updateBright()
{
    m_bright.clear();
    const bool focused = !m_focus.empty() && m_scene.findNode(m_focus);
    m_dims = focused || !m_filter.isEmpty();
    if (!m_dims)
        return;
    std::set<std::string> neighbours{m_focus};
    for (const MapScene::Edge& edge : m_scene.edges) {
        if (edge.from == m_focus)
            neighbours.insert(edge.to);
        else if (edge.to == m_focus)
            neighbours.insert(edge.from);
    }
    for (const MapScene::Node& node : m_scene.nodes) {
        if ((!focused || neighbours.contains(node.id)) && m_filter.accepts(node.searchText))
            m_bright.insert(node.id);
    }
}

bool MapView::isBright(const MapScene::Node& node) const { return !m_dims || m_bright.contains(node.id); }

bool MapView::isBright(const MapScene::Edge& edge) const
{
    if (!m_dims)
        return true;
    if (!m_focus.empty() && edge.from != m_focus && edge.to != m_focus)
        return false;
    return m_bright.contains(edge.from) && m_bright.contains(edge.to);
}

const MapScene::Node* MapView::selectedNode() const
{
    const auto* id = std::get_if<NodeId>(&m_selection);
    return id ? m_scene.findNode(id->value) : nullptr;
}

const MapScene::Edge* MapView::selectedEdge() const
{
    const auto* id = std::get_if<EdgeId>(&m_selection);
    return id ? m_scene.findEdge(id->value) : nullptr;
}

void MapView::announceSelection()
{
    QString text;
    if (const MapScene::Node* node = selectedNode())
        text = QStringList{node->name, node->figures, node->detail, node->badge}.join(QStringLiteral(", "));
    else if (const MapScene::Edge* edge = selectedEdge())
        text = tr("%1 calls %2: %3 %4").arg(shortName(edge->from), shortName(edge->to), edge->label, edge->badge);
    if (text.isEmpty() || text == accessibleDescription())
        return;
    setAccessibleDescription(text);
    QAccessibleEvent changed(this, QAccessible::DescriptionChanged);
    QAccessible::updateAccessibility(&changed);
}

QRectF MapView::worldBounds() const { return m_scene.bounds; }

/// What is not painted cannot be meant.
const MapScene::Edge* MapView::edgeUnder(QPointF world) const
{
    const MapScene::Edge* edge = m_scene.edgeAt(world, kEdgeReach / scale());
    const auto index = edge ? static_cast<std::uint32_t>(edge - m_scene.edges.data()) : 0;
    return edge && std::ranges::find(m_plan.edges, index) != m_plan.edges.end() ? edge : nullptr;
}

const MapScene::Group* MapView::containerUnder(QPointF world) const
{
    if (m_plan.detail != MapDetail::Containers)
        return nullptr;
    const auto at = std::ranges::find_if(m_plan.groups, [&](std::uint32_t group) { return m_scene.groupAt(group).rect.contains(world); });
    return at == m_plan.groups.end() ? nullptr : &m_scene.groupAt(*at);
}

void MapView::paintEvent(QPaintEvent* event)
{
    QElapsedTimer timer;
    timer.start();
    CanvasView::paintEvent(event);
    m_worstPaintMs = std::max(m_worstPaintMs, static_cast<double>(timer.nsecsElapsed()) / 1e6);
}

void MapView::clickedAt(QPointF screen, Qt::KeyboardModifiers)
{
    const QPointF world = toWorld(screen);
    if (const MapScene::Node* node = nodeUnder(world))
        Q_EMIT selected(NodeId{node->id});
    else if (const MapScene::Edge* edge = edgeUnder(world))
        Q_EMIT selected(EdgeId{edge->id});
    else
        Q_EMIT selected({});
}

void MapView::hoveredAt(QPointF screen)
{
    const QPointF world = toWorld(screen);
    std::string now;
    if (const MapScene::Node* node = nodeUnder(world))
        now = node->id;
    else if (const MapScene::Edge* edge = edgeUnder(world))
        now = edge->id;
    if (now == m_hovered)
        return;
    m_hovered = std::move(now);
    setCursor(m_hovered.empty() ? Qt::ArrowCursor : Qt::PointingHandCursor);
    repaintWorld();
}

void MapView::mouseDoubleClickEvent(QMouseEvent* event)
{
    const QPointF world = toWorld(event->position());
    if (const MapScene::Node* node = nodeUnder(world))
        Q_EMIT focusWanted(QString::fromStdString(node->id));
    else if (const MapScene::Group* group = containerUnder(world))
        zoomTo(group->rect);
}

void MapView::keyPressEvent(QKeyEvent* event)
{
    const bool plain = !(event->modifiers() & (Qt::ControlModifier | Qt::AltModifier));
    switch (event->key()) {
    case Qt::Key_Left:
    case Qt::Key_Right:
    case Qt::Key_Up:
    case Qt::Key_Down:
        if (!plain)
            break;
        if (const MapScene::Node* next = m_scene.nextNode(selectedNode(), static_cast<Qt::Key>(event->key()))) {
            Q_EMIT selected(NodeId{next->id});
            ensureVisible(next->rect);
        }
        return;
    case Qt::Key_Return:
    case Qt::Key_Enter:
        if (const MapScene::Node* node = selectedNode())
            Q_EMIT focusWanted(QString::fromStdString(node->id));
        return;
    case Qt::Key_Escape:
        if (!m_focus.empty())
            Q_EMIT focusWanted(QString());
        else
            Q_EMIT selected({});
        return;
    default: break;
    }
    CanvasView::keyPressEvent(event);
}

QString MapView::readingAt(QPointF screen) const
{
    const QPointF world = toWorld(screen);
    if (const MapScene::Node* node = nodeUnder(world))
        return lines({node->name, node->figures, node->detail, node->badge});
    if (const MapScene::Edge* edge = edgeUnder(world))
        return tr("%1 → %2\n%3").arg(shortName(edge->from), shortName(edge->to), edge->label) + (edge->badge.isEmpty() ? QString() : QLatin1Char('\n') + edge->badge);
    if (const MapScene::Trunk* trunk = m_plan.trunks.empty() ? nullptr : m_scene.trunkAt(world, kEdgeReach / scale()))
        return tr("%1 → %2\n%3").arg(m_scene.groupAt(trunk->from).name, m_scene.groupAt(trunk->to).name, trunk->label);
    const MapScene::Group* group = containerUnder(world);
    return group ? lines({group->name, group->counts}) : QString();
}

bool MapView::event(QEvent* event)
{
    if (event->type() == QEvent::ToolTip) {
        const auto* help = static_cast<QHelpEvent*>(event);
        const QString text = readingAt(help->pos());
        if (text.isEmpty())
            QToolTip::hideText();
        else
            QToolTip::showText(help->globalPos(), text, this);
        return true;
    }
    return CanvasView::event(event);
}

} // namespace binnacle::desktop
