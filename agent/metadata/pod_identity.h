// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "agent/metadata/cluster_knowledge.h"

#include <memory>
#include <string>

namespace binnacle::agent {

/// Whose container it is; `pod` null when Kubernetes knows none such.
struct PodPlace {
    std::shared_ptr<const PodFacts> pod;
    std::string container; // its name in the pod; empty for what is in no status: the sandbox, a runtime's helper
};

/// By container id, else by the pod's uid (or, of a static pod, the hash that stands in the cgroup's name).
PodPlace findPod(const ClusterKnowledge& knowledge, const std::string& containerId, const std::string& podUid);

} // namespace binnacle::agent
