// SPDX-License-Identifier: Apache-2.0
#include "core/analysis/map_layout.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

using namespace binnacle::analysis;

namespace {

std::string id(int number) { return "n" + std::to_string(number); }

/// A random layered graph with a few links back, in groups.
MapGraph graphOf(int nodes, int linksPerNode, int groups, unsigned seed)
{
    std::mt19937 random(seed);
    MapGraph graph;
    for (int i = 0; i < nodes; ++i)
        graph.nodes.push_back({id(i), groups == 0 ? std::string() : "group" + std::to_string(static_cast<int>(random() % static_cast<unsigned>(groups)))});
    for (int i = 0; i < nodes * linksPerNode; ++i) {
        const int from = static_cast<int>(random() % static_cast<unsigned>(nodes));
        const int to = random() % 20 == 0 ? static_cast<int>(random() % static_cast<unsigned>(nodes)) : std::min(nodes - 1, from + 1 + static_cast<int>(random() % 50));
        graph.links.push_back({id(from), id(to), "http"});
    }
    return graph;
}

MapGraph shopGraph()
{
    return {{{"api", ""}, {"cache", ""}, {"loadgen", ""}, {"web", ""}}, {{"loadgen", "web", "http"}, {"web", "api", "http"}, {"api", "cache", "redis"}}};
}

void expectNoOverlap(const MapLayout& layout)
{
    for (std::size_t i = 0; i < layout.nodes.size(); ++i) {
        for (std::size_t j = i + 1; j < layout.nodes.size(); ++j)
            ASSERT_FALSE(layout.nodes[i].rect.intersects(layout.nodes[j].rect)) << layout.nodes[i].id << " " << layout.nodes[j].id;
    }
    for (std::size_t i = 0; i < layout.groups.size(); ++i) {
        for (std::size_t j = i + 1; j < layout.groups.size(); ++j)
            ASSERT_FALSE(layout.groups[i].rect.intersects(layout.groups[j].rect)) << layout.groups[i].name << " " << layout.groups[j].name;
    }
    for (const MapLayout::Node& node : layout.nodes) {
        const auto own = std::find_if(layout.groups.begin(), layout.groups.end(), [&](const auto& group) { return group.name == node.group; });
        for (const MapLayout::Group& group : layout.groups)
            ASSERT_EQ(group.rect.intersects(node.rect), own != layout.groups.end() && group.name == own->name) << node.id << " " << group.name;
    }
}

} // namespace

TEST(MapLayout, putsCallersLeftOfCallees)
{
    const MapLayout layout = layoutMap(shopGraph());
    const auto x = [&](const char* name) { return layout.findNode(name)->rect.x; };
    EXPECT_LT(x("loadgen"), x("web"));
    EXPECT_LT(x("web"), x("api"));
    EXPECT_LT(x("api"), x("cache"));
    EXPECT_EQ(layout.links.size(), 3U);
    for (const MapLayout::Link& link : layout.links)
        EXPECT_EQ(link.points.size(), 4U);
}

TEST(MapLayout, isTheSameWhateverTheOrderOfTheInput)
{
    MapGraph graph = graphOf(200, 3, 5, 1);
    const MapLayout first = layoutMap(graph);
    std::mt19937 random(2);
    std::shuffle(graph.nodes.begin(), graph.nodes.end(), random);
    std::shuffle(graph.links.begin(), graph.links.end(), random);
    EXPECT_EQ(layoutMap(graph), first);
}

TEST(MapLayout, nothingOverlaps)
{
    for (unsigned seed = 1; seed <= 5; ++seed) {
        expectNoOverlap(layoutMap(graphOf(300, 2, 4, seed)));
        expectNoOverlap(layoutMap(graphOf(150, 2, 0, seed)));
        expectNoOverlap(layoutMap(graphOf(200, 0, 3, seed)));
    }
}

