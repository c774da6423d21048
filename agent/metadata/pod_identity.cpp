// SPDX-License-Identifier: Apache-2.0
#include "agent/metadata/pod_identity.h"

#include "core/telemetry/identity.h"

#include <algorithm>
#include <cctype>

namespace binnacle::agent {

namespace {

std::string containerName(const PodFacts& pod, const std::string& id)
{
    const auto known = std::ranges::lower_bound(pod.containers, id, {}, &std::pair<std::string, std::string>::first);
    return known != pod.containers.end() && known->first == id ? known->second : std::string();
}

std::string lowerCase(std::string text)
{
    std::ranges::transform(text, text.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return text;
}

} // namespace

PodPlace findPod(const ClusterKnowledge& knowledge, const std::string& containerId, const std::string& podUid)
{
    if (const auto known = knowledge.podsByContainer.find(containerId); !containerId.empty() && known != knowledge.podsByContainer.end() && known->second)
        return {known->second, containerName(*known->second, containerId)};
    if (const auto known = knowledge.podsByUid.find(podUid); !podUid.empty() && known != knowledge.podsByUid.end() && known->second)
        return {known->second, containerName(*known->second, containerId)};
    return {};
}

EntityKey workloadKey(const std::string& clusterUid, const WorkloadName& workload)
{
    return telemetry::serviceKey(clusterUid, workload.nameSpace, workload.kind, workload.name);
}

std::vector<std::pair<std::string, std::string>> podAttributes(const PodPlace& place)
{
    const PodFacts& pod = *place.pod;
    std::vector<std::pair<std::string, std::string>> attributes = pod.attributes;
    const auto add = [&attributes](std::string name, const std::string& value) {
        if (!value.empty())
            attributes.emplace_back(std::move(name), value);
    };
    add("k8s.namespace.name", pod.workload.nameSpace);
    add("k8s.pod.name", pod.name);
    add("k8s.pod.uid", pod.uid);
    add("k8s.node.name", pod.host);
    add("k8s.container.name", place.container);
    if (pod.workload.kind != "Pod") // a bare pod is its own workload
        add("k8s." + lowerCase(pod.workload.kind) + ".name", pod.workload.name);
    add("cloud.availability_zone", pod.zone);
    return attributes;
}

} // namespace binnacle::agent
