// SPDX-License-Identifier: GPL-3.0-or-later
#include "desktop/viewmodels/map_plan.h"

#include <algorithm>
#include <array>

namespace binnacle::desktop {

namespace {

constexpr double kCardsFrom = 0.55, kBoxesFrom = 0.28; // zoom
constexpr double kCellWidth = 332, kCellHeight = 108;  // of a node with the room around it, where they are densest
constexpr double kMostCards = 260, kMostBoxes = 800, kMostSpots = 1200;
constexpr double kSmallMap = 300;                      // of so few services each is a box however far away it is

// What is drawn of each; a card has a frame, a ring, a monogram and three lines, and now and then a badge.
constexpr std::size_t kCardCost = 7, kBoxCost = 3, kSpotCost = 1, kGroupCost = 5, kCurveCost = 2, kLineCost = 1, kLabelCost = 2;
constexpr std::size_t kKeptBack = 300; // for what is above the world, and for what is chosen
constexpr std::size_t kMostCurves = 400, kMostLines = 800, kMostTrunks = 120, kMostGroups = 160;
constexpr std::size_t kMostEdgeLabels = 60, kMostTrunkLabels = 12;

bool isBad(Severity severity) { return severity == Severity::Critical || severity == Severity::Warning; }

/// The most services that a view of this size can show, wherever it stands.
double capacityOf(const MapScene& scene, const QRectF& visible)
{
    const double cells = (visible.width() / kCellWidth + 1) * (visible.height() / kCellHeight + 1);
    return std::min(cells, static_cast<double>(scene.nodes.size()));
}

class Planner {
public:
    Planner(const MapScene& scene, const QRectF& visible, double scale, const std::vector<std::uint32_t>& chosen)
        : m_scene(scene), m_visible(visible), m_capacity(capacityOf(scene, visible)), m_isChosen(scene.nodes.size(), false)
    {
        for (const std::uint32_t node : chosen)
            m_isChosen[node] = true;
        if (scale >= kCardsFrom && m_capacity <= kMostCards)
            m_plan.detail = MapDetail::Cards;
        else if ((scale >= kBoxesFrom && m_capacity <= kMostBoxes) || static_cast<double>(scene.nodes.size()) <= kSmallMap)
            m_plan.detail = MapDetail::Boxes;
        else
            m_plan.detail = MapDetail::Containers;
    }

    MapPlan run()
    {
        takeGroups();
        takeNodes();
        if (m_plan.detail == MapDetail::Containers)
            takeTrunks();
        else
            reserve(m_plan.labels = std::min<std::size_t>(kMostEdgeLabels, m_scene.edges.size()), kLabelCost);
        takeEdges();
        return std::move(m_plan);
    }

private:
    bool isContainers() const { return m_plan.detail == MapDetail::Containers; }
    void reserve(std::size_t count, std::size_t cost) { m_left -= std::min(m_left, count * cost); }

    void takeGroups()
    {
        for (std::uint32_t i = 0; i < m_scene.groups.size() && m_plan.groups.size() < kMostGroups; ++i) {
            if (m_scene.groups[i].rect.intersects(m_visible))
                m_plan.groups.push_back(i);
        }
        if (isContainers() && m_scene.rest.services > 0 && m_scene.rest.rect.intersects(m_visible))
            m_plan.groups.push_back(MapScene::kRest);
        reserve(m_plan.groups.size(), kGroupCost);
    }

    void takeNodes()
    {
        m_plan.showsAllNodes = !isContainers() || m_capacity <= kMostSpots;
        const std::size_t cost = m_plan.detail == MapDetail::Cards ? kCardCost : m_plan.detail == MapDetail::Boxes ? kBoxCost : kSpotCost;
        const auto take = [&](auto accepts) {
            for (std::uint32_t i = 0; i < m_scene.nodes.size() && (m_plan.nodes.size() + 1) * cost <= m_left; ++i) {
                const MapScene::Node& node = m_scene.nodes[i];
                if (accepts(i, node) && node.rect.adjusted(-4, -18, 4, 4).intersects(m_visible))
                    m_plan.nodes.push_back(i);
            }
        };
        if (m_plan.showsAllNodes) {
            take([](std::uint32_t, const MapScene::Node&) { return true; });
        } else { // the worst first: there may be too many even of those
            take([&](std::uint32_t i, const MapScene::Node& node) { return m_isChosen[i] || node.severity == Severity::Critical; });
            take([&](std::uint32_t i, const MapScene::Node& node) { return !m_isChosen[i] && node.severity == Severity::Warning && m_plan.nodes.size() < kMostSpots; });
        }
        reserve(m_plan.nodes.size(), cost);
    }

