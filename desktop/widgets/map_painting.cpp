// SPDX-License-Identifier: GPL-3.0-or-later
// How MapView looks; how it behaves is in map_view.cpp.
#include "desktop/viewmodels/figures.h"
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

constexpr double kArrowFrom = 0.28;     // zoom from which edges have arrows
constexpr double kNameFrom = 0.36;      // … boxes names
constexpr double kLabelFrom = 0.62;     // … edges labels
constexpr std::size_t kSmoothBoxes = 400;
constexpr std::size_t kMostMarks = 200;  // of the minimap
constexpr std::size_t kMostBright = 300; // of so many matches each is shown from afar
constexpr double kSpotFrom = 5;         // pixels: what is in trouble is never smaller
constexpr double kDotWidth = 24;        // in pixels: below, a box is a spot
constexpr double kDimmed = 0.22;

bool isBad(Severity severity) { return severity == Severity::Critical || severity == Severity::Warning; }

QPainterPath pathOf(const std::array<QPointF, 4>& curve)
{
    QPainterPath path(curve[0]);
    path.cubicTo(curve[1], curve[2], curve[3]);
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

void paintArrow(QPainter& painter, const std::array<QPointF, 4>& curve, const QColor& color, double size)
{
    const QPointF tip = curve[3];
    QPointF back = curve[3] - curve[2];
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
    m_chosenNode = selectedNode();
    m_chosenEdge = selectedEdge();
    m_plan = planMap(m_scene, visible, scale(), alwaysShown());
    painter.setRenderHint(QPainter::Antialiasing);
    if (m_plan.detail == MapDetail::Containers)
        paintContainers(painter, tokens);
    else
        paintGroups(painter, tokens);
    paintTrunks(painter, tokens);
    if (m_plan.curves)
        paintEdges(painter, tokens);
    else
        paintEdgesAsLines(painter, tokens);
    painter.setRenderHint(QPainter::Antialiasing, m_plan.detail == MapDetail::Cards || m_plan.nodes.size() <= kSmoothBoxes);
    for (const std::uint32_t index : m_plan.nodes) {
        const MapScene::Node& node = m_scene.nodes[index];
        switch (m_plan.detail) {
        case MapDetail::Cards: paintNode(painter, node, tokens); break;
        case MapDetail::Boxes: paintBox(painter, node, tokens); break;
        case MapDetail::Containers: paintSpot(painter, node, tokens); break;
        }
    }
    if (m_plan.detail == MapDetail::Boxes)
        paintBoxTexts(painter, tokens);
    if (m_plan.detail != MapDetail::Containers && scale() >= kLabelFrom)
        paintEdgeLabels(painter, visible, tokens);
    if (m_plan.detail == MapDetail::Containers) {
        paintContainerNames(painter, visibleWorld(), tokens);
        paintTrunkLabels(painter, visible, tokens);
    }
}

/// What must be seen from any distance: the chosen node, and what the filter or the focus leaves bright.
std::vector<std::uint32_t> MapView::alwaysShown() const
{
    std::vector<std::uint32_t> nodes;
    const auto add = [&](const MapScene::Node* node) {
        if (node)
            nodes.push_back(static_cast<std::uint32_t>(node - m_scene.nodes.data()));
    };
    add(m_chosenNode);
    if (m_dims && m_bright.size() <= kMostBright) {
        for (const std::string& id : m_bright)
            add(m_scene.findNode(id));
    }
    return nodes;
}

void MapView::paintEdges(QPainter& painter, const Tokens& tokens) const
{
    for (const std::uint32_t edge : m_plan.edges)
        paintEdge(painter, m_scene.edges[edge], tokens);
}

/// Too many to tell apart: straight lines without smoothing.
void MapView::paintEdgesAsLines(QPainter& painter, const Tokens& tokens) const
{
    painter.setRenderHint(QPainter::Antialiasing, false);
    std::map<std::pair<double, QRgb>, QList<QLineF>> byColor; // the strongest last
    for (const std::uint32_t index : m_plan.edges) {
        const MapScene::Edge& edge = m_scene.edges[index];
        const bool chosen = m_chosenEdge == &edge || (m_chosenNode && (edge.from == m_chosenNode->id || edge.to == m_chosenNode->id));
        const double opacity = !isBright(edge) ? kDimmed / 2 : isBad(edge.severity) || chosen ? 1 : 0.35;
        const QColor color = mixed(chosen ? tokens.accent : edgeColor(edge, tokens), tokens.window, opacity);
        byColor[{opacity, color.rgb()}].append(QLineF(edge.curve[0], edge.curve[3]));
    }
    for (const auto& [color, lines] : byColor) {
        painter.setPen(QPen(QColor(color.second), 0)); // one pixel at any zoom
        painter.drawLines(lines);
    }
}

void MapView::paintGroups(QPainter& painter, const Tokens& tokens) const
{
    for (const std::uint32_t index : m_plan.groups) {
        const MapScene::Group& group = m_scene.groups[index];
        painter.setPen(QPen(tokens.border, 1));
        painter.setBrush(mixed(tokens.surface, tokens.window, 0.7));
        painter.drawRoundedRect(group.rect, 10, 10);
        painter.setPen(tokens.faint);
        painter.setFont(boldFont(TypeSize::kSmall + 1));
        painter.drawText(group.rect.adjusted(14, 7, -14, 0), Qt::AlignLeft | Qt::AlignTop, group.name);
    }
}

/// From afar a namespace is one thing, in the colour of the worst in it.
void MapView::paintContainers(QPainter& painter, const Tokens& tokens) const
{
    const double round = 6 / scale();
    for (const std::uint32_t index : m_plan.groups) {
        const MapScene::Group& group = m_scene.groupAt(index);
        const QColor health = colorOf(group.severity, tokens);
        QPen frame(isBad(group.severity) ? mixed(health, tokens.window, 0.8) : tokens.border, isBad(group.severity) ? 1.5 : 1);
        frame.setCosmetic(true);
        painter.setPen(frame);
        painter.setBrush(isBad(group.severity) ? mixed(health, tokens.surface, 0.10) : mixed(tokens.surface, tokens.window, 0.7));
        painter.drawRoundedRect(group.rect, round, round);
    }
}

/// In screen coordinates, at the beginning of what is visible of each; a namespace too low for its name shows it when one comes nearer.
void MapView::paintContainerNames(QPainter& painter, const QRectF& visible, const Tokens& tokens) const
{
    constexpr double kPad = 8, kLine = 18, kSign = 16;
    const QTransform place = painter.worldTransform();
    const QFont nameFont = boldFont(TypeSize::kBody), countFont = smallFont();
    const QFontMetricsF nameMetrics(nameFont), countMetrics(countFont);
    painter.save();
    painter.resetTransform();
    painter.setRenderHint(QPainter::Antialiasing);
    for (const std::uint32_t index : m_plan.groups) {
        const MapScene::Group& group = m_scene.groupAt(index);
        const QRectF box = place.mapRect(group.rect.intersected(visible)).adjusted(kPad / 2, 2, -kPad / 2, -2);
        const bool hasTwoLines = box.height() >= 2 * kLine + 2;
        if (box.height() < 12 || box.width() < 40)
            continue;
        const double sign = isBad(group.severity) ? kSign : 0;
        const double name = nameMetrics.horizontalAdvance(group.name), counts = countMetrics.horizontalAdvance(group.counts);
        const double wanted = sign + (hasTwoLines ? std::max(name, counts) : name + 10 + counts);
        const double width = std::min(wanted + 2 * kPad, box.width());
        const double height = hasTwoLines ? 2 * kLine : std::min(kLine, box.height());
        const bool isLow = group.rect.height() * scale() < 4 * kLine;
        const QRectF plate(box.left(), isLow ? box.center().y() - height / 2 : box.top() + 2, width, height);
        painter.setPen(Qt::NoPen);
        painter.setBrush(mixed(tokens.surface, tokens.window, 0.9));
        painter.drawRoundedRect(plate, 4, 4);
        if (isBad(group.severity))
            paintSeverity(painter, QPointF(plate.left() + kPad + 5, plate.top() + std::min(kLine, plate.height()) / 2), 5, group.severity, tokens);
        const QRectF text = plate.adjusted(kPad + sign, 0, -kPad / 2, 0);
        painter.setFont(nameFont);
        painter.setPen(tokens.text);
        painter.drawText(QRectF(text.left(), text.top(), text.width(), hasTwoLines ? kLine : text.height()), Qt::AlignLeft | Qt::AlignVCenter,
                         nameMetrics.elidedText(group.name, Qt::ElideRight, text.width()));
        painter.setFont(countFont);
        painter.setPen(group.severity == Severity::Critical ? tokens.critical : group.severity == Severity::Warning ? tokens.warning : tokens.muted);
        const QRectF rest = hasTwoLines ? text.adjusted(0, kLine - 2, 0, 0) : text.adjusted(name + 10, 0, 0, 0);
        if (rest.width() > 30)
            painter.drawText(rest, Qt::AlignLeft | Qt::AlignVCenter, countMetrics.elidedText(group.counts, Qt::ElideRight, rest.width()));
    }
    painter.restore();
}

void MapView::paintTrunks(QPainter& painter, const Tokens& tokens) const
{
    for (const std::uint32_t index : m_plan.trunks) {
        const MapScene::Trunk& trunk = m_scene.trunks[index];
        const bool bad = isBad(trunk.severity);
        const QColor color = mixed(bad ? colorOf(trunk.severity, tokens) : tokens.http, tokens.window, m_dims ? kDimmed : bad ? 0.85 : 0.30 + 0.3 * trunk.weight);
        QPen pen(color, 1 + 3 * trunk.weight);
        pen.setCosmetic(true);
        painter.setPen(pen);
        painter.setBrush(Qt::NoBrush);
        painter.drawPath(pathOf(trunk.curve));
        paintArrow(painter, trunk.curve, color, (6 + 4 * trunk.weight) / scale());
    }
}

namespace {

/// What is in trouble stays large enough to be seen.
QRectF spotOf(const MapScene::Node& node, double scale, bool chosen)
{
    const QRectF& rect = node.rect;
    if (!chosen && !isBad(node.severity))
        return rect;
    const double least = (chosen ? 2 : 1) * kSpotFrom / scale;
    const QSizeF size(std::max(rect.width(), least), std::max(rect.height(), least));
    return {rect.center() - QPointF(size.width(), size.height()) / 2, size};
}

} // namespace

/// From afar: its health.
void MapView::paintSpot(QPainter& painter, const MapScene::Node& node, const Tokens& tokens) const
{
    const bool chosen = m_chosenNode == &node;
    const double opacity = !isBright(node) ? kDimmed : isBad(node.severity) || chosen || m_dims ? 1 : 0.4;
    painter.fillRect(spotOf(node, scale(), chosen), mixed(chosen ? tokens.accent : colorOf(node.severity, tokens), tokens.surface, opacity));
}

/// What is not painted cannot be meant.
const MapScene::Node* MapView::nodeUnder(QPointF world) const
{
    if (m_plan.detail != MapDetail::Containers)
        return m_scene.nodeAt(world);
    const auto at = std::find_if(m_plan.nodes.rbegin(), m_plan.nodes.rend(), [&](std::uint32_t node) { return spotOf(m_scene.nodes[node], scale(), false).contains(world); });
    return at == m_plan.nodes.rend() ? nullptr : &m_scene.nodes[*at];
}

void MapView::paintEdge(QPainter& painter, const MapScene::Edge& edge, const Tokens& tokens) const
{
    const bool chosen = m_chosenEdge == &edge || m_hovered == edge.id;
    const MapScene::Node* node = m_chosenNode;
    const bool touches = node && (edge.from == node->id || edge.to == node->id);
    QColor color = chosen ? tokens.accent : edgeColor(edge, tokens);
    if (!isBright(edge))
        color = mixed(color, tokens.window, kDimmed);
    else if (!chosen && !touches && !isBad(edge.severity))
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
    painter.drawPath(pathOf(edge.curve));
    if (scale() >= kArrowFrom)
        paintArrow(painter, edge.curve, color, 8 + 2 * edge.weight);
}

namespace {

/// Labels where there is room: one that would cover another, or what stands there, stays away.
class Labels {
public:
    Labels(QPainter& painter, std::size_t most) : m_painter(painter), m_left(most) {}

    void keepFree(const QRectF& rect) { m_taken.push_back(rect); }
    void add(QPointF middle, const QString& text, const QColor& color, const QColor& frame, const QColor& ground, bool always = false)
    {
        const double width = m_painter.fontMetrics().horizontalAdvance(text) + 14;
        const QRectF pill(middle.x() - width / 2, middle.y() - 10, width, 20);
        const bool free = m_left > 0 && std::none_of(m_taken.begin(), m_taken.end(), [&pill](const QRectF& r) { return r.intersects(pill); });
        if (!free && !always)
            return;
        m_left -= m_left > 0;
        m_taken.push_back(pill);
        m_painter.setPen(QPen(frame, 1));
        m_painter.setBrush(ground);
        m_painter.drawRoundedRect(pill, 10, 10);
        m_painter.setPen(color);
        m_painter.drawText(pill, Qt::AlignCenter, text);
    }

private:
    QPainter& m_painter;
    std::size_t m_left;
    std::vector<QRectF> m_taken;
};

} // namespace

/// Worst first.
void MapView::paintEdgeLabels(QPainter& painter, const QRectF& visible, const Tokens& tokens) const
{
    painter.setRenderHint(QPainter::Antialiasing);
    painter.setFont(smallFont());
    Labels labels(painter, m_plan.labels);
    for (const std::uint32_t node : m_plan.nodes)
        labels.keepFree(m_scene.nodes[node].rect);
    for (auto at = m_plan.edges.rbegin(); at != m_plan.edges.rend(); ++at) {
        const MapScene::Edge& edge = m_scene.edges[*at];
        const bool chosen = m_chosenEdge == &edge || m_hovered == edge.id;
        if (!visible.contains(edge.middle) || !isBright(edge) || (!m_plan.curves && !chosen))
            continue;
        const QColor color = isBad(edge.severity) ? colorOf(edge.severity, tokens) : tokens.muted;
        const QColor frame = chosen ? tokens.accent : isBad(edge.severity) ? mixed(color, tokens.surface, 0.6) : tokens.border;
        labels.add(edge.middle, edge.label, color, frame, tokens.surface, chosen);
    }
}

void MapView::paintTrunkLabels(QPainter& painter, const QRectF& visible, const Tokens& tokens) const
{
    const QTransform place = painter.worldTransform();
    painter.save();
    painter.resetTransform();
    painter.setRenderHint(QPainter::Antialiasing);
    painter.setFont(smallFont());
    Labels labels(painter, m_plan.labels);
    for (const std::uint32_t group : m_plan.groups)
        labels.keepFree(place.mapRect(m_scene.groupAt(group).rect));
    for (auto at = m_plan.trunks.rbegin(); at != m_plan.trunks.rend(); ++at) {
        const MapScene::Trunk& trunk = m_scene.trunks[*at];
        const QColor color = isBad(trunk.severity) ? colorOf(trunk.severity, tokens) : tokens.muted;
        if (visible.contains(trunk.middle))
            labels.add(place.map(trunk.middle), trunk.label, color, isBad(trunk.severity) ? mixed(color, tokens.surface, 0.6) : tokens.border, tokens.surface);
    }
    painter.restore();
}

/// From afar: a box in the colour of its health.
void MapView::paintBox(QPainter& painter, const MapScene::Node& node, const Tokens& tokens) const
{
    const bool chosen = m_chosenNode == &node;
    const bool bad = isBad(node.severity);
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
void MapView::paintBoxTexts(QPainter& painter, const Tokens& tokens) const
{
    if (scale() < kNameFrom || m_plan.nodes.empty())
        return;
    const QTransform place = painter.worldTransform();
    painter.save();
    painter.resetTransform();
    const double height = m_scene.nodes[m_plan.nodes.front()].rect.height() * scale();
    const bool twoLines = height >= 28;
    const auto each = [&](const QFont& font, const QColor& color, double top, double bottom, auto text) {
        painter.setFont(font);
        const QFontMetrics metrics(font);
        for (const std::uint32_t index : m_plan.nodes) {
            const MapScene::Node* node = &m_scene.nodes[index];
            const QRectF box = place.mapRect(node->rect);
            const bool alone = !twoLines || node->figures.isEmpty();
            const QRectF room = alone ? box.adjusted(4, 0, -4, 0) : box.adjusted(4, top * height, -4, -bottom * height);
            painter.setPen(mixed(color, tokens.window, isBright(*node) ? 1 : kDimmed));
            painter.drawText(room, Qt::AlignCenter, metrics.elidedText(text(*node), Qt::ElideMiddle, static_cast<int>(room.width())));
        }
    };
    each(twoLines ? boldFont(12) : smallFont(), tokens.text, 0.08, 0.46, [](const MapScene::Node& node) { return node.name; });
    if (twoLines)
        each(smallFont(), tokens.muted, 0.50, 0.08, [](const MapScene::Node& node) { return node.rate; });
    painter.restore();
}

void MapView::paintNode(QPainter& painter, const MapScene::Node& node, const Tokens& tokens) const
{
    const bool chosen = m_chosenNode == &node, hovered = m_hovered == node.id;
    painter.save();
    painter.setOpacity(isBright(node) ? 1 : kDimmed);
    const QColor health = colorOf(node.severity, tokens);
    const bool bad = isBad(node.severity);
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
    if (m_plan.leftOut > 0)
        paintLeftOut(painter, tokens);
    if (showsFocus()) {
        painter.setPen(tokens.accent);
        painter.setBrush(Qt::NoBrush);
        painter.drawRect(rect().adjusted(0, 0, -1, -1));
    }
}

/// What is not painted is said.
void MapView::paintLeftOut(QPainter& painter, const Tokens& tokens) const
{
    const QString text = tr("%1 further edges not drawn: zoom in, choose a service or filter").arg(countText(std::uint64_t{m_plan.leftOut}));
    painter.setRenderHint(QPainter::Antialiasing);
    painter.setFont(smallFont());
    const QRectF pill(12, height() - 12 - 22, painter.fontMetrics().horizontalAdvance(text) + 20, 22);
    painter.setPen(tokens.border);
    painter.setBrush(tokens.surface);
    painter.drawRoundedRect(pill, 11, 11);
    painter.setPen(tokens.muted);
    painter.drawText(pill, Qt::AlignCenter, text);
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
    const bool isLarge = m_scene.nodes.size() > kMostMarks; // then containers, and what is in trouble
    for (std::size_t i = 0; isLarge && i < std::min(m_scene.groups.size(), kMostMarks); ++i)
        painter.fillRect(place(m_scene.groups[i].rect), mixed(tokens.muted, tokens.surface, 0.35));
    std::size_t marks = 0;
    for (const MapScene::Node& node : m_scene.nodes) {
        if ((isLarge && !isBad(node.severity)) || marks++ >= kMostMarks)
            continue;
        const QRectF r = place(node.rect);
        painter.fillRect(QRectF(r.topLeft(), QSizeF(std::max(2.0, r.width()), std::max(2.0, r.height()))), mixed(colorOf(node.severity, tokens), tokens.surface, 0.7));
    }
    painter.setPen(QPen(tokens.accent, 1));
    painter.setBrush(Qt::NoBrush);
    painter.drawRect(place(visibleWorld()).intersected(frame.adjusted(1, 1, -1, -1)));
}

} // namespace binnacle::desktop
