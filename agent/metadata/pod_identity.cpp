// SPDX-License-Identifier: Apache-2.0
#include "agent/metadata/pod_identity.h"

#include <algorithm>

namespace binnacle::agent {

namespace {

std::string containerName(const PodFacts& pod, const std::string& id)
{
    const auto known = std::ranges::lower_bound(pod.containers, id, {}, &std::pair<std::string, std::string>::first);
    return known != pod.containers.end() && known->first == id ? known->second : std::string();
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

} // namespace binnacle::agent
