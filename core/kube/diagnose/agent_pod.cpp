// SPDX-License-Identifier: Apache-2.0
#include "core/kube/diagnose/agent_pod.h"

#include "core/kube/api/internal/json.h"

#include <nlohmann/json.hpp>

#include <algorithm>

namespace binnacle::kube {
namespace {

constexpr std::size_t kMostWords = 300; // of a message that the cluster wrote

/// The container called `agent`, else the first.
const Json& agentContainer(const Json& containers)
{
    static const Json nothing;
    if (!containers.is_array() || containers.empty())
        return nothing;
    const auto named = std::ranges::find_if(containers, [](const Json& container) { return textAt(container, "name") == "agent"; });
    return named != containers.end() ? *named : containers.front();
}

std::uint16_t portOf(const Json& container, const char* name, std::uint16_t otherwise)
{
    const Json& ports = memberOf(container, "ports");
    if (!ports.is_array())
        return otherwise;
    for (const Json& port : ports) {
        const auto number = numberAt(port, "containerPort");
        if (textAt(port, "name") == name && number && *number > 0 && *number <= 0xffff)
            return static_cast<std::uint16_t>(*number);
    }
    return otherwise;
}

bool isTrue(const Json& conditions, const char* type)
{
    return conditions.is_array() && std::ranges::any_of(conditions, [type](const Json& condition) {
               return textAt(condition, "type") == type && textAt(condition, "status") == "True";
           });
}

/// `waiting` of the container tells most: ImagePullBackOff, CrashLoopBackOff.
std::string troubleOf(const Json& status)
{
    const Json& container = agentContainer(memberOf(status, "containerStatuses"));
    const Json& waiting = memberOf(memberOf(container, "state"), "waiting");
    if (const std::string reason = textAt(waiting, "reason"); !reason.empty()) {
        const std::string message = textAt(waiting, "message");
        return reason + (message.empty() ? "" : " (" + message.substr(0, kMostWords) + ')');
    }
    const std::string phase = textAt(status, "phase");
    if (phase == "Running")
        return {};
    const Json& conditions = memberOf(status, "conditions");
    const auto placed = conditions.is_array()
                            ? std::ranges::find_if(conditions, [](const Json& condition) { return textAt(condition, "type") == "PodScheduled"; })
                            : conditions.end();
    if (conditions.is_array() && placed != conditions.end() && textAt(*placed, "status") == "False")
        return "not placed on a node: " + textAt(*placed, "message").substr(0, kMostWords);
    return phase.empty() ? "its state is unknown" : "it is " + phase;
}

} // namespace

std::optional<AgentPod> agentPodOf(const Json& object)
{
    if (!object.is_object())
        return std::nullopt;
    const Json& metadata = memberOf(object, "metadata");
    const Json& spec = memberOf(object, "spec");
    const Json& status = memberOf(object, "status");
    const Json& container = agentContainer(memberOf(spec, "containers"));
    AgentPod pod;
    pod.port = {textAt(metadata, "namespace"), textAt(metadata, "name"), textAt(metadata, "uid"), portOf(container, "grpc", AgentPod::kDefaultPort)};
    pod.node = textAt(spec, "nodeName");
    pod.address = textAt(status, "podIP");
    pod.gatewayPort = portOf(container, "gateway", 0);
    pod.image = textAt(container, "image");
    pod.createdAt = textAt(metadata, "creationTimestamp");
    pod.isEnding = !textAt(metadata, "deletionTimestamp").empty();
    pod.isReady = isTrue(memberOf(status, "conditions"), "Ready");
    pod.trouble = troubleOf(status);
    return pod;
}

} // namespace binnacle::kube
