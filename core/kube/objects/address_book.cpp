// SPDX-License-Identifier: Apache-2.0
#include "core/kube/objects/address_book.h"

#include <algorithm>
#include <tuple>

namespace binnacle::kube::objects {

namespace {

bool matches(const Labels& selector, const Labels& labels)
{
    return std::ranges::all_of(selector, [&](const auto& wanted) {
        const auto found = labels.find(wanted.first);
        return found != labels.end() && found->second == wanted.second;
    });
}

} // namespace

void AddressBook::setPod(const PodObject& pod, UtcTime now)
{
    const auto known = m_pods.find(pod.uid);
    if (known == m_pods.end() && m_pods.size() >= m_mostPods && (!forgetDeleted(now) || m_pods.size() >= m_mostPods)) {
        ++m_leftOut;
        return;
    }
    Pod& entry = m_pods[pod.uid];
    if (entry.order == 0 || entry.pod.addresses != pod.addresses)
        entry.order = ++m_order;
    entry.pod = pod;
    entry.pod.containers = {};
    entry.pod.running = {};
    entry.pod.chosen = {};
    entry.deletedAt = {};
}

void AddressBook::removePod(const std::string& uid, UtcTime now)
{
    if (const auto known = m_pods.find(uid); known != m_pods.end() && known->second.deletedAt == UtcTime{})
        known->second.deletedAt = now;
}

void AddressBook::setService(ServiceObject service)
{
    Name name{service.nameSpace, service.name};
    if (m_services.size() >= kMostServices && !m_services.contains(name)) {
        ++m_leftOut;
        return;
    }
    m_services.insert_or_assign(std::move(name), std::move(service));
}

void AddressBook::removeService(const Name& name)
{
    m_services.erase(name);
    m_remembered.erase(name);
}

void AddressBook::setSlice(EndpointSliceObject slice)
{
    Name name{slice.nameSpace, slice.name};
    if (m_slices.size() >= kMostServices && !m_slices.contains(name)) {
        ++m_leftOut;
        return;
    }
    m_slices.insert_or_assign(std::move(name), std::move(slice));
}

bool AddressBook::forgetDeleted(UtcTime now)
{
    return absl::erase_if(m_pods, [&](const auto& known) {
        return known.second.deletedAt != UtcTime{} && now - known.second.deletedAt > m_keepDeleted;
    }) > 0;
}

const PodObject* AddressBook::findPod(const std::string& uid) const
{
    const auto known = m_pods.find(uid);
    return known == m_pods.end() ? nullptr : &known->second.pod;
}

std::vector<WorkloadName> AddressBook::workloadsOfService(const ServiceObject& service, const OwnerTable& owners, const std::map<WorkloadName, WorkloadObject>& workloads)
{
    const Name name{service.nameSpace, service.name};
    struct Votes {
        std::uint32_t ready = 0, all = 0;
    };
    std::map<WorkloadName, Votes> votes;
    for (const EndpointSliceObject* slice : m_slicesOf[name]) {
        for (const EndpointSliceObject::Target& target : slice->targets) {
            if (const PodObject* pod = findPod(target.podUid)) {
                Votes& of = votes[workloadOf(*pod, owners)];
                ++of.all;
                of.ready += target.ready ? 1 : 0;
            }
        }
    }
    if (!votes.empty()) { // the first by name among equals
        const auto most = std::ranges::max_element(votes, {}, [](const auto& vote) { return std::tuple(vote.second.ready, vote.second.all); });
        std::vector<WorkloadName> all{m_remembered[name] = most->first};
        for (const auto& [workload, vote] : votes) {
            if (workload != most->first)
                all.push_back(workload);
        }
        return all;
    }
    if (const auto before = m_remembered.find(name); before != m_remembered.end())
        return {before->second};
    if (!service.selector.empty()) {
        for (const auto& [workload, object] : workloads) {
            if (workload.nameSpace == service.nameSpace && matches(service.selector, object.templateLabels))
                return {workload};
        }
    }
    return {{service.nameSpace, "Service", service.name}};
}

void AddressBook::addPods(std::vector<ServiceAddress>& to, const OwnerTable& owners) const
{
    absl::flat_hash_map<InternetAddress, const Pod*> holders;
    for (const auto& [uid, entry] : m_pods) {
        if (entry.pod.hostNetwork || entry.pod.finished)
            continue;
        for (const InternetAddress& address : entry.pod.addresses) {
            const Pod*& holder = holders[address];
            const auto rank = [](const Pod& pod) { return std::tuple(pod.deletedAt == UtcTime{}, pod.order); };
            if (!holder || rank(*holder) < rank(entry))
                holder = &entry;
        }
    }
    for (const auto& [address, holder] : holders)
        to.push_back({{address, 0}, workloadOf(holder->pod, owners), {}});
}

void AddressBook::indexSlices()
{
    m_slicesOf.clear();
    for (const auto& [name, slice] : m_slices)
        m_slicesOf[{slice.nameSpace, slice.service}].push_back(&slice);
}

std::vector<ServiceRoute> AddressBook::routes(const OwnerTable& owners, const std::map<WorkloadName, WorkloadObject>& workloads)
{
    indexSlices();
    std::vector<ServiceRoute> all;
    for (const auto& [name, service] : m_services) {
        for (const WorkloadName& workload : workloadsOfService(service, owners, workloads)) {
            if (workload.kind == "Service")
                continue;
            for (const ServiceObject::Port& port : service.ports)
                all.push_back({service.nameSpace + '/' + service.name, port.port, workload});
        }
    }
    std::ranges::sort(all);
    const auto same = std::ranges::unique(all); // TCP and UDP on one port
    all.erase(same.begin(), same.end());
    return all;
}

std::vector<ServiceAddress> AddressBook::addresses(const OwnerTable& owners, const std::map<WorkloadName, WorkloadObject>& workloads,
                                                   const std::vector<InternetAddress>& hosts)
{
    indexSlices();
    std::vector<ServiceAddress> all;
    std::uint64_t leftOut = 0;
    const auto add = [&](const InternetAddress& address, std::uint16_t port, const WorkloadName& workload, const std::string& service) {
        if (all.size() < kMostAddresses)
            all.push_back({{address, port}, workload, service});
        else
            ++leftOut;
    };
    for (const auto& [name, service] : m_services) {
        const WorkloadName workload = workloadsOfService(service, owners, workloads).front(); // also to remember it
        const std::string title = service.nameSpace + '/' + service.name;
        for (const ServiceObject::Port& port : service.ports) {
            for (const auto* list : {&service.clusterAddresses, &service.outsideAddresses}) {
                for (const InternetAddress& address : *list)
                    add(address, port.port, workload, title);
            }
            for (const InternetAddress& host : hosts) {
                if (port.nodePort != 0)
                    add(host, port.nodePort, workload, title);
            }
        }
    }
    addPods(all, owners);
    std::ranges::sort(all);
    const auto same = std::ranges::unique(all); // TCP and UDP on one port
    all.erase(same.begin(), same.end());
    m_addressesLeftOut = leftOut;
    return all;
}

} // namespace binnacle::kube::objects
