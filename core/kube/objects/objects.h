// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/base/clocks.h"
#include "core/base/internet_address.h"

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

/// What is kept of Kubernetes objects: plain values, nothing that could be a secret.  What an object does not say is empty.
/// Environment, volumes, commands and annotations that nobody chose are never read.
namespace binnacle::kube::objects {

/// The thing that owns pods and that people speak of: a Deployment, StatefulSet, DaemonSet, CronJob, Job, or a bare Pod.
struct WorkloadName {
    std::string nameSpace;
    std::string kind; // as Kubernetes writes it: Deployment
    std::string name;
    friend auto operator<=>(const WorkloadName&, const WorkloadName&) = default;
};

/// The owner reference with `controller: true`; kind is empty when there is none.
struct Controller {
    std::string kind, name, uid;
    friend bool operator==(const Controller&, const Controller&) = default;
};

using Labels = std::map<std::string, std::string>;

struct PodObject {
    std::string uid, name, nameSpace;
    std::string host;         // spec.nodeName; empty until scheduled
    std::string staticHash;   // annotation kubernetes.io/config.hash of a static pod: the uid in its cgroup
    std::string templateHash; // label that the owner of its ReplicaSet put there
    bool rollout = false;     // the label was Argo's: the owner is a Rollout
    bool hostNetwork = false;
    bool finished = false;    // phase Succeeded or Failed: its address may be another's by now
    Controller controller;
    std::vector<InternetAddress> addresses;
    std::vector<std::pair<std::string, std::string>> chosen;     // labels and annotations, by OpenTelemetry name; sorted
    std::vector<std::pair<std::string, std::string>> containers; // id without scheme → name; sorted
    std::vector<std::string> running;                            // ids of those of them that run now; sorted
    friend bool operator==(const PodObject&, const PodObject&) = default;
};

/// Of a ReplicaSet or Job all that is asked for: whose it is.
struct OwnerObject {
    std::string uid, name, nameSpace;
    Controller controller;
    friend bool operator==(const OwnerObject&, const OwnerObject&) = default;
};

struct ServiceObject {
    struct Port {
        std::uint16_t port = 0, nodePort = 0;
        friend bool operator==(const Port&, const Port&) = default;
    };
    std::string nameSpace, name;
    std::vector<InternetAddress> clusterAddresses;  // none: headless or ExternalName
    std::vector<InternetAddress> outsideAddresses;  // externalIPs and those of the load balancer
    std::vector<Port> ports;
    Labels selector;
    friend bool operator==(const ServiceObject&, const ServiceObject&) = default;
};

struct EndpointSliceObject {
    struct Target {
        std::string podUid, podName;
        bool ready = true;
        friend bool operator==(const Target&, const Target&) = default;
    };
    std::string nameSpace, name;
    std::string service; // label kubernetes.io/service-name
    std::vector<Target> targets; // only those that are pods
    friend bool operator==(const EndpointSliceObject&, const EndpointSliceObject&) = default;
};

struct NodeObject {
    struct Condition {
        std::string type, status, reason;
        friend bool operator==(const Condition&, const Condition&) = default;
    };
    std::string name, zone;
    std::vector<InternetAddress> addresses;
    std::vector<Condition> conditions; // by type
    bool unschedulable = false;
    friend bool operator==(const NodeObject&, const NodeObject&) = default;
};

/// A Deployment, StatefulSet or DaemonSet.
struct WorkloadObject {
    WorkloadName workload;
    std::int64_t generation = 0, observedGeneration = 0;
    std::int64_t replicas = 0;        // wanted
    std::int64_t updated = 0, available = 0, present = 0; // of the newest template; that serve; of any template
    std::vector<std::pair<std::string, std::string>> images; // container → image, init containers too; in the order of the template
    Labels templateLabels;
    friend bool operator==(const WorkloadObject&, const WorkloadObject&) = default;
};

/// A Kubernetes Event, of core/v1.
struct EventObject {
    std::string uid;
    std::int64_t count = 1;
    UtcTime at{};          // when it happened last
    bool warning = false;
    std::string reason, message; // message: its first line, cut
    std::string subjectKind, subjectNameSpace, subjectName, subjectUid;
    friend bool operator==(const EventObject&, const EventObject&) = default;
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

/// Which labels and annotations may leave the host.
struct LabelChoice {
    std::vector<std::string> names = defaults();
    static std::vector<std::string> defaults();
    /// The defaults and `list`: names between commas.
    static LabelChoice with(std::string_view list);
};

} // namespace binnacle::kube::objects
