// SPDX-License-Identifier: GPL-3.0-or-later
// How MapView looks; how it behaves is in map_view.cpp.
#include "desktop/widgets/cell_delegate.h"
#include "desktop/widgets/design_tokens.h"
#include "desktop/widgets/icons.h"
#include "desktop/widgets/map_view.h"
#include "desktop/widgets/theme.h"

#include <QPainter>
#include <QPainterPath>

#include <algorithm>
#include <cmath>
#include <map>

namespace binnacle::desktop {

namespace {

constexpr double kTextFrom = 0.55;      // zoom from which cards carry figures
constexpr double kNameFrom = 0.28;      // … names
constexpr double kLabelFrom = 0.62;     // edges carry labels
constexpr std::size_t kSmoothEdges = 400; // smooth curves are the cost of large maps
constexpr std::size_t kSmoothNodes = 400;
constexpr std::size_t kMostLines = 3000;
constexpr std::size_t kMostTexts = 600;
constexpr double kDotWidth = 24;        // in pixels: below, a box is a spot
constexpr double kDimmed = 0.22;

QPainterPath pathOf(const MapScene::Edge& edge)
{
    QPainterPath path(edge.curve[0]);
    path.cubicTo(edge.curve[1], edge.curve[2], edge.curve[3]);
    return path;
}

QColor edgeColor(const MapScene::Edge& edge, const Tokens& tokens)
{
    if (edge.severity == Severity::Critical || edge.severity == Severity::Warning)
        return colorOf(edge.severity, tokens);
    if (edge.possible)
        return tokens.faint;
    return edge.parsed ? tokens.http : tokens.tcp;
}

void paintArrow(QPainter& painter, const MapScene::Edge& edge, const QColor& color, double size)
{
    const QPointF tip = edge.curve[3];
    QPointF back = edge.curve[3] - edge.curve[2];
    const double length = std::hypot(back.x(), back.y());
    back = length > 0 ? back / length : QPointF(1, 0);
    const QPointF side(-back.y(), back.x());
    const QPointF arrow[]{tip, tip - back * size + side * size * 0.45, tip - back * size - side * size * 0.45};
    painter.setPen(Qt::NoPen);
    painter.setBrush(color);
    painter.drawPolygon(arrow, 3);
}

} // namespace

void MapView::paintWorld(QPainter& painter, const QRectF& visible)
{
    const Tokens& tokens = tokensOf(*this);
    paintGroups(painter, visible, tokens);
    std::vector<const MapScene::Edge*> edges;
    for (const MapScene::Edge& edge : m_scene.edges) {
        if (edge.bounds.intersects(visible))
            edges.push_back(&edge);
    }
    std::vector<const MapScene::Node*> nodes;
    for (const MapScene::Node& node : m_scene.nodes) {
        if (node.rect.adjusted(-4, -18, 4, 4).intersects(visible))
            nodes.push_back(&node);
    }
    if (edges.size() > kSmoothEdges)
        paintEdgesAsLines(painter, edges, tokens);
    else
        paintEdges(painter, edges, tokens);
    painter.setRenderHint(QPainter::Antialiasing, nodes.size() <= kSmoothNodes);
    for (const MapScene::Node* node : nodes) {
        if (scale() >= kTextFrom)
            paintNode(painter, *node, tokens);
        else
            paintBox(painter, *node, tokens);
    }
    if (scale() < kTextFrom)
        paintBoxTexts(painter, nodes, tokens);
    if (scale() >= kLabelFrom)
        paintEdgeLabels(painter, visible, tokens);
}

void MapView::paintEdges(QPainter& painter, const std::vector<const MapScene::Edge*>& edges, const Tokens& tokens) const
{
    painter.setRenderHint(QPainter::Antialiasing);
    for (const MapScene::Edge* edge : edges)
        paintEdge(painter, *edge, tokens);
}

/// Too many to tell apart: straight lines without smoothing, the worst and busiest only.
void MapView::paintEdgesAsLines(QPainter& painter, const std::vector<const MapScene::Edge*>& edges, const Tokens& tokens) const
{
    painter.setRenderHint(QPainter::Antialiasing, false);
    std::map<QRgb, QList<QLineF>> byColor;
    for (std::size_t i = edges.size() - std::min(edges.size(), kMostLines); i < edges.size(); ++i) {
        const MapScene::Edge& edge = *edges[i];
        const bool bad = edge.severity == Severity::Critical || edge.severity == Severity::Warning;
        const QColor color = mixed(edgeColor(edge, tokens), tokens.window, !isBright(edge) ? kDimmed / 2 : bad ? 1 : 0.35);
        byColor[color.rgb()].append(QLineF(edge.curve[0], edge.curve[3]));
    }
    for (const auto& [color, lines] : byColor) {
        painter.setPen(QPen(QColor(color), 0)); // one pixel at any zoom
        painter.drawLines(lines);
    }
}

void MapView::paintGroups(QPainter& painter, const QRectF& visible, const Tokens& tokens) const
{
    painter.setRenderHint(QPainter::Antialiasing);
    for (const MapScene::Group& group : m_scene.groups) {
        if (!group.rect.intersects(visible))
            continue;
        painter.setPen(QPen(tokens.border, 1));
        painter.setBrush(mixed(tokens.surface, tokens.window, 0.7));
        painter.drawRoundedRect(group.rect, 10, 10);
        painter.setPen(tokens.faint);
        painter.setFont(boldFont(TypeSize::kSmall + 1));
        painter.drawText(group.rect.adjusted(14, 7, -14, 0), Qt::AlignLeft | Qt::AlignTop, group.name);
    }
}

void MapView::paintEdge(QPainter& painter, const MapScene::Edge& edge, const Tokens& tokens) const
{
    const bool chosen = selectedEdge() == &edge || m_hovered == edge.id;
    const MapScene::Node* node = selectedNode();
    const bool touches = node && (edge.from == node->id || edge.to == node->id);
    QColor color = chosen ? tokens.accent : edgeColor(edge, tokens);
    if (!isBright(edge))
        color = mixed(color, tokens.window, kDimmed);
    else if (!chosen && !touches && edge.severity != Severity::Critical && edge.severity != Severity::Warning)
        color = mixed(color, tokens.window, 0.75);
    const double width = 1.3 + 2.4 * edge.weight + (chosen || touches ? 0.8 : 0);
    // A thin line must not vanish when the map is far away.
    QPen pen(color, std::max(width, 0.8 / scale()));
    pen.setCapStyle(Qt::FlatCap);
    if (edge.possible)
        pen.setDashPattern({1.5, 3.5});
    else if (!edge.parsed)
        pen.setDashPattern({4, 3});
    painter.setPen(pen);
    painter.setBrush(Qt::NoBrush);
    painter.drawPath(pathOf(edge));
    if (scale() >= kNameFrom)
        paintArrow(painter, edge, color, 8 + 2 * edge.weight);
}

/// Worst first; a label that would cover another or a node stays away until there is room.
void MapView::paintEdgeLabels(QPainter& painter, const QRectF& visible, const Tokens& tokens) const
{
    painter.setRenderHint(QPainter::Antialiasing);
    painter.setFont(smallFont());
    std::vector<QRectF> taken;
    for (const MapScene::Node& node : m_scene.nodes) {
        if (node.rect.intersects(visible))
            taken.push_back(node.rect);
    }
    for (auto at = m_scene.edges.rbegin(); at != m_scene.edges.rend(); ++at) {
        const MapScene::Edge& edge = *at;
        const bool chosen = selectedEdge() == &edge || m_hovered == edge.id;
        if (!visible.contains(edge.middle) || !isBright(edge))
            continue;
        const QString& text = edge.label;
        const double width = painter.fontMetrics().horizontalAdvance(text) + 14;
        const QRectF pill(edge.middle.x() - width / 2, edge.middle.y() - 10, width, 20);
        const bool free = std::none_of(taken.begin(), taken.end(), [&pill](const QRectF& r) { return r.intersects(pill); });
        if (!free && !chosen)
            continue;
        taken.push_back(pill);
        const bool bad = edge.severity == Severity::Critical || edge.severity == Severity::Warning;
        const QColor color = bad ? colorOf(edge.severity, tokens) : tokens.muted;
        painter.setPen(QPen(chosen ? tokens.accent : bad ? mixed(color, tokens.surface, 0.6) : tokens.border, 1));
        painter.setBrush(tokens.surface);
        painter.drawRoundedRect(pill, 10, 10);
        painter.setPen(color);
        painter.drawText(pill, Qt::AlignCenter, text);
    }
}

/// From afar: a box in the colour of its health.
void MapView::paintBox(QPainter& painter, const MapScene::Node& node, const Tokens& tokens) const
{
    const bool chosen = selectedNode() == &node;
    const bool bad = node.severity == Severity::Critical || node.severity == Severity::Warning;
    const QColor health = mixed(colorOf(node.severity, tokens), tokens.window, isBright(node) ? 1 : kDimmed);
    if (node.rect.width() * scale() < kDotWidth && !chosen) {
        painter.fillRect(node.rect, mixed(health, tokens.surface, 0.7));
        return;
    }
    const bool smooth = painter.testRenderHint(QPainter::Antialiasing);
    QPen frame(chosen ? tokens.accent : health, chosen ? 3 : smooth ? 1.5 : 0);
    frame.setCosmetic(true);
    painter.setPen(frame);
    painter.setBrush(mixed(health, tokens.raised, bad ? 0.22 : 0.08));
    if (smooth)
        painter.drawRoundedRect(node.rect, 9, 9);
    else
        painter.drawRect(node.rect);
}

/// What fits into the boxes, at a size that can be read: in screen coordinates, with one font after the other.
void MapView::paintBoxTexts(QPainter& painter, const std::vector<const MapScene::Node*>& nodes, const Tokens& tokens) const
{
    if (scale() < kNameFrom || nodes.size() > kMostTexts)
        return;
    painter.save();
    painter.resetTransform();
    const double height = nodes.empty() ? 0 : nodes.front()->rect.height() * scale();
    const bool twoLines = height >= 28;
    const auto each = [&](const QFont& font, const QColor& color, double top, double bottom, auto text) {
        painter.setFont(font);
        const QFontMetrics metrics(font);
        for (const MapScene::Node* node : nodes) {
            const QRectF box(toScreen(node->rect.topLeft()), node->rect.size() * scale());
            const bool alone = !twoLines || node->figures.isEmpty();
            const QRectF room = alone ? box.adjusted(4, 0, -4, 0) : box.adjusted(4, top * height, -4, -bottom * height);
            painter.setPen(mixed(color, tokens.window, isBright(*node) ? 1 : kDimmed));
            painter.drawText(room, Qt::AlignCenter, metrics.elidedText(text(*node), Qt::ElideMiddle, static_cast<int>(room.width())));
        }
    };
    each(boldFont(12), tokens.text, 0.08, 0.46, [](const MapScene::Node& node) { return node.name; });
    if (twoLines)
        each(smallFont(), tokens.muted, 0.50, 0.08, [](const MapScene::Node& node) { return node.rate; });
    painter.restore();
}

void MapView::paintNode(QPainter& painter, const MapScene::Node& node, const Tokens& tokens) const
{
    const bool chosen = selectedNode() == &node, hovered = m_hovered == node.id;
    painter.save();
    painter.setOpacity(isBright(node) ? 1 : kDimmed);
    const QColor health = colorOf(node.severity, tokens);
    const bool bad = node.severity == Severity::Critical || node.severity == Severity::Warning;
    QPen frame(chosen ? tokens.accent : bad ? mixed(health, tokens.surface, 0.75) : hovered ? tokens.faint : tokens.border, chosen ? 2 : 1);
    if (node.outside)
        frame.setDashPattern({4, 3});
    painter.setPen(frame);
    painter.setBrush(bad ? mixed(health, tokens.raised, 0.07) : node.outside ? tokens.window : tokens.raised);
    painter.drawRoundedRect(node.rect, 9, 9);

    const QPointF hub(node.rect.left() + 29, node.rect.center().y());
    constexpr double kRing = 17;
    painter.setBrush(tokens.surface);
    painter.setPen(QPen(mixed(health, tokens.surface, node.outside || node.listed ? 0.5 : 1), 2.6));
    painter.drawEllipse(hub, kRing, kRing);
    if (node.errorShare > 0 && node.severity != Severity::Critical) {
        painter.setPen(QPen(tokens.critical, 2.6));
        painter.setBrush(Qt::NoBrush);
        painter.drawArc(QRectF(hub.x() - kRing, hub.y() - kRing, 2 * kRing, 2 * kRing), 90 * 16, -std::max(200, static_cast<int>(node.errorShare * 5760)));
    }
    painter.setPen(node.outside || node.gone || node.listed ? tokens.faint : tokens.text);
    painter.setFont(boldFont(TypeSize::kBody));
    if (*node.icon)
        painter.drawPixmap(QRectF(hub.x() - 9, hub.y() - 9, 18, 18), iconPixmap(QLatin1String(node.icon), tokens.muted, 36, devicePixelRatioF()), QRectF(0, 0, 36 * devicePixelRatioF(), 36 * devicePixelRatioF()));
    else
        painter.drawText(QRectF(hub.x() - kRing, hub.y() - kRing, 2 * kRing, 2 * kRing), Qt::AlignCenter, node.monogram);
    if (bad)
        paintSeverity(painter, hub + QPointF(13, -13), 5, node.severity, tokens);

    const bool twoLines = node.figures.isEmpty();
    const double left = node.rect.left() + 55, width = node.rect.width() - 55 - 8;
    double y = node.rect.top() + (twoLines ? 13 : 6);
    const auto line = [&](const QString& text, const QFont& font, const QColor& color, double height) {
        painter.setFont(font);
        painter.setPen(color);
        painter.drawText(QRectF(left, y, width, height), Qt::AlignLeft | Qt::AlignVCenter, painter.fontMetrics().elidedText(text, Qt::ElideRight, static_cast<int>(width)));
        y += height;
    };
    line(node.name, boldFont(TypeSize::kBody), node.listed ? tokens.muted : tokens.text, 20);
    if (!twoLines)
        line(node.figures, smallFont(), tokens.muted, 16);
    line(node.detail, smallFont(), node.gone ? tokens.critical : bad && node.errorShare > 0 ? health : tokens.faint, 16);

    if (!node.badge.isEmpty()) {
        painter.setFont(smallFont());
        const double badgeWidth = painter.fontMetrics().horizontalAdvance(node.badge) + 14;
        const QRectF badge(node.rect.right() - badgeWidth - 8, node.rect.top() - 15, badgeWidth, 18);
        painter.setPen(QPen(tokens.warning, 1));
        painter.setBrush(mixed(tokens.warning, tokens.surface, 0.15));
        painter.drawRoundedRect(badge, 9, 9);
        painter.setPen(tokens.warning);
        painter.drawText(badge, Qt::AlignCenter, node.badge);
    }
    painter.restore();
}

void MapView::paintOverlay(QPainter& painter)
{
    const Tokens& tokens = tokensOf(*this);
    if (!m_scene.nodes.empty() && !visibleWorld().contains(m_scene.bounds))
        paintMinimap(painter, tokens);
    if (showsFocus()) {
        painter.setPen(tokens.accent);
        painter.setBrush(Qt::NoBrush);
        painter.drawRect(rect().adjusted(0, 0, -1, -1));
    }
}

void MapView::paintMinimap(QPainter& painter, const Tokens& tokens) const
{
    const QRectF frame(width() - 176 - 12, height() - 116 - 12, 176, 116);
    const QRectF world = m_scene.bounds.united(visibleWorld());
    const double factor = std::min((frame.width() - 12) / world.width(), (frame.height() - 12) / world.height());
    const auto place = [&](const QRectF& r) {
        return QRectF(frame.center() + (r.topLeft() - world.center()) * factor, r.size() * factor);
    };
    painter.setRenderHint(QPainter::Antialiasing);
    painter.setPen(tokens.border);
    painter.setBrush(tokens.surface);
    painter.drawRoundedRect(frame, 6, 6);
    painter.setPen(Qt::NoPen);
    for (const MapScene::Node& node : m_scene.nodes) {
        const QRectF r = place(node.rect);
        painter.fillRect(QRectF(r.topLeft(), QSizeF(std::max(2.0, r.width()), std::max(2.0, r.height()))), mixed(colorOf(node.severity, tokens), tokens.surface, 0.7));
    }
    painter.setPen(QPen(tokens.accent, 1));
    painter.setBrush(Qt::NoBrush);
    painter.drawRect(place(visibleWorld()).intersected(frame.adjusted(1, 1, -1, -1)));
}

} // namespace binnacle::desktop