    void takeTrunks()
    {
        const auto& trunks = m_scene.trunks;
        for (auto i = static_cast<std::uint32_t>(trunks.size()); i-- > 0 && m_plan.trunks.size() < kMostTrunks;) {
            if (trunks[i].bounds.intersects(m_visible))
                m_plan.trunks.push_back(i);
        }
        std::reverse(m_plan.trunks.begin(), m_plan.trunks.end());
        m_plan.labels = std::min(kMostTrunkLabels, m_plan.trunks.size());
        reserve(m_plan.trunks.size(), kCurveCost);
        reserve(m_plan.labels, kLabelCost);
    }

    /// Those of what is chosen, then those in trouble, then those that have an end here, then what passes by.
    int rankOf(const MapScene::Edge& edge) const
    {
        if (m_isChosen[edge.fromNode] || m_isChosen[edge.toNode])
            return 3;
        const bool isHere = m_scene.nodes[edge.fromNode].rect.intersects(m_visible) || m_scene.nodes[edge.toNode].rect.intersects(m_visible);
        return !isHere ? 0 : isBad(edge.severity) ? 2 : 1;
    }

    /// From afar an edge between two containers is part of a trunk, and one of nodes that are not shown has no ends.
    bool isOwnLine(const MapScene::Edge& edge) const
    {
        if (!isContainers() || m_isChosen[edge.fromNode] || m_isChosen[edge.toNode])
            return true;
        return m_plan.showsAllNodes && m_scene.nodes[edge.fromNode].group == m_scene.nodes[edge.toNode].group;
    }

    void takeEdges()
    {
        std::array<std::vector<std::uint32_t>, 4> ranks;
        std::size_t found = 0;
        for (auto i = static_cast<std::uint32_t>(m_scene.edges.size()); i-- > 0;) { // the worst and busiest first
            if (!m_scene.edgeBounds[i].intersects(m_visible) || !isOwnLine(m_scene.edges[i]))
                continue;
            ranks[static_cast<std::size_t>(rankOf(m_scene.edges[i]))].push_back(i);
            ++found;
        }
        if (found > kMostCurves)
            ranks[0].clear(); // in a thicket they only hide what is here
        const std::size_t wanted = ranks[0].size() + ranks[1].size() + ranks[2].size() + ranks[3].size();
        m_plan.curves = !isContainers() && wanted <= kMostCurves && wanted * kCurveCost <= m_left;
        const std::size_t most = m_plan.curves ? wanted : std::min(kMostLines, m_left / kLineCost);
        for (auto rank = ranks.rbegin(); rank != ranks.rend(); ++rank) {
            const auto room = static_cast<std::ptrdiff_t>(std::min(rank->size(), most - m_plan.edges.size()));
            m_plan.edges.insert(m_plan.edges.end(), rank->begin(), rank->begin() + room);
        }
        m_plan.leftOut = found - m_plan.edges.size();
        std::reverse(m_plan.edges.begin(), m_plan.edges.end());
    }

    const MapScene& m_scene;
    const QRectF m_visible;
    const double m_capacity;
    std::vector<bool> m_isChosen;
    std::size_t m_left = kMostPrimitives - kKeptBack;
    MapPlan m_plan;
};

} // namespace

MapPlan planMap(const MapScene& scene, const QRectF& visible, double scale, const std::vector<std::uint32_t>& chosen)
{
    return Planner(scene, visible, scale, chosen).run();
}

} // namespace binnacle::desktop
