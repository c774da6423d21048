// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/kube/objects/address_book.h"
#include "core/telemetry/batch.h"

#include <nlohmann/json_fwd.hpp>
#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace binnacle::kube::objects {

/// What an inventory is made of.
enum class Listed : std::uint8_t { Pods, Services, EndpointSlices, Nodes, Deployments, StatefulSets, DaemonSets, ReplicaSets, Jobs };

struct ListedFacts {
    Listed listed;
    const char* plural; // as RBAC and URLs name it
    const char* group;  // empty: core
    const char* version;
    const char* kind;
    bool metadataOnly;  // PartialObjectMetadata is enough
    bool namespaced;
    const char* withoutIt; // what is missing when access to it is
};

inline constexpr std::array kListed{
    ListedFacts{Listed::Pods, "pods", "", "v1", "Pod", false, true, "how many instances there are, and on which hosts, is unknown"},
    ListedFacts{Listed::Services, "services", "", "v1", "Service", false, true, "it is unknown which Services lead where"},
    ListedFacts{Listed::EndpointSlices, "endpointslices", "discovery.k8s.io", "v1", "EndpointSlice", false, true, "a Service's workload is told by its selector alone"},
    ListedFacts{Listed::Nodes, "nodes", "", "v1", "Node", false, false, "hosts are told by their pods alone, without zones"},
    ListedFacts{Listed::Deployments, "deployments", "apps", "v1", "Deployment", false, true, "Deployments without a pod are not shown"},
    ListedFacts{Listed::StatefulSets, "statefulsets", "apps", "v1", "StatefulSet", false, true, "StatefulSets without a pod are not shown"},
    ListedFacts{Listed::DaemonSets, "daemonsets", "apps", "v1", "DaemonSet", false, true, "DaemonSets without a pod are not shown"},
    ListedFacts{Listed::ReplicaSets, "replicasets", "apps", "v1", "ReplicaSet", true, true, "Deployments are told by the names of their pods' ReplicaSets"},
    ListedFacts{Listed::Jobs, "jobs", "batch", "v1", "Job", true, true, "CronJobs are told by the names of their Jobs"}};

constexpr const ListedFacts& factsOf(Listed listed) { return kListed[static_cast<std::size_t>(listed)]; }

/// Something that the inventory does not know: coverage of its batches.
struct InventoryLimit {
    std::string what;   // stable: `kubernetes_pods`
    std::string advice; // a sentence
    friend auto operator<=>(const InventoryLimit&, const InventoryLimit&) = default;
};

/// A cluster as its API lists it, in the words of a batch: workloads, their instances on their hosts, and where addresses lead.  Nothing
/// in it was observed.  The same things have the same keys as in the batches of agents.
///
/// Left out: our own agents and gateways, pods that have ended.  Bounded: `mostPods` pods, kMostWorkloads, kMostOwners, and what AddressBook holds;
/// what is over is counted.  Pure state: no clock, no network.  Thread: one at a time.
class InventoryModel {
public:
    static constexpr std::size_t kMostWorkloads = 20'000;
    static constexpr std::size_t kMostOwners = 100'000;
    static constexpr std::size_t kMostAddresses = 20'000; // said in one batch

    struct Options {
        LabelChoice labels;
        std::string ownLabel = "app.kubernetes.io/name"; // of our own pods, with one of …
        std::vector<std::string> own{"binnacle-agent", "binnacle-gateway"};
        std::size_t mostPods = 50'000;
    };
    struct Place {
        std::string nameSpace, name, uid;
    };

    InventoryModel() : InventoryModel(Options{}) {}
    explicit InventoryModel(Options options);

    void set(Listed listed, const nlohmann::json& object, UtcTime now);
    void remove(Listed listed, const Place& place, UtcTime now);
    /// uid of namespace kube-system; empty where that may not be asked.
    void setClusterUid(std::string uid);

    /// Rises with each change.
    std::uint64_t version() const { return m_version; }
    std::uint64_t leftOut() const { return m_leftOut + m_book.leftOut(); }
    std::size_t pods() const { return m_pods.size(); }

    /// The rows of one second.  `addresses` are to be said now and then, as agents do.
    struct Rows {
        std::shared_ptr<const telemetry::Dictionary> dictionary;
        std::vector<telemetry::PresenceRow> presence;
        std::vector<telemetry::AddressRow> addresses;
        std::vector<telemetry::CoverageRow> coverage;
    };
    Rows rows(std::vector<InventoryLimit> limits);

private:
    class Writer;

    bool isOwn(const PodObject& pod) const;
    bool isOwn(const Labels& labels) const;
    // False: it says nothing new, as most updates do.
    bool setPod(const nlohmann::json& object, UtcTime now);
    bool setNode(const nlohmann::json& object);
    bool setOwner(const nlohmann::json& object);
    bool setWorkload(Listed listed, const nlohmann::json& object);

    Options m_options;
    std::map<std::string, PodObject> m_pods; // by uid
    AddressBook m_book;
    OwnerTable m_owners;
    std::map<WorkloadName, WorkloadObject> m_workloads;
    std::map<std::string, NodeObject> m_nodes;
    std::string m_clusterUid;
    std::uint64_t m_version = 0, m_leftOut = 0;
};

} // namespace binnacle::kube::objects
