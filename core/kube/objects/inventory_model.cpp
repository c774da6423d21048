// SPDX-License-Identifier: Apache-2.0
#include "core/kube/objects/inventory_model.h"

#include "core/kube/objects/entities.h"
#include "core/kube/objects/read_objects.h"
#include "core/telemetry/dictionary_builder.h"

#include <nlohmann/json.hpp>
#include <algorithm>
#include <set>
#include <utility>

namespace binnacle::kube::objects {

namespace {

bool isWorkload(Listed listed) { return listed == Listed::Deployments || listed == Listed::StatefulSets || listed == Listed::DaemonSets; }

/// An address of the past is nobody's: what agents saw of it they said themselves.
constexpr Nanoseconds kKeepDeleted{0};

} // namespace

InventoryModel::InventoryModel(Options options) : m_options(std::move(options)), m_book(m_options.mostPods, kKeepDeleted) {}

bool InventoryModel::isOwn(const PodObject& pod) const
{
    const auto label = std::ranges::find(pod.chosen, "k8s.pod.label." + m_options.ownLabel, [](const auto& chosen) { return chosen.first; });
    return label != pod.chosen.end() && std::ranges::find(m_options.own, label->second) != m_options.own.end();
}

bool InventoryModel::isOwn(const Labels& labels) const
{
    const auto found = labels.find(m_options.ownLabel);
    return found != labels.end() && std::ranges::find(m_options.own, found->second) != m_options.own.end();
}

namespace {

/// Whether `values` is another than before.
template <class Map>
bool assign(Map& values, typename Map::key_type key, typename Map::mapped_type value)
{
    const auto known = values.find(key);
    if (known != values.end() && known->second == value)
        return false;
    values.insert_or_assign(std::move(key), std::move(value));
    return true;
}

} // namespace

bool InventoryModel::setPod(const nlohmann::json& object, UtcTime now)
{
    auto pod = readPod(object, m_options.labels);
    if (!pod || isOwn(*pod))
        return false;
    if (m_pods.size() >= m_options.mostPods && !m_pods.contains(pod->uid)) {
        ++m_leftOut;
        return true;
    }
    m_book.setPod(*pod, now);
    std::string uid = pod->uid;
    return assign(m_pods, std::move(uid), std::move(*pod));
}

bool InventoryModel::setNode(const nlohmann::json& object)
{
    auto node = readNode(object);
    if (!node)
        return false;
    std::string name = node->name;
    return assign(m_nodes, std::move(name), std::move(*node));
}

bool InventoryModel::setOwner(const nlohmann::json& object)
{
    auto owner = readOwner(object);
    if (!owner)
        return false;
    if (m_owners.size() >= kMostOwners && !m_owners.contains(owner->uid)) {
        ++m_leftOut; // told by its name then
        return true;
    }
    return assign(m_owners, std::move(owner->uid), std::move(owner->controller));
}

bool InventoryModel::setWorkload(Listed listed, const nlohmann::json& object)
{
    auto workload = readWorkload(object, factsOf(listed).kind);
    if (!workload || isOwn(workload->templateLabels))
        return false;
    if (m_workloads.size() >= kMostWorkloads && !m_workloads.contains(workload->workload)) {
        ++m_leftOut;
        return true;
    }
    WorkloadName name = workload->workload;
    return assign(m_workloads, std::move(name), std::move(*workload));
}

void InventoryModel::set(Listed listed, const nlohmann::json& object, UtcTime now)
{
    bool isNew = true;
    if (listed == Listed::Pods) {
        isNew = setPod(object, now);
    } else if (listed == Listed::Services) {
        if (auto service = readService(object); service && !isOwn(service->selector))
            m_book.setService(std::move(*service));
    } else if (listed == Listed::EndpointSlices) {
        if (auto slice = readEndpointSlice(object))
            m_book.setSlice(std::move(*slice));
    } else if (listed == Listed::Nodes) {
        isNew = setNode(object);
    } else if (isWorkload(listed)) {
        isNew = setWorkload(listed, object);
    } else {
        isNew = setOwner(object);
    }
    m_version += isNew ? 1 : 0;
}

void InventoryModel::remove(Listed listed, const Place& place, UtcTime now)
{
    ++m_version;
    if (listed == Listed::Pods) {
        m_pods.erase(place.uid);
        m_book.removePod(place.uid, now);
        m_book.forgetDeleted(now + Nanoseconds(1));
    } else if (listed == Listed::Services) {
        m_book.removeService({place.nameSpace, place.name});
    } else if (listed == Listed::EndpointSlices) {
        m_book.removeSlice({place.nameSpace, place.name});
    } else if (listed == Listed::Nodes) {
        m_nodes.erase(place.name);
    } else if (isWorkload(listed)) {
        m_workloads.erase({place.nameSpace, factsOf(listed).kind, place.name});
    } else {
        m_owners.erase(place.uid); // pods that it leaves behind are told by its name
    }
}

void InventoryModel::setClusterUid(std::string uid)
{
    m_version += uid != m_clusterUid;
    m_clusterUid = std::move(uid);
}

/// One rows().
class InventoryModel::Writer {
public:
    explicit Writer(InventoryModel& model) : m_model(model) {}

