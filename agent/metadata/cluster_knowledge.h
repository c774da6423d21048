// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/base/catalog.h"
#include "core/base/clocks.h"
#include "core/base/internet_address.h"

#include <absl/container/flat_hash_map.h>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace binnacle::agent {

/// The thing that owns pods and that people speak of: a Deployment, StatefulSet, DaemonSet, CronJob, Job, or a bare Pod.
struct WorkloadName {
    std::string nameSpace;
    std::string kind; // as Kubernetes writes it: Deployment
    std::string name;
    friend auto operator<=>(const WorkloadName&, const WorkloadName&) = default;
};

/// One pod as the API server tells it.
struct PodFacts {
    std::string uid;
    std::string name;
    WorkloadName workload;
    std::string host;                                             // spec.nodeName
    std::string zone;                                             // topology.kubernetes.io/zone of its host; may be empty
    std::vector<std::pair<std::string, std::string>> attributes;  // chosen labels and annotations, by OpenTelemetry name; sorted
    std::vector<std::pair<std::string, std::string>> containers;  // container id (64 digits, without scheme) → name; sorted
    bool hostNetwork = false;
    friend bool operator==(const PodFacts&, const PodFacts&) = default;
};

/// An address that leads to a workload, whether or not an agent sees the other end: a ClusterIP, node port or load balancer (with its
/// port), or a pod's own address (port 0: every port).
struct ServiceAddress {
    Endpoint address;
    WorkloadName workload;
    std::string service; // namespace/name of the Kubernetes Service; empty for a pod's own address
    friend auto operator<=>(const ServiceAddress&, const ServiceAddress&) = default;
};

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
};

} // namespace binnacle::agent
