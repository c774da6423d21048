// SPDX-License-Identifier: Apache-2.0
#include "core/kube/install/installation.h"

#include "core/kube/install/agent_manifests.h"
#include "core/kube/install/internal/json.h"

#include <algorithm>
#include <charconv>

namespace binnacle::kube {
namespace {

/// major · 1000 + minor of `0.1.0`; nothing for other texts.
std::optional<int> minorsOf(std::string_view version)
{
    int major = 0, minor = 0;
    const char* const end = version.data() + version.size();
    const auto first = std::from_chars(version.data(), end, major);
    if (first.ec != std::errc{} || first.ptr == end || *first.ptr != '.')
        return std::nullopt;
    if (std::from_chars(first.ptr + 1, end, minor).ec != std::errc{})
        return std::nullopt;
    return major * 1000 + minor;
}

} // namespace

Skew skewOf(std::string_view agentVersion, std::string_view ownVersion)
{
    const auto agent = minorsOf(agentVersion), own = minorsOf(ownVersion);
    if (!agent || !own)
        return Skew::Unknown;
    if (*agent == *own)
        return Skew::Same;
    if (*agent < *own)
        return *own - *agent == 1 ? Skew::Fits : Skew::AgentTooOld;
    return *agent - *own == 1 ? Skew::Fits : Skew::AgentTooNew;
}

bool isOlder(std::string_view agentVersion, std::string_view ownVersion)
{
    const auto agent = minorsOf(agentVersion), own = minorsOf(ownVersion);
    return agent && own && *agent < *own;
}

std::string adviceFor(Skew skew)
{
    switch (skew) {
    case Skew::AgentTooOld: return "more than one minor version older than this program: run `binnacle install` again to upgrade the agents";
    case Skew::AgentTooNew: return "more than one minor version newer than this program: upgrade `binnacle` on this computer";
    case Skew::Unknown: return "its version is unknown: the handshake will say whether it fits";
    case Skew::Same: case Skew::Fits: break;
    }
    return {};
}

std::optional<std::string> namespaceOfAgents(ClusterApi& api)
{
    const auto binding = find(api, pathOf({"ClusterRoleBinding", "", std::string(kAgentDaemonSet)}));
    if (!binding || !*binding)
        return std::nullopt;
    std::string name = textAt(readJson(**binding), "/subjects/0/namespace");
    return name.empty() ? std::nullopt : std::optional(std::move(name));
}

namespace {

Error nowhere(ClusterApi& api, const std::string& nameSpace)
{
    const auto elsewhere = namespaceOfAgents(api);
    const bool isElsewhere = elsewhere && *elsewhere != nameSpace;
    return {ErrorCode::NotFound, "there are no agents in namespace " + nameSpace
                                     + (isElsewhere ? "; they are in " + *elsewhere + ": say --namespace " + *elsewhere : "; `binnacle install` puts them there")};
}

void readDaemonSet(const Json& set, Installation& installation)
{
    installation.installedBy = textAt(set, "/metadata/labels/app.kubernetes.io~1managed-by");
    installation.version = textAt(set, "/metadata/labels/app.kubernetes.io~1version");
    installation.image = textAt(set, "/spec/template/spec/containers/0/image");
    installation.desired = static_cast<int>(numberAt(set, "/status/desiredNumberScheduled"));
    installation.generation = numberAt(set, "/metadata/generation");
    installation.isObserved = numberAt(set, "/status/observedGeneration") >= installation.generation;
}

/// Whoever may only look through the agents sees their pods and not what made them.
void concludeFromPods(Installation& installation)
{
    installation.desired = static_cast<int>(installation.agents.size());
    if (installation.agents.empty())
        return;
    installation.version = installation.agents.front().version;
    installation.image = installation.agents.front().image;
}

/// Whoever may not look at it is not told of one.
std::optional<GatewayState> readGateway(ClusterApi& api, const std::string& nameSpace)
{
    const auto deployment = find(api, pathOf({"Deployment", nameSpace, std::string(kGatewayDeployment)}));
    if (deployment)
        return *deployment ? std::optional(gatewayOfDeployment(**deployment)) : std::nullopt;
    const auto pods = list(api, "/api/v1/namespaces/" + nameSpace + "/pods?labelSelector=" + percentEncoded(kGatewaySelector));
    return pods ? gatewayOfPods(*pods) : std::nullopt;
}

} // namespace

Result<Installation> readInstallation(ClusterApi& api, const std::string& nameSpace)
{
    const auto found = find(api, pathOf({"DaemonSet", nameSpace, std::string(kAgentDaemonSet)}));
    const bool isDenied = !found && found.error().code == ErrorCode::Denied;
    if (!found && !isDenied)
        return std::unexpected(Error(found.error()).within("reading the agents' DaemonSet"));
    if (found && !*found)
        return std::unexpected(nowhere(api, nameSpace));
    Installation installation;
    installation.nameSpace = nameSpace;
    if (found)
        readDaemonSet(readJson(**found), installation);
    const auto pods = list(api, "/api/v1/namespaces/" + nameSpace + "/pods?labelSelector=" + percentEncoded(kAgentSelector));
    if (!pods)
        return std::unexpected(Error(pods.error()).within("listing the agents' pods"));
    installation.agents = agentPods(*pods, installation.generation);
    if (isDenied)
        concludeFromPods(installation);
    installation.gateway = readGateway(api, nameSpace);
    return installation;
}

Result<std::vector<HostFactsOfNode>> readHosts(ClusterApi& api)
{
    const auto nodes = list(api, "/api/v1/nodes");
    if (!nodes)
        return std::unexpected(Error(nodes.error()).within("listing hosts"));
    std::vector<HostFactsOfNode> hosts;
    const Json all = readJson(*nodes);
    for (const Json& node : itemsAt(all, "/items"))
        hosts.push_back({textAt(node, "/metadata/name"), textAt(node, "/status/nodeInfo/kernelVersion"), textAt(node, "/status/nodeInfo/architecture")});
    std::ranges::sort(hosts, {}, &HostFactsOfNode::host);
    return hosts;
}

} // namespace binnacle::kube
