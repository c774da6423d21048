// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "agent/metadata/knowledge_limit.h"
#include "core/base/catalog.h"
#include "core/base/clocks.h"
#include "core/kube/objects/objects.h"

#include <absl/container/flat_hash_map.h>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace binnacle::agent {

// What objects mean is the same for everybody who reads them.
using kube::objects::PodFacts;
using kube::objects::ServiceAddress;
using kube::objects::WorkloadName;

/// What Kubernetes says, at one moment.  Immutable; made by the watcher's thread, read by the drain thread.
struct ClusterKnowledge {
    std::uint64_t version = 0;  // rises with each change
    std::string clusterUid;     // uid of namespace kube-system; empty until known
    std::string hostName;       // of the Kubernetes node this agent runs on
    bool podsComplete = false;  // the first list has been read
    absl::flat_hash_map<std::string, std::shared_ptr<const PodFacts>> podsByUid;       // static pods also by the hash in their cgroup
    absl::flat_hash_map<std::string, std::shared_ptr<const PodFacts>> podsByContainer; // by container id
    std::vector<ServiceAddress> addresses; // sorted; empty unless this agent is the one that watches the whole cluster
};
using ClusterKnowledgePtr = std::shared_ptr<const ClusterKnowledge>;

/// A change that explains what the traffic does next: a rollout, a scaling, a Kubernetes event, a condition of a host.
struct ClusterChange {
    UtcTime at{};
    EventKind kind = EventKind::Deployment;
    WorkloadName subject;  // kind Node: a host, nameSpace empty
    std::string detail;    // a sentence without secrets
};

/// Where the drain thread asks.  Thread: any.
class ClusterKnowledgeSource {
public:
    virtual ~ClusterKnowledgeSource() = default;
    /// The newest; never null.
    virtual ClusterKnowledgePtr latest() const = 0;
    /// Changes since the last call, oldest first; at most 1,000 are held, what is over is counted in `dropped`.
    virtual std::vector<ClusterChange> takeChanges(std::uint64_t& dropped) = 0;
    /// What keeps it from knowing more at the moment, with verb, resource and what is missing; sorted, each `what` once.
    virtual std::vector<KnowledgeLimit> limits() const { return {}; }
};

} // namespace binnacle::agent
