// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/kube/install/cluster_api.h"
#include "core/kube/install/gateway_state.h"
#include "core/kube/install/pod_progress.h"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace binnacle::kube {

/// How an agent's version goes with this program's: one minor version apart, either way, is supported.
enum class Skew : std::uint8_t { Same, Fits, AgentTooOld, AgentTooNew, Unknown };
Skew skewOf(std::string_view agentVersion, std::string_view ownVersion);
/// By major and minor version; false when either is unknown.
bool isOlder(std::string_view agentVersion, std::string_view ownVersion);
/// What to upgrade; empty when nothing.
std::string adviceFor(Skew skew);

/// One Linux host as the API server describes it.
struct HostFactsOfNode {
    std::string host;
    std::string kernel;
    std::string architecture;
};

/// The agents of a cluster as they are now, whoever installed them.
struct Installation {
    std::string nameSpace;
    std::string installedBy; // label app.kubernetes.io/managed-by: `binnacle`, `Helm`; empty for plain manifests
    std::string version;
    std::string image;
    int desired = 0;            // pods that the DaemonSet wants
    long long generation = 0;   // of its template
    bool isObserved = false;    // the controller has seen the newest template
    std::vector<InstalledAgent> agents;
    std::optional<GatewayState> gateway;
};

/// NotFound, with where they are if the cluster says so, when there are none in that namespace.  A user who may only list pods (Role binnacle-user)
/// gets what the pods say.
Result<Installation> readInstallation(ClusterApi& api, const std::string& nameSpace);

/// Kernel and architecture of every host; Denied for users who may not list them.
Result<std::vector<HostFactsOfNode>> readHosts(ClusterApi& api);

/// The namespace whose account ClusterRoleBinding binnacle-agent names; nothing without one, or when it may not be read.
std::optional<std::string> namespaceOfAgents(ClusterApi& api);

} // namespace binnacle::kube
