// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/kube/objects/workload_finder.h"

#include <absl/container/flat_hash_map.h>
#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace binnacle::kube::objects {

/// Calls to a port of a Kubernetes Service reach this workload.
struct ServiceRoute {
    std::string service; // namespace/name
    std::uint16_t port = 0; // of the Service
    WorkloadName workload;
    friend auto operator<=>(const ServiceRoute&, const ServiceRoute&) = default;
};

/// Which address leads to which workload, cluster-wide: in the one agent that watches the whole cluster, and in the desktop's inventory.
///
/// A service's workload is the one with most ready pods behind it, else with most pods; a service without pods keeps the one it had,
/// so that one scaled to 0 still has a name; one that never had any gets the workload whose template its selector matches; what
/// nothing stands behind (the API server's own `kubernetes`) is kind `Service`.
/// Pods on the host's network and finished ones have no address of their own.  A deleted pod keeps its address for `keepDeleted`,
/// unless another has it.
///
/// Bounded: `mostPods` pods, kMostAddresses addresses; what is over is counted.  Thread: one at a time.
class AddressBook {
public:
    static constexpr std::size_t kMostAddresses = 50'000;
    static constexpr std::size_t kMostServices = 10'000; // and as many slices
    using Name = std::pair<std::string, std::string>; // namespace, name

    AddressBook(std::size_t mostPods, Nanoseconds keepDeleted) : m_mostPods(mostPods), m_keepDeleted(keepDeleted) {}

    void setPod(const PodObject& pod, UtcTime now);
    void removePod(const std::string& uid, UtcTime now);
    void setService(ServiceObject service);
    void removeService(const Name& name);
    void setSlice(EndpointSliceObject slice);
    void removeSlice(const Name& name) { m_slices.erase(name); }

    bool forgetDeleted(UtcTime now);

    /// Sorted.  `workloads`: Deployments and their like, for services that never had pods.
    std::vector<ServiceAddress> addresses(const OwnerTable& owners, const std::map<WorkloadName, WorkloadObject>& workloads,
                                          const std::vector<InternetAddress>& hosts);
    /// Sorted; all workloads that have pods behind a Service, also of one without an address.  None of what nothing stands behind.
    std::vector<ServiceRoute> routes(const OwnerTable& owners, const std::map<WorkloadName, WorkloadObject>& workloads);
    /// The workload of a pod that is or was there; nothing when it is not known.
    const PodObject* findPod(const std::string& uid) const;
    std::uint64_t leftOut() const { return m_leftOut; } // pods, services and slices since the start; addresses of the last call
    std::uint64_t addressesLeftOut() const { return m_addressesLeftOut; }

private:
    struct Pod {
        PodObject pod; // without containers and chosen attributes
        std::uint64_t order = 0; // the later one has the address
        UtcTime deletedAt{};
    };

    /// The likeliest first; never empty.
    std::vector<WorkloadName> workloadsOfService(const ServiceObject& service, const OwnerTable& owners, const std::map<WorkloadName, WorkloadObject>& workloads);
    void indexSlices();
    void addPods(std::vector<ServiceAddress>& to, const OwnerTable& owners) const;

    std::size_t m_mostPods;
    Nanoseconds m_keepDeleted;
    absl::flat_hash_map<std::string, Pod> m_pods; // by uid
    std::map<Name, ServiceObject> m_services;
    std::map<Name, EndpointSliceObject> m_slices;
    std::map<Name, std::vector<const EndpointSliceObject*>> m_slicesOf; // by service; made for each addresses() and routes()
    std::map<Name, WorkloadName> m_remembered; // by service
    std::uint64_t m_order = 0;
    std::uint64_t m_leftOut = 0, m_addressesLeftOut = 0;
};

} // namespace binnacle::kube::objects
