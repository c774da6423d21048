// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "agent/metadata/kubernetes/change_finder.h"
#include "agent/metadata/kubernetes/pod_table.h"
#include "core/kube/objects/address_book.h"

#include <nlohmann/json_fwd.hpp>
#include <array>
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

namespace binnacle::agent {

using kube::objects::AddressBook;
using kube::objects::LabelChoice;

/// What is watched.  The first two in every agent, the rest in the one that holds the Lease.
enum class Resource : std::uint8_t { HostPods, OwnNode, ClusterPods, Services, EndpointSlices, Nodes, Deployments, StatefulSets, DaemonSets, ReplicaSets, Jobs, Events };

struct ResourceFacts {
    Resource resource;
    const char* plural;      // as RBAC and URLs name it
    const char* group;       // empty: core
    const char* version;
    const char* kind;
    bool metadataOnly;       // watched as PartialObjectMetadata
    const char* withoutIt;   // what is missing when access to it is
};

inline constexpr std::array kResources{
    ResourceFacts{Resource::HostPods, "pods", "", "v1", "Pod", false, "containers keep the names of their cgroups: no pod, no workload, no labels"},
    ResourceFacts{Resource::OwnNode, "nodes", "", "v1", "Node", false, "the zone of this host is unknown"},
    ResourceFacts{Resource::ClusterPods, "pods", "", "v1", "Pod", false, "addresses of pods on hosts without an agent have no name"},
    ResourceFacts{Resource::Services, "services", "", "v1", "Service", false, "addresses of services have no name"},
    ResourceFacts{Resource::EndpointSlices, "endpointslices", "discovery.k8s.io", "v1", "EndpointSlice", false,
                  "a service's workload is told by its selector alone"},
    ResourceFacts{Resource::Nodes, "nodes", "", "v1", "Node", false, "node ports have no name, and changes of hosts are not seen"},
    ResourceFacts{Resource::Deployments, "deployments", "apps", "v1", "Deployment", false, "rollouts and scalings of Deployments are not seen"},
    ResourceFacts{Resource::StatefulSets, "statefulsets", "apps", "v1", "StatefulSet", false, "rollouts and scalings of StatefulSets are not seen"},
    ResourceFacts{Resource::DaemonSets, "daemonsets", "apps", "v1", "DaemonSet", false, "rollouts of DaemonSets are not seen"},
    ResourceFacts{Resource::ReplicaSets, "replicasets", "apps", "v1", "ReplicaSet", true, "Deployments are told by the names of their pods' ReplicaSets"},
    ResourceFacts{Resource::Jobs, "jobs", "batch", "v1", "Job", true, "CronJobs are told by the names of their Jobs"},
    ResourceFacts{Resource::Events, "events", "", "v1", "Event", false, "Kubernetes' own events are not shown"}};

constexpr const ResourceFacts& factsOf(Resource resource) { return kResources[static_cast<std::size_t>(resource)]; }

struct ObjectName {
    std::string nameSpace, name, uid;
};

/// Turns what the API server says about objects into ClusterKnowledge and changes.  Pure state: no clock, no network, no thread.
///
/// Thread: one at a time (the watcher's).  Bounds: those of PodTable, AddressBook and ChangeFinder; `leftOut` counts what is over.
class ClusterModel {
public:
    struct Options {
        std::string hostName;
        LabelChoice labels;
        std::size_t mostPods = 20'000;
        Nanoseconds keepDeleted = std::chrono::minutes(5);
    };

    explicit ClusterModel(Options options);

    void set(Resource resource, const nlohmann::json& object, UtcTime now);
    void remove(Resource resource, const ObjectName& name, UtcTime now);
    /// Everything that exists has been set.
    void synced(Resource resource);
    void setClusterUid(std::string uid);
    /// This agent watches the cluster no more: addresses and changes are another's.
    void forgetCluster();
    void forgetDeleted(UtcTime now);

    /// Whether knowledge() would say something new.
    bool isDirty() const { return m_dirty; }
    /// A new value with the next version.
    ClusterKnowledge knowledge();
    std::vector<ClusterChange> takeChanges() { return m_changes.take(); }
    /// Objects that found no room, since the start.
    std::uint64_t leftOut() const;

private:
    void setOwner(const nlohmann::json& object);
    void setEvent(const nlohmann::json& object);
    WorkloadName subjectOf(const EventObject& event) const;

    Options m_options;
    PodTable m_hostPods;
    AddressBook m_book;
    ChangeFinder m_changes;
    OwnerTable m_owners;
    std::deque<std::pair<UtcTime, std::string>> m_goneOwners;
    std::string m_zone, m_clusterUid;
    std::uint64_t m_version = 0, m_ownersLeftOut = 0;
    bool m_podsComplete = false;
    bool m_watchesCluster = false;
    bool m_addressesDirty = false;
    bool m_dirty = true;
    std::vector<ServiceAddress> m_addresses;
};

} // namespace binnacle::agent
