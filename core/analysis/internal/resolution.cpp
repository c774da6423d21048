// SPDX-License-Identifier: Apache-2.0
#include "core/analysis/internal/resolution.h"

#include "core/analysis/internal/service_ports.h"

#include <algorithm>
#include <map>
#include <set>

namespace binnacle::analysis::internal {

namespace {

using telemetry::Side;

/// A listener or an address that was given up this long before another one was last seen is the older one.
constexpr Nanoseconds kMoved = std::chrono::seconds(60);

bool isOwnProgram(const std::string& name) { return name == "binnacle" || name == "binnacle-agent"; }

bool isContainer(const telemetry::Entity& instance)
{
    return std::any_of(instance.attributes.begin(), instance.attributes.end(),
                       [](const auto& attribute) { return attribute.first == "container.id" || attribute.first == "k8s.pod.uid"; });
}

ResolvedNode nodeOf(const telemetry::Entity& service)
{
    ResolvedNode node;
    node.name = service.name;
    if (!service.nameSpace.empty())
        node.nameSpace = service.nameSpace;
    const std::string path = service.nameSpace.empty() ? service.name : service.nameSpace + "/" + service.name;
    switch (service.serviceKind) {
    case telemetry::ServiceKind::Workload:
        node.kind = NodeKind::Workload;
        node.id = "workload:" + path;
        break;
    case telemetry::ServiceKind::External:
        node.kind = NodeKind::External;
        node.id = "external:" + path;
        break;
    case telemetry::ServiceKind::Process:
        node.id = "process:" + path;
        break;
    }
    return node;
}

/// What held at `at`: the one last seen of those that had appeared by then, else the one that appeared next.
template <class T>
bool holdsBefore(const T& a, const T& b, UtcTime at)
{
    const bool aThen = a.seen.first <= at, bThen = b.seen.first <= at;
    if (aThen != bThen)
        return aThen;
    if (!aThen)
        return a.seen.first < b.seen.first;
    return std::tie(a.seen.last, a.seen.first) > std::tie(b.seen.last, b.seen.first);
}

} // namespace

/// Indexes over the directory: what happens in one network namespace.
struct Resolution::Peers {
    absl::flat_hash_map<std::pair<Place, std::uint16_t>, std::vector<std::uint32_t>> listeners; // → KnownListener
    absl::flat_hash_map<Place, std::vector<std::uint32_t>> clientEnds;                          // → KnownEnd
    absl::flat_hash_map<Place, std::set<std::uint32_t>> instances;

    explicit Peers(const Directory& directory)
    {
        for (std::uint32_t i = 0; i < directory.listeners().size(); ++i) {
            const KnownListener& listener = directory.listeners()[i];
            listeners[{listener.place, listener.local.port}].push_back(i);
            instances[listener.place].insert(listener.instance);
        }
        for (std::uint32_t i = 0; i < directory.ends().size(); ++i) {
            const KnownEnd& end = directory.ends()[i];
            if (end.side == Side::Client)
                clientEnds[end.place].push_back(i);
            instances[end.place].insert(end.instance);
        }
    }

    /// Who listens on `to` inside `place`: on this very address before a wildcard.
    std::uint32_t findListener(const Directory& directory, Place place, Endpoint to, UtcTime at) const
    {
        const auto found = listeners.find({place, to.port});
        if (found == listeners.end())
            return kNone;
        const KnownListener* best = nullptr;
        for (const std::uint32_t index : found->second) {
            const KnownListener& each = directory.listeners()[index];
            const bool specific = each.local.address == to.address;
            if (each.instance == kNone || (!specific && !each.local.address.isUnspecified()))
                continue;
            const bool better = !best || isBetter(directory, each, *best, to, at);
            best = better ? &each : best;
        }
        return best ? best->instance : kNone;
    }