    Rows run(const std::vector<InventoryLimit>& limits)
    {
        for (const auto& [uid, pod] : m_model.m_pods)
            add(pod);
        for (const auto& [name, workload] : m_model.m_workloads)
            m_named.insert(name);
        for (const WorkloadName& name : m_named)
            m_rows.addresses.push_back({{}, service(name), telemetry::kNone, {}});
        addRoutes();
        addAddresses();
        for (const InventoryLimit& limit : limits)
            m_rows.coverage.push_back({telemetry::kNone, m_builder.string(limit.what), 1, 1, m_builder.string(limit.advice)});
        m_rows.dictionary = m_builder.take();
        return std::move(m_rows);
    }

private:
    std::uint32_t service(const WorkloadName& name) { return m_builder.entity(workloadEntity(m_model.m_clusterUid, name)); }

    void add(const PodObject& pod)
    {
        if (pod.finished)
            return;
        WorkloadName workload = workloadOf(pod, m_model.m_owners);
        const auto host = m_model.m_nodes.find(pod.host);
        m_named.insert(workload);
        const std::uint32_t counted = service(workload);
        const PodFacts facts = factsOf(pod, std::move(workload), host == m_model.m_nodes.end() ? std::string() : host->second.zone);
        for (const std::string& id : pod.running) {
            const auto container = std::ranges::lower_bound(pod.containers, id, {}, &std::pair<std::string, std::string>::first);
            const std::string& name = container != pod.containers.end() && container->first == id ? container->second : std::string();
            m_rows.presence.push_back({m_builder.entity(containerEntity(facts, id, name)), counted, {}, 1});
        }
    }

    void addRoutes()
    {
        for (const ServiceRoute& route : m_model.m_book.routes(m_model.m_owners, m_model.m_workloads))
            m_rows.addresses.push_back({{InternetAddress{}, route.port}, service(route.workload), m_builder.string(route.service), {}});
    }

    void addAddresses()
    {
        std::vector<InternetAddress> hosts;
        for (const auto& [name, node] : m_model.m_nodes)
            hosts.insert(hosts.end(), node.addresses.begin(), node.addresses.end());
        const auto all = m_model.m_book.addresses(m_model.m_owners, m_model.m_workloads, hosts);
        const std::size_t told = std::min(all.size(), kMostAddresses);
        for (std::size_t i = 0; i < told; ++i) {
            const ServiceAddress& each = all[i];
            const std::uint32_t name = each.service.empty() ? telemetry::kNone : m_builder.string(each.service);
            m_rows.addresses.push_back({each.address, service(each.workload), name, {}});
        }
        if (told < all.size())
            m_rows.coverage.push_back({telemetry::kNone, m_builder.string("addresses_unlisted"), all.size() - told, all.size(),
                                       m_builder.string("The cluster has more than 20,000 addresses; calls to the others are shown by address.")});
    }

    InventoryModel& m_model; // lent for the call
    telemetry::DictionaryBuilder m_builder;
    std::set<WorkloadName> m_named;
    Rows m_rows;
};

InventoryModel::Rows InventoryModel::rows(std::vector<InventoryLimit> limits)
{
    if (leftOut() > 0)
        limits.push_back({"kubernetes_objects", std::to_string(leftOut()) + " objects of the cluster found no room in the inventory; the rest is shown."});
    return Writer(*this).run(limits);
}

} // namespace binnacle::kube::objects
