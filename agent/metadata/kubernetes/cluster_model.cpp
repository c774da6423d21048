// SPDX-License-Identifier: Apache-2.0
#include "agent/metadata/kubernetes/cluster_model.h"

#include "core/kube/objects/read_objects.h"

#include <nlohmann/json.hpp>
#include <utility>

namespace binnacle::agent {

using kube::objects::readEndpointSlice;
using kube::objects::readEvent;
using kube::objects::readNode;
using kube::objects::readOwner;
using kube::objects::readService;
using kube::objects::readWorkload;

namespace {

constexpr std::size_t kMostOwners = 40'000; // ReplicaSets stay after their rollout: ten a Deployment by default

bool isWorkload(Resource resource)
{
    return resource == Resource::Deployments || resource == Resource::StatefulSets || resource == Resource::DaemonSets;
}

bool areAddresses(Resource resource)
{
    return resource != Resource::HostPods && resource != Resource::OwnNode && resource != Resource::Events;
}

} // namespace

ClusterModel::ClusterModel(Options options)
    : m_options(std::move(options)), m_hostPods(m_options.mostPods, m_options.keepDeleted), m_book(m_options.mostPods, m_options.keepDeleted)
{
}

void ClusterModel::setOwner(const nlohmann::json& object)
{
    auto owner = readOwner(object);
    if (!owner)
        return;
    if (m_owners.size() >= kMostOwners && !m_owners.contains(owner->uid)) {
        ++m_ownersLeftOut; // told by its name then
        return;
    }
    m_owners.insert_or_assign(std::move(owner->uid), std::move(owner->controller));
}

WorkloadName ClusterModel::subjectOf(const EventObject& event) const
{
    if (event.subjectKind == "Node")
        return {{}, "Node", event.subjectName};
    if (const PodObject* pod = event.subjectKind == "Pod" ? m_book.findPod(event.subjectUid) : nullptr)
        return workloadOf(*pod, m_owners);
    if (const auto owner = m_owners.find(event.subjectUid); owner != m_owners.end() && !owner->second.kind.empty())
        return {event.subjectNameSpace, owner->second.kind, owner->second.name};
    return {event.subjectNameSpace, event.subjectKind, event.subjectName};
}

void ClusterModel::setEvent(const nlohmann::json& object)
{
    if (const auto event = readEvent(object))
        m_changes.set(*event, subjectOf(*event));
}

void ClusterModel::set(Resource resource, const nlohmann::json& object, UtcTime now)
{
    if (resource == Resource::Events) {
        setEvent(object);
        return;
    }
    m_dirty = true;
    m_watchesCluster |= areAddresses(resource);
    m_addressesDirty |= areAddresses(resource);
    if (resource == Resource::HostPods) {
        if (auto pod = readPod(object, m_options.labels))
            m_hostPods.set(std::move(*pod), now);
    } else if (resource == Resource::ClusterPods) {
        if (const auto pod = readPod(object, m_options.labels))
            m_book.setPod(*pod, now);
    } else if (resource == Resource::Services) {
        if (auto service = readService(object))
            m_book.setService(std::move(*service));
    } else if (resource == Resource::EndpointSlices) {
        if (auto slice = readEndpointSlice(object))
            m_book.setSlice(std::move(*slice));
    } else if (resource == Resource::OwnNode) {
        if (const auto node = readNode(object); node && node->name == m_options.hostName)
            m_zone = node->zone;
    } else if (resource == Resource::Nodes) {
        if (auto node = readNode(object))
            m_changes.set(std::move(*node), now);
    } else if (isWorkload(resource)) {
        if (auto workload = readWorkload(object, factsOf(resource).kind))
            m_changes.set(std::move(*workload), now);
    } else {
        setOwner(object);
    }
}

void ClusterModel::remove(Resource resource, const ObjectName& name, UtcTime now)
{
    m_dirty |= resource != Resource::Events;
    m_addressesDirty |= areAddresses(resource);
    if (resource == Resource::HostPods)
        m_hostPods.remove(name.uid, now);
    else if (resource == Resource::ClusterPods)
        m_book.removePod(name.uid, now);
    else if (resource == Resource::Services)
        m_book.removeService({name.nameSpace, name.name});
    else if (resource == Resource::EndpointSlices)
        m_book.removeSlice({name.nameSpace, name.name});
    else if (resource == Resource::Nodes)
        m_changes.removeNode(name.name, now);
    else if (isWorkload(resource))
        m_changes.remove({name.nameSpace, factsOf(resource).kind, name.name}, now);
    else if (resource == Resource::ReplicaSets || resource == Resource::Jobs)
        m_goneOwners.emplace_back(now, name.uid); // pods that are kept still ask for it
}

void ClusterModel::synced(Resource resource)
{
    m_dirty = true;
    if (resource == Resource::HostPods)
        m_podsComplete = true;
    if (resource == Resource::Nodes || resource == Resource::Events || isWorkload(resource))
        m_changes.synced(factsOf(resource).kind);
}

void ClusterModel::setClusterUid(std::string uid)
{
    m_dirty |= uid != m_clusterUid;
    m_clusterUid = std::move(uid);
}

void ClusterModel::forgetCluster()
{
    const bool had = std::exchange(m_watchesCluster, false);
    m_dirty |= had;
    m_addressesDirty = false;
    m_addresses.clear();
    m_book = AddressBook(m_options.mostPods, m_options.keepDeleted);
    m_changes = ChangeFinder();
    m_owners.clear();
    m_goneOwners.clear();
}

void ClusterModel::forgetDeleted(UtcTime now)
{
    while (!m_goneOwners.empty() && now - m_goneOwners.front().first > m_options.keepDeleted) {
        m_owners.erase(m_goneOwners.front().second);
        m_goneOwners.pop_front();
    }
    m_dirty |= m_hostPods.forgetDeleted(now);
    if (m_book.forgetDeleted(now))
        m_dirty = m_addressesDirty = true;
}

ClusterKnowledge ClusterModel::knowledge()
{
    m_dirty = false;
    if (std::exchange(m_addressesDirty, false) && m_watchesCluster)
        m_addresses = m_book.addresses(m_owners, m_changes.workloads(), m_changes.hostAddresses());
    ClusterKnowledge knowledge;
    knowledge.version = ++m_version;
    knowledge.clusterUid = m_clusterUid;
    knowledge.hostName = m_options.hostName;
    knowledge.podsComplete = m_podsComplete;
    knowledge.addresses = m_addresses;
    m_hostPods.tell(knowledge, m_owners, m_zone);
    return knowledge;
}

std::uint64_t ClusterModel::leftOut() const { return m_hostPods.leftOut() + m_book.leftOut() + m_book.addressesLeftOut() + m_ownersLeftOut; }

} // namespace binnacle::agent
