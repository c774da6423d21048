// SPDX-License-Identifier: Apache-2.0
#include "core/kube/install/gateway_state.h"

#include "core/kube/install/internal/json.h"

#include <algorithm>

namespace binnacle::kube {
namespace {

constexpr const char* kVersionLabel = "/metadata/labels/app.kubernetes.io~1version";

bool isReady(const Json& pod)
{
    return std::ranges::any_of(itemsAt(pod, "/status/conditions"),
                               [](const Json& condition) { return textAt(condition, "/type") == "Ready" && textAt(condition, "/status") == "True"; });
}

} // namespace

GatewayState gatewayOfDeployment(std::string_view deployment)
{
    const Json object = readJson(deployment);
    return {textAt(object, kVersionLabel), textAt(object, "/spec/template/spec/containers/0/image"), static_cast<int>(numberAt(object, "/spec/replicas")),
            static_cast<int>(numberAt(object, "/status/readyReplicas"))};
}

std::optional<GatewayState> gatewayOfPods(std::string_view podList)
{
    std::optional<GatewayState> state;
    const Json pods = readJson(podList);
    for (const Json& pod : itemsAt(pods, "/items")) {
        if (at(pod, "/metadata/deletionTimestamp").is_string())
            continue;
        if (!state)
            state = GatewayState{textAt(pod, kVersionLabel), textAt(pod, "/spec/containers/0/image"), 0, 0};
        ++state->desired;
        state->ready += isReady(pod) ? 1 : 0;
    }
    return state;
}

std::string wordsOf(const std::optional<GatewayState>& gateway)
{
    if (!gateway)
        return "no gateway";
    return "gateway: version " + (gateway->version.empty() ? "unknown" : gateway->version) + ", " + std::to_string(gateway->ready) + " of " + std::to_string(gateway->desired)
           + " replicas ready";
}

std::string adviceFor(const std::optional<GatewayState>& gateway, std::size_t hosts, const std::string& nameSpace)
{
    if (!gateway && hosts > kMostTunnelledHosts)
        return "of " + std::to_string(hosts) + " hosts " + std::to_string(kMostTunnelledHosts) + " are read without a gateway: `binnacle install --gateway` adds one, by Helm `gateway.enabled=true`";
    if (gateway && gateway->ready == 0)
        return "no replica of the gateway is ready: `kubectl -n " + nameSpace + " describe pods -l " + std::string(kGatewaySelector) + "` says why";
    return {};
}

} // namespace binnacle::kube
