// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/analysis/snapshot.h"
#include "core/analysis/words.h"

#include <string>

/// Snapshots as text, so that a test compares what a reader can read.
namespace binnacle::tests {

inline std::string edgesText(const analysis::Snapshot& snapshot)
{
    std::string text;
    for (const analysis::Edge& edge : snapshot.edges) {
        text += analysis::edgeId(edge) + " " + std::to_string(edge.chosen.requests);
        if (edge.client)
            text += " client " + std::to_string(edge.client->requests);
        if (edge.server)
            text += " server " + std::to_string(edge.server->requests);
        text += " " + std::string(analysis::healthName(edge.health)) + "\n";
    }
    return text;
}

inline std::string nodesText(const analysis::Snapshot& snapshot)
{
    std::string text;
    for (const analysis::Node& node : snapshot.nodes) {
        text += node.id + " " + (node.instancesKnown ? std::to_string(node.instances) : "?") + "/" + std::to_string(node.instancesMax) + " "
            + std::string(analysis::healthName(node.health)) + "\n";
    }
    return text;
}

inline const analysis::Edge* findEdge(const analysis::Snapshot& snapshot, const std::string& from, const std::string& to)
{
    for (const analysis::Edge& edge : snapshot.edges) {
        if (edge.from == from && edge.to == to)
            return &edge;
    }
    return nullptr;
}

inline const analysis::Node* findNode(const analysis::Snapshot& snapshot, const std::string& id)
{
    for (const analysis::Node& node : snapshot.nodes) {
        if (node.id == id)
            return &node;
    }
    return nullptr;
}

} // namespace binnacle::tests
