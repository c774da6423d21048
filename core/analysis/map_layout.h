// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

/// Where the nodes of the service map stand and how its edges run: a pure function from graph to rectangles.
///
/// Layered from left (callers) to right (callees); groups (namespaces) are bands, one below the other.  Deterministic: the order
/// of nodes and edges in the input means nothing.  Stable: with a previous layout, nodes that stay do not move at all; new ones
/// are put into free cells beside their neighbours.  Any thread; O((V + E) log V) steps, counted in MapLayout::steps.
namespace binnacle::analysis {

struct MapPoint {
    double x = 0, y = 0;
    friend bool operator==(const MapPoint&, const MapPoint&) = default;
};

struct MapRect {
    double x = 0, y = 0, width = 0, height = 0;

    double right() const { return x + width; }
    double bottom() const { return y + height; }
    MapPoint center() const { return {x + width / 2, y + height / 2}; }
    bool intersects(const MapRect& other) const
    {
        return x < other.right() && other.x < right() && y < other.bottom() && other.y < bottom();
    }
    friend bool operator==(const MapRect&, const MapRect&) = default;
};

struct MapGraph {
    struct Node {
        std::string id;
        std::string group; // namespace; empty = none
    };
    struct Link {
        std::string from, to; // ids; links to unknown ids are left out
        std::string key;      // anything that tells parallel links apart, e.g. edgeId()
    };
    std::vector<Node> nodes;
    std::vector<Link> links;
};

struct MapLayoutOptions {
    double nodeWidth = 168, nodeHeight = 64;
    double columnGap = 96, rowGap = 32; // between nodes
    double groupPadding = 24, groupGap = 40, groupTitle = 20;
    std::size_t maxRows = 40; // of one column of one group; more become further columns, and sooner where the map would be a tower
};

struct MapLayout {
    struct Node {
        std::string id, group;
        MapRect rect;
        friend bool operator==(const Node&, const Node&) = default;
    };
    struct Link {
        std::string from, to, key;
        std::vector<MapPoint> points; // two (a line) or four (a cubic Bézier: start, two controls, end)
        friend bool operator==(const Link&, const Link&) = default;
    };
    struct Group {
        std::string name;
        MapRect rect;
        friend bool operator==(const Group&, const Group&) = default;
    };
    std::vector<Node> nodes;   // by id
    std::vector<Link> links;   // by (from, to, key)
    std::vector<Group> groups; // by name; the unnamed group has no rectangle
    MapRect bounds;
    std::uint64_t steps = 0;   // work done, for tests of how it grows

    const Node* findNode(const std::string& id) const;
    friend bool operator==(const MapLayout& a, const MapLayout& b)
    {
        return a.nodes == b.nodes && a.links == b.links && a.groups == b.groups && a.bounds == b.bounds;
    }
};

MapLayout layoutMap(const MapGraph& graph, const MapLayoutOptions& options = {}, const MapLayout* previous = nullptr);

} // namespace binnacle::analysis
