// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/analysis/map_layout.h"
#include "core/analysis/model.h"
#include "desktop/viewmodels/row_table.h"

#include <QPointF>
#include <QRectF>
#include <QString>

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

namespace binnacle::desktop {

/// The service map ready to be painted and hit-tested: rectangles, curves and finished texts.  A value; made on the pool.
struct MapScene {
    struct Node {
        std::string id;
        QString name, monogram, figures, detail; // detail: instances, where it runs
        QString rate;                            // the first of the figures, for when there is less room
        QString badge;                           // in flight; empty for none
        Severity severity = Severity::Unknown;
        double errorShare = 0;                   // of the ring
        bool outside = false;                    // no agent sees it
        const char* icon = "";                   // in place of the monogram
        bool gone = false;                       // no instance is alive
        bool listed = false;                     // not observed: what a cluster's API lists
        QRectF rect;
        QString searchText;
        std::uint32_t group = kRest; // of MapScene::groups
    };
    struct Edge {
        std::string id, from, to;
        std::uint32_t fromNode = 0, toNode = 0; // of MapScene::nodes
        QString label, badge;
        Severity severity = Severity::Unknown;
        bool parsed = false;    // requests are understood; otherwise bytes only, drawn dashed
        bool possible = false;  // nobody was seen to go this way; it cannot be chosen
        double rate = 0;        // requests a second
        double weight = 0;      // 0 … 1, by rate
        std::array<QPointF, 4> curve;
        QPointF middle;
        QRectF bounds;
    };
    /// A namespace: what is left of its services when they are too many to be told apart.
    struct Group {
        QString name;
        QRectF rect;
        std::uint32_t services = 0, critical = 0, warning = 0;
        Severity severity = Severity::Unknown; // the worst
        QString counts;                        // `250 services · 3 critical · 12 warning`
    };
    /// All edges from one group to another.
    struct Trunk {
        std::uint32_t from = kRest, to = kRest; // groups
        std::uint32_t edges = 0;
        double rate = 0;
        double weight = 0; // 0 … 1, by the number of edges
        Severity severity = Severity::Unknown; // the worst
        QString label;     // `412 edges · 1.2k/s`
        std::array<QPointF, 4> curve;
        QPointF middle;
        QRectF bounds;
    };
    static constexpr std::uint32_t kRest = 0xffffffff; // what is in no namespace

    std::vector<Node> nodes; // by id
    std::vector<Edge> edges; // worst and busiest last, so that they are painted on top
    std::vector<QRectF> edgeBounds; // of edges: culling reads nothing else of them
    std::vector<Group> groups;
    Group rest;                 // no services: everything is in a namespace
    std::vector<Trunk> trunks;  // worst and heaviest last
    QRectF bounds;

    const Group& groupAt(std::uint32_t index) const { return index == kRest ? rest : groups[index]; }

    const Node* findNode(const std::string& id) const;
    const Edge* findEdge(const std::string& id) const;
    /// The topmost under a point; null when there is none.  `reach` is how far from a line still counts.
    const Node* nodeAt(QPointF world) const;
    const Edge* edgeAt(QPointF world, double reach) const;
    const Trunk* trunkAt(QPointF world, double reach) const;
    /// The nearest node from there in that direction: for arrow keys.
    const Node* nextNode(const Node* from, Qt::Key direction) const;
};

/// Everything the map has ever shown of this recording, with its place: what goes and comes back finds its old one.  A node moves
/// once at most: when it gets its first edge.  What is only possible makes room when it was observed.
struct MapMemory {
    std::map<std::string, std::string> groups;                       // node id → namespace
    std::map<std::string, analysis::MapGraph::Link> links;           // by key
    std::set<std::string> possible;                                  // of these nodes and links: those that nobody observed
    analysis::MapLayout layout;
    bool tidied = false;                                             // lay out anew next time
};
using MapMemoryPtr = std::shared_ptr<const MapMemory>;

struct MapAnswer {
    MapScene scene;
    MapMemoryPtr memory;
};

/// Pure; up to some hundred milliseconds for a thousand new nodes, next to nothing when all are known.
MapAnswer buildMapScene(const analysis::Snapshot& snapshot, const MapMemoryPtr& before);

} // namespace binnacle::desktop