    static bool isBetter(const Directory& directory, const KnownListener& a, const KnownListener& b, Endpoint to, UtcTime at)
    {
        const bool aSpecific = a.local.address == to.address, bSpecific = b.local.address == to.address;
        if (aSpecific != bSpecific)
            return aSpecific;
        if (holdsBefore(a, b, at) != holdsBefore(b, a, at))
            return holdsBefore(a, b, at);
        return directory.instances()[a.instance].entity.key < directory.instances()[b.instance].entity.key;
    }
};

Resolution::Resolution(const Directory& directory) : m_directory(directory), m_version(directory.version())
{
    nameServices();
    nameInstances();
    countInstances();
    const Peers peers(directory);
    std::vector<Peer> peerOf(directory.ends().size());
    resolveClients(peers, peerOf);
    resolveServers(peers, peerOf);
    makeEdges(peerOf);
}

void Resolution::nameServices()
{
    for (const KnownService& service : m_directory.services()) {
        const bool own = service.entity.serviceKind == telemetry::ServiceKind::Process && isOwnProgram(service.entity.name);
        m_nodeOfService.push_back(own ? kNone : ensureNode(nodeOf(service.entity)));
    }
}

void Resolution::nameInstances()
{
    for (const KnownInstance& instance : m_directory.instances()) {
        if (instance.service != kNone) {
            m_nodeOfInstance.push_back(m_nodeOfService[instance.service]);
            continue;
        }
        // Talked about but never assigned: its own name is all there is.
        ResolvedNode node;
        node.name = instance.entity.name.empty() ? instance.entity.key.toHex().substr(0, 12) : instance.entity.name;
        node.id = "process:" + node.name;
        m_nodeOfInstance.push_back(isOwnProgram(node.name) ? kNone : ensureNode(std::move(node)));
    }
}

void Resolution::countInstances()
{
    std::map<std::pair<std::uint32_t, std::string>, std::uint32_t> pods; // of a node
    for (std::uint32_t i = 0; i < m_directory.instances().size(); ++i) {
        m_countedAs.push_back(i);
        for (const auto& [name, value] : m_directory.instances()[i].entity.attributes) {
            if (name == "k8s.pod.uid")
                m_countedAs.back() = pods.try_emplace({m_nodeOfInstance[i], value}, i).first->second;
        }
    }
}

std::uint32_t Resolution::ensureNode(ResolvedNode node)
{
    const auto [entry, fresh] = m_nodeOf.try_emplace(node.id, static_cast<std::uint32_t>(m_nodes.size()));
    if (fresh)
        m_nodes.push_back(std::move(node));
    return entry->second;
}

std::uint32_t Resolution::outside(const std::string& host, std::uint16_t port)
{
    ResolvedNode node;
    node.name = port == 0 ? host : host + ":" + std::to_string(port);
    node.id = "external:" + host + ":" + std::to_string(port);
    node.kind = NodeKind::External;
    return ensureNode(std::move(node));
}

std::uint32_t Resolution::internet()
{
    ResolvedNode node;
    node.id = "internet";
    node.name = "Internet";
    node.kind = NodeKind::Internet;
    return ensureNode(std::move(node));
}

namespace {

/// Places where an address is in use, the likeliest first: the one's own host, unless it gave the address up; then the latest.
std::vector<AddressUse> placesOf(const Directory& directory, const InternetAddress& address, std::uint32_t agent, UtcTime at)
{
    const std::vector<AddressUse>* uses = directory.findUses(address);
    if (!uses)
        return {};
    std::vector<AddressUse> sorted = *uses;
    UtcTime latest = UtcTime::min();
    for (const AddressUse& use : sorted)
        latest = std::max(latest, use.seen.last);
    const auto isNear = [&](const AddressUse& use) { return use.place.agent == agent && latest - use.seen.last <= kMoved; };
    std::sort(sorted.begin(), sorted.end(), [&](const AddressUse& a, const AddressUse& b) {
        if (isNear(a) != isNear(b))
            return isNear(a);
        if (holdsBefore(a, b, at) != holdsBefore(b, a, at))
            return holdsBefore(a, b, at);
        return std::tuple(directory.agents()[a.place.agent].identity.agent, a.place.netns)
            < std::tuple(directory.agents()[b.place.agent].identity.agent, b.place.netns);
    });
    return sorted;
}

/// An address in its textual form without brackets, as it stands in an id.
std::string hostText(const Directory& directory, const KnownEnd& end)
{
    return end.remote.address.isLoopback() ? directory.hostName(end.place.agent) : end.remote.address.toText();
}

} // namespace

void Resolution::resolveClients(const Peers& peers, std::vector<Peer>& peerOf)
{
    ServicePorts ports(m_directory, m_nodeOfInstance);
    std::vector<std::uint32_t> dialled; // ends that know no more than the address of a Kubernetes Service
    for (std::uint32_t i = 0; i < peerOf.size(); ++i) {
        const KnownEnd& end = m_directory.ends()[i];
        if (end.side != Side::Client)
            continue;
        peerOf[i] = {serverOf(end, peers), end.remote.port};
        const bool byService = end.remoteInstance == kNone && end.remote.port != 0 && leadOf(end.remote, end.seen.last) == peerOf[i].node;
        if (peerOf[i].node == kNone || !byService)
            continue;
        dialled.push_back(i);
        ports.addDialled(peerOf[i].node, end.remote, end.local.address);
    }
    for (const std::uint32_t i : dialled)
        peerOf[i].port = ports.portBehind(peerOf[i].node, m_directory.ends()[i].remote);
}

/// The node that Kubernetes says an address leads to; kNone when it says nothing.
std::uint32_t Resolution::leadOf(const Endpoint& address, UtcTime at)
{
    const std::vector<KnownLead>* leads = m_directory.findLeads(address);
    if (!leads)
        return kNone;
    const auto rank = [this](const KnownLead& lead) {
        return std::pair(lead.service == kNone ? EntityKey{} : m_directory.services()[lead.service].entity.key, m_directory.textAt(lead.name));
    };
    const KnownLead& lead = *std::min_element(leads->begin(), leads->end(), [&](const KnownLead& a, const KnownLead& b) {
        const bool aBefore = holdsBefore(a, b, at), bBefore = holdsBefore(b, a, at);
        return aBefore != bBefore ? aBefore : rank(a) < rank(b);
    });
    if (lead.service != kNone)
        return m_nodeOfService[lead.service];
    ResolvedNode node; // a Service with nothing of the cluster behind it
    const std::string& name = m_directory.textAt(lead.name);
    const std::size_t slash = name.find('/');
    node.id = "service:" + name;
    node.kind = NodeKind::Service;
    node.name = slash == std::string::npos ? name : name.substr(slash + 1);
    if (slash != std::string::npos)
        node.nameSpace = name.substr(0, slash);
    return ensureNode(std::move(node));
}

std::uint32_t Resolution::serverOf(const KnownEnd& end, const Peers& peers)
{
    if (end.remoteInstance != kNone)
        return m_nodeOfInstance[end.remoteInstance];
    if (end.remote.address.isLoopback() || end.remote.address.isUnspecified()) { // connect() to 0.0.0.0 goes to this host
        const std::uint32_t listener = peers.findListener(m_directory, end.place, end.remote, end.seen.last);
        return listener != kNone ? m_nodeOfInstance[listener] : outside(m_directory.hostName(end.place.agent), end.remote.port);
    }
    // kube-proxy takes what goes to a Service, whoever listens there; a pod's address is its pod's.
    const UtcTime at = end.seen.last;
    if (const std::uint32_t service = leadOf(end.remote, at); service != kNone)
        return service;
    const std::vector<AddressUse> uses = placesOf(m_directory, end.remote.address, end.place.agent, at);
    for (const AddressUse& use : uses) {
        if (const std::uint32_t listener = peers.findListener(m_directory, use.place, end.remote, end.seen.last); listener != kNone)
            return m_nodeOfInstance[listener];
    }
    for (const Endpoint& address : {Endpoint{end.remote.address, 0}, end.dialled}) {
        if (const std::uint32_t workload = leadOf(address, at); workload != kNone)
            return workload;
    }
    // Nobody was ever seen listening there.  A pod's address is its service's even so; a host's is not anybody's.
    std::set<std::uint32_t> owners;
    for (const AddressUse& use : uses) {
        for (const std::uint32_t instance : peers.instances.at(use.place)) {
            if (instance != kNone && isContainer(m_directory.instances()[instance].entity))
                owners.insert(m_nodeOfInstance[instance]);
        }
        owners.erase(kNone); // our own programs
        if (!owners.empty())
            break;
    }
    if (owners.size() == 1)
        return *owners.begin();
    return outside(hostText(m_directory, end), end.remote.port);
}

void Resolution::resolveServers(const Peers& peers, std::vector<Peer>& peerOf)
{
    std::vector<std::uint32_t> clients(peerOf.size(), kNone);
    for (std::uint32_t i = 0; i < peerOf.size(); ++i) {
        if (m_directory.ends()[i].side == Side::Server)
            clients[i] = clientOf(m_directory.ends()[i], peers, peerOf);
    }
    for (std::uint32_t i = 0; i < peerOf.size(); ++i) {
        if (m_directory.ends()[i].side == Side::Server)
            peerOf[i] = {clients[i], m_directory.ends()[i].local.port};
    }
}

std::uint32_t Resolution::clientOf(const KnownEnd& end, const Peers& peers, const std::vector<Peer>& peerOf)
{
    if (end.remoteInstance != kNone)
        return m_nodeOfInstance[end.remoteInstance];
    if (end.remote.address.isLoopback())
        return peers.instances.contains(end.place) ? clientAt(end.place, end, peers, peerOf) : kNone;
    const std::vector<AddressUse> uses = placesOf(m_directory, end.remote.address, end.place.agent, end.seen.last);
    if (!uses.empty())
        return clientAt(uses.front().place, end, peers, peerOf);
    if (const std::uint32_t pod = leadOf({end.remote.address, 0}, end.seen.last); pod != kNone)
        return pod; // on a host without an agent
    if (isPublic(end.remote.address) || end.remote.address.isUnspecified())
        return internet();
    return outside(hostText(m_directory, end), 0);
}

/// The client of a server's end inside one network namespace: who there calls this service on this port; else the pod whose address
/// it is; else who lives there alone.
std::uint32_t Resolution::clientAt(Place place, const KnownEnd& end, const Peers& peers, const std::vector<Peer>& peerOf)
{
    const std::uint32_t server = end.instance == kNone ? kNone : m_nodeOfInstance[end.instance];
    std::set<std::uint32_t> callers;
    if (const auto found = peers.clientEnds.find(place); found != peers.clientEnds.end()) {
        for (const std::uint32_t index : found->second) {
            const KnownEnd& client = m_directory.ends()[index];
            if (peerOf[index].node == server && peerOf[index].port == end.local.port && client.instance != kNone)
                callers.insert(m_nodeOfInstance[client.instance]);
        }
    }
    if (callers.size() == 1)
        return *callers.begin();
    const std::uint32_t pod = leadOf({end.remote.address, 0}, end.seen.last);
    if (callers.size() > 1) // their own ends tell them apart; in a pod of one workload whatever else has a name there is part of it
        return callers.contains(pod) ? pod : kNone;
    if (pod != kNone)
        return pod;
    std::set<std::uint32_t> residents;
    for (const std::uint32_t instance : peers.instances.at(place)) {
        if (instance != kNone)
            residents.insert(m_nodeOfInstance[instance]);
    }
    residents.erase(server);
    residents.erase(kNone); // our own programs
    if (residents.size() == 1)
        return *residents.begin();
    return outside(m_directory.hostName(place.agent), 0);
}

void Resolution::makeEdges(const std::vector<Peer>& peerOf)
{
    using Pair = std::tuple<std::uint32_t, std::uint32_t, std::uint16_t>;
    struct Spoken {
        std::set<std::pair<Protocol, bool>> protocols; // parsed ones
        bool tls = false;
    };
    std::map<Pair, Spoken> pairs;
    std::vector<Pair> pairOf(peerOf.size());
    for (std::uint32_t i = 0; i < peerOf.size(); ++i) {
        const KnownEnd& end = m_directory.ends()[i];
        const std::uint32_t own = end.instance == kNone ? kNone : m_nodeOfInstance[end.instance];
        const bool client = end.side == Side::Client;
        const auto& [peer, port] = peerOf[i];
        pairOf[i] = client ? Pair(own, peer, port) : Pair(peer, own, port);
        if (own == kNone || peer == kNone)
            continue;
        Spoken& spoken = pairs[pairOf[i]];
        if (end.protocol != Protocol::Unknown)
            spoken.protocols.emplace(end.protocol, end.tls);
        spoken.tls = spoken.tls || end.tls;
    }
    std::map<std::tuple<Pair, Protocol, bool>, std::uint32_t> edgeOf;
    m_targets.resize(peerOf.size());
    for (std::uint32_t i = 0; i < peerOf.size(); ++i) {
        const auto [from, to, port] = pairOf[i];
        if (from == kNone || to == kNone)
            continue;
        const KnownEnd& end = m_directory.ends()[i];
        const Spoken& spoken = pairs[pairOf[i]];
        // The connection's own figures go to what is spoken on it.
        std::pair<Protocol, bool> what(end.protocol, end.tls);
        if (end.protocol == Protocol::Unknown)
            what = spoken.protocols.empty() ? std::pair(Protocol::Unknown, spoken.tls) : *spoken.protocols.begin();
        const auto [entry, fresh] = edgeOf.try_emplace({pairOf[i], what.first, what.second}, static_cast<std::uint32_t>(m_edges.size()));
        if (fresh)
            m_edges.push_back({from, to, port, what.first, what.second});
        m_targets[i] = {entry->second, end.side};
    }
}

} // namespace binnacle::analysis::internal
