// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "agent/metadata/cluster_knowledge.h"

#include <absl/container/flat_hash_map.h>
#include <deque>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace binnacle::agent {

using kube::objects::EventObject;
using kube::objects::NodeObject;
using kube::objects::WorkloadObject;

/// What changed between two sights of an object, as sentences without secrets: images, replicas, conditions, Kubernetes' own events.
///
/// What is told before synced() is how things stand and no change; what comes later and was not there is new.  Remembers 10,000 workloads,
/// 10,000 hosts and 5,000 events.  Thread: one at a time.
class ChangeFinder {
public:
    void set(WorkloadObject object, UtcTime now);
    void remove(const WorkloadName& workload, UtcTime now);
    void set(NodeObject node, UtcTime now);
    void removeNode(const std::string& name, UtcTime now);
    /// `subject`: what people call the thing that the event is about.  One that was told with this count is passed over.
    void set(const EventObject& event, WorkloadName subject);

    /// All there are of `kind` (Deployment, StatefulSet, DaemonSet, Node or Event) have been set.
    void synced(const std::string& kind) { m_synced.insert(kind); }

    const std::map<WorkloadName, WorkloadObject>& workloads() const { return m_workloads; }
    std::vector<InternetAddress> hostAddresses() const;
    std::vector<ClusterChange> take() { return std::exchange(m_changes, {}); }

    /// Whether an event is worth telling: every warning, and the normal ones that explain what the traffic does next.
    static bool isTold(const EventObject& event);

private:
    struct Progress {
        bool rolling = false;  // a change of the template was told, its end not yet
        bool wasBehind = false; // since then not all replicas were new
    };

    bool isFirstList(const std::string& kind) const { return !m_synced.contains(kind); }
    void compare(const WorkloadObject& before, const WorkloadObject& after, Progress& progress, UtcTime now);
    void say(UtcTime at, EventKind kind, const WorkloadName& subject, std::string detail);

    std::map<WorkloadName, WorkloadObject> m_workloads;
    std::map<WorkloadName, Progress> m_progress;
    std::map<std::string, NodeObject> m_nodes;
    absl::flat_hash_map<std::string, std::int64_t> m_events; // uid → count told
    std::deque<std::string> m_eventOrder;
    std::set<std::string> m_synced; // kinds
    std::vector<ClusterChange> m_changes;
};

} // namespace binnacle::agent