TEST(MapLayout, linksBeginAndEndAtTheirNodes)
{
    const MapLayout layout = layoutMap(graphOf(100, 3, 3, 9));
    const auto touches = [](const MapRect& rect, MapPoint point) {
        return point.x >= rect.x && point.x <= rect.right() && point.y >= rect.y && point.y <= rect.bottom();
    };
    for (const MapLayout::Link& link : layout.links) {
        EXPECT_TRUE(touches(layout.findNode(link.from)->rect, link.points.front())) << link.from << " " << link.to;
        EXPECT_TRUE(touches(layout.findNode(link.to)->rect, link.points.back())) << link.from << " " << link.to;
    }
}

TEST(MapLayout, nodesThatStayDoNotMove)
{
    MapGraph graph = graphOf(120, 2, 3, 4);
    MapLayout layout = layoutMap(graph);
    std::mt19937 random(5);
    for (int round = 0; round < 30; ++round) {
        // Some go, some come, links change, now and then with a new group.
        for (int i = 0; i < 5; ++i)
            graph.nodes.erase(graph.nodes.begin() + static_cast<std::ptrdiff_t>(random() % graph.nodes.size()));
        for (int i = 0; i < 8; ++i) {
            const int number = 1000 + round * 10 + i;
            graph.nodes.push_back({id(number), "group" + std::to_string(random() % 3 + (round % 10 == 0 ? static_cast<unsigned>(round) : 0U))});
            graph.links.push_back({graph.nodes[random() % graph.nodes.size()].id, id(number), "http"});
        }
        const MapLayout next = layoutMap(graph, {}, &layout);
        for (const MapLayout::Node& node : next.nodes) {
            const MapLayout::Node* before = layout.findNode(node.id);
            ASSERT_TRUE(!before || node.rect == before->rect) << node.id << " in round " << round;
        }
        ASSERT_EQ(next.nodes.size(), graph.nodes.size());
        expectNoOverlap(next);
        layout = next;
    }
}

TEST(MapLayout, anUnchangedGraphKeepsItsLayout)
{
    const MapGraph graph = graphOf(80, 2, 3, 6);
    const MapLayout layout = layoutMap(graph);
    EXPECT_EQ(layoutMap(graph, {}, &layout), layout);
}

TEST(MapLayout, aNewNodeStandsBesideItsCaller)
{
    const MapLayout before = layoutMap(shopGraph());
    MapGraph graph = shopGraph();
    graph.nodes.push_back({"database", ""});
    graph.links.push_back({"api", "database", "postgresql"});
    const MapLayout after = layoutMap(graph, {}, &before);
    EXPECT_EQ(after.findNode("database")->rect.x, after.findNode("cache")->rect.x);
    EXPECT_NE(after.findNode("database")->rect.y, after.findNode("cache")->rect.y);
}

TEST(MapLayout, survivesLoopsCyclesAndUnknownEnds)
{
    MapGraph graph = shopGraph();
    graph.links.push_back({"cache", "loadgen", "back"});
    graph.links.push_back({"api", "api", "self"});
    graph.links.push_back({"api", "nobody", "http"});
    graph.links.push_back({"web", "api", "grpc"}); // beside the first one
    graph.nodes.push_back({"api", ""});            // twice the same
    const MapLayout layout = layoutMap(graph);
    EXPECT_EQ(layout.nodes.size(), 4U);
    EXPECT_EQ(layout.links.size(), 6U);
    expectNoOverlap(layout);
    const auto& links = layout.links;
    const auto first = std::find_if(links.begin(), links.end(), [](const auto& link) { return link.from == "web"; });
    EXPECT_NE(first->points, (first + 1)->points);
    EXPECT_TRUE(layoutMap({}).nodes.empty());
}

TEST(MapLayout, workGrowsWithTheGraphAndNotWithItsSquare)
{
    const auto work = [](int nodes) { return static_cast<double>(layoutMap(graphOf(nodes, 4, 10, 3)).steps); };
    const double small = work(500), large = work(5000);
    EXPECT_LT(large / small, 20) << small << " " << large; // ten times the nodes; n·log n would be 14
    // One node more each: all 5,000 into a layout of 500.
    const MapLayout before = layoutMap(graphOf(500, 4, 10, 3));
    const MapLayout after = layoutMap(graphOf(5000, 4, 10, 3), {}, &before);
    EXPECT_LT(static_cast<double>(after.steps), 40 * large);
    EXPECT_EQ(after.nodes.size(), 5000U);
}
