// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/base/result.h"
#include "desktop/ingest/target.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace binnacle::desktop {

/// Which cluster's agents are wanted.
struct ClusterWish {
    std::string context;                     // of the kubeconfig; empty: the current one
    std::string agentNamespace = "binnacle"; // where the agents' pods are
    std::string kubeconfig;                  // --kubeconfig; empty: the usual places
    FleetReading fleet = FleetReading::Auto; // Merged: through the gateway however few hosts there are
    friend bool operator==(const ClusterWish&, const ClusterWish&) = default;
};

enum class ClusterState : std::uint8_t {
    Opening, // reading the kubeconfig, asking for credentials, listing
    Watching, // the list of agents is whole and kept up to date
    Away,     // the API server cannot be reached at the moment; tried again with growing pauses
    Refused,  // trying again does not help: no such context, no rights
};

/// One cluster as the reader sees it; its agents are AgentStatus of their own.
struct ClusterStatus {
    ClusterWish wish;
    std::string context;          // resolved
    std::string server;           // `https://host:6443`; empty until the kubeconfig is read
    ClusterState state = ClusterState::Opening;
    std::optional<Error> trouble; // Away, Refused: a sentence with the next step; Watching: there is no agent
    std::size_t agents = 0;       // nodes with an agent's pod
    bool isListed = false;        // the cluster's inventory is told, whether or not there are agents
    std::vector<std::string> limits; // what the inventory cannot know, in sentences
    bool isThroughGateway = false;
    std::string leftOut;          // hosts that are not read and why, a sentence with the next step; empty: none
};

} // namespace binnacle::desktop
