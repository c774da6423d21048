// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "agent/metadata/kubernetes/objects.h"

#include <absl/container/flat_hash_map.h>
#include <deque>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace binnacle::agent {

/// What changed between two sights of an object, as sentences without secrets: images, replicas, conditions, Kubernetes' own events.
///
/// A first list is how things stand and tells nothing; what is in a later list and was not before is new.  Remembers 10,000 workloads,
/// 10,000 hosts and 5,000 events.  Thread: one at a time.
class ChangeFinder {
public:
    void set(WorkloadObject object, UtcTime now);
    void remove(const WorkloadName& workload, UtcTime now);
    void set(NodeObject node, UtcTime now);
    void removeNode(const std::string& name, UtcTime now);
    /// `subject`: what people call the thing that the event is about.  One that was told with this count is passed over.
    void set(const EventObject& event, WorkloadName subject);

    /// Between the two comes set() for all there are of one kind; `kind` is Deployment, StatefulSet, DaemonSet, Node or Event.
    void beginList() { ++m_round; }
    void endList(const std::string& kind, UtcTime now);

    const std::map<WorkloadName, WorkloadObject>& workloads() const { return m_workloads; }
    /// Of the host; empty when it is not known.
    std::string zoneOf(const std::string& host) const;
    std::vector<InternetAddress> hostAddresses() const;
    std::vector<ClusterChange> take() { return std::exchange(m_changes, {}); }

    /// Whether an event is worth telling: every warning, and the normal ones that explain what the traffic does next.
    static bool isTold(const EventObject& event);

private:
    struct Progress {
        std::uint64_t round = 0;
        bool rolling = false;  // a change of the template was told, its end not yet
        bool wasBehind = false; // since then not all replicas were new
    };
    struct SeenNode {
        NodeObject node;
        std::uint64_t round = 0;
    };

    bool isFirstList(const std::string& kind) const { return !m_listed.contains(kind); }
    void compare(const WorkloadObject& before, const WorkloadObject& after, Progress& progress, UtcTime now);
    void say(UtcTime at, EventKind kind, const WorkloadName& subject, std::string detail);

    std::map<WorkloadName, WorkloadObject> m_workloads;
    std::map<WorkloadName, Progress> m_progress;
    std::map<std::string, SeenNode> m_nodes;
    absl::flat_hash_map<std::string, std::int64_t> m_events; // uid → count told
    std::deque<std::string> m_eventOrder;
    std::map<std::string, bool> m_listed; // kinds whose first list is over
    std::vector<ClusterChange> m_changes;
    std::uint64_t m_round = 1;
};

} // namespace binnacle::agent
