// SPDX-License-Identifier: Apache-2.0
#include "core/analysis/internal/resolution.h"

#include "core/analysis/internal/places.h"
#include "core/analysis/internal/service_ports.h"

#include <algorithm>
#include <map>
#include <numeric>
#include <set>
#include <string_view>

namespace binnacle::analysis::internal {

namespace {

using telemetry::Side;

/// Changes that are told apart, of all ends together.
constexpr std::size_t kMaxChangesOfAll = kMaxEnds;

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
        if (node.name.ends_with(":0"))
            node.name.resize(node.name.size() - 2);
        break;
    case telemetry::ServiceKind::Kubernetes:
        node.kind = NodeKind::Service;
        node.id = "service:" + path;
        break;
    case telemetry::ServiceKind::Process:
        node.id = "process:" + path;
        break;
    }
    return node;
}

} // namespace

/// Indexes over the directory: what happens in one network namespace.
struct Resolution::Peers {
    absl::flat_hash_map<Place, std::vector<std::uint32_t>> calls; // → Stretch of a client's end
    absl::flat_hash_map<Place, std::set<std::uint32_t>> instances;

    Peers(const Directory& directory, const std::vector<Stretch>& stretches)
    {
        for (const KnownListener& listener : directory.listeners())
            instances[listener.place].insert(listener.instance);
        for (const KnownEnd& end : directory.ends())
            instances[end.place].insert(end.instance);
        for (std::uint32_t i = 0; i < stretches.size(); ++i) {
            const KnownEnd& end = directory.ends()[stretches[i].end];
            if (end.side == Side::Client)
                calls[end.place].push_back(i);
        }
    }

    /// Who listens on `to` inside `place`: on this very address before a wildcard.
    static std::uint32_t findListener(const Directory& directory, Place place, Endpoint to, UtcTime at)
    {
        const std::vector<std::uint32_t>* listeners = directory.findListeners(place, to.port);
        if (!listeners)
            return kNone;
        const KnownListener* best = nullptr;
        for (const std::uint32_t index : *listeners) {
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
        if (holdsBefore(a.seen, b.seen, at) != holdsBefore(b.seen, a.seen, at))
            return holdsBefore(a.seen, b.seen, at);
        return directory.instances()[a.instance].entity.key < directory.instances()[b.instance].entity.key;
    }
};

Resolution::Resolution(const Directory& directory, Hands& hands) : m_directory(directory), m_version(directory.version())
{
    nameServices();
    nameInstances();
    countInstances();
    makeStretches(hands);
    const Peers peers(directory, m_stretches);
    resolveClients(peers);
    resolveServers(peers);
    makeEdges();
    makeRoutes();
    rankNodes();
    m_stretches = {};
}

EndTarget Resolution::ofEnd(std::uint32_t end, UtcTime at) const
{
    if (end + std::size_t{1} >= m_firstOf.size())
        return {};
    std::uint32_t index = m_firstOf[end + 1] - 1; // at least one; the first holds for all that is earlier
    while (index > m_firstOf[end] && m_targets[index].from > at)
        --index;
    return m_targets[index].target;
}

void Resolution::makeStretches(Hands& hands)
{
    const std::vector<KnownEnd>& ends = m_directory.ends();
    m_stretches.reserve(ends.size());
    for (std::uint32_t i = 0; i < ends.size(); ++i) {
        const Seen& seen = ends[i].seen;
        UtcTime from = UtcTime::min();
        for (const UtcTime change : hands.changes(i)) {
            m_changesWithTime = true;
            if (change <= seen.first || change >= seen.last || m_stretches.size() - i >= kMaxChangesOfAll)
                continue;
            m_stretches.push_back({i, from, change, {}});
            from = change;
        }
        m_stretches.push_back({i, from, seen.last, {}});
    }
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

/// An address in its textual form without brackets, as it stands in an id.
std::string hostText(const Directory& directory, const KnownEnd& end)
{
    return end.remote.address.isLoopback() ? directory.hostName(end.place.agent) : end.remote.address.toText();
}

} // namespace

void Resolution::resolveClients(const Peers& peers)
{
    ServicePorts ports(m_directory, m_nodeOfInstance);
    std::vector<Stretch*> dialled; // of ends that know no more than the address of a Kubernetes Service
    for (Stretch& stretch : m_stretches) {
        const KnownEnd& end = m_directory.ends()[stretch.end];
        if (end.side != Side::Client)
            continue;
        const std::uint32_t node = serverOf(end, stretch.at(), peers);
        stretch.peer = {node, end.remote.port};
        if (end.dialled != end.remote && end.dialled.port != 0)
            ports.addTranslation(node != kNone && m_nodes[node].kind == NodeKind::External ? kNone : node, end.dialled, end.remote.port, stretch.until);
        const bool byService = end.remoteInstance == kNone && end.remote.port != 0 && leadOf(end.remote, stretch.at()) == node;
        if (node == kNone || !byService)
            continue;
        dialled.push_back(&stretch);
        ports.addDialled(node, end.remote, end.local.address);
    }
    for (Stretch* stretch : dialled)
        stretch->peer.port = ports.portBehind(stretch->peer.node, m_directory.ends()[stretch->end].remote);
    followTranslations();
}

/// A connect that failed or waits has no translation of its own.  Where others dialled the same address and were seen to be led on,
/// it was meant for whom they reached, rather than for a nameless address.
void Resolution::followTranslations()
{
    struct Led {
        UtcTime seen;
        Peer to;
    };
    std::map<Endpoint, Led> led; // by what was dialled; the latest, of several at a time the first by name
    const auto isBefore = [this](const Led& a, const Led& b) {
        return a.seen != b.seen ? a.seen > b.seen : std::tie(m_nodes[a.to.node].id, a.to.port) < std::tie(m_nodes[b.to.node].id, b.to.port);
    };
    for (const Stretch& stretch : m_stretches) {
        const KnownEnd& end = m_directory.ends()[stretch.end];
        if (end.side != Side::Client || stretch.peer.node == kNone || end.dialled.port == 0 || end.dialled == end.remote || end.dialled.address.isLoopback())
            continue;
        const Led found{stretch.until, stretch.peer};
        if (const auto [known, fresh] = led.try_emplace(end.dialled, found); !fresh && isBefore(found, known->second))
            known->second = found;
    }
    for (Stretch& stretch : m_stretches) {
        const KnownEnd& end = m_directory.ends()[stretch.end];
        const std::uint32_t node = stretch.peer.node;
        const bool nameless = end.side == Side::Client && end.dialled == end.remote && node != kNone && m_nodes[node].kind == NodeKind::External;
        if (const auto known = nameless ? led.find(end.dialled) : led.end(); known != led.end())
            stretch.peer = known->second.to;
    }
}

/// Where Kubernetes says that an address led at that time; null when it says nothing.
const KnownLead* Resolution::findLead(const Endpoint& address, UtcTime at) const
{
    const std::vector<KnownLead>* leads = m_directory.findLeads(address);
    if (!leads)
        return nullptr;
    const auto rank = [this](const KnownLead& lead) {
        return std::pair(lead.service == kNone ? EntityKey{} : m_directory.services()[lead.service].entity.key, m_directory.textAt(lead.name));
    };
    return &*std::min_element(leads->begin(), leads->end(), [&](const KnownLead& a, const KnownLead& b) {
        const bool aBefore = holdsBefore(a.seen, b.seen, at), bBefore = holdsBefore(b.seen, a.seen, at);
        return aBefore != bBefore ? aBefore : rank(a) < rank(b);
    });
}

std::uint32_t Resolution::nodeOfLead(const KnownLead& lead)
{
    if (lead.service != kNone)
        return m_nodeOfService[lead.service];
    return kubernetesService(m_directory.textAt(lead.name)); // with nothing of the cluster behind it
}

std::uint32_t Resolution::leadOf(const Endpoint& address, UtcTime at)
{
    const KnownLead* lead = findLead(address, at);
    return lead ? nodeOfLead(*lead) : kNone;
}

std::uint32_t Resolution::kubernetesService(const std::string& name)
{
    ResolvedNode node;
    const std::size_t slash = name.find('/');
    node.id = "service:" + name;
    node.kind = NodeKind::Service;
    node.name = slash == std::string::npos ? name : name.substr(slash + 1);
    if (slash != std::string::npos)
        node.nameSpace = name.substr(0, slash);
    return ensureNode(std::move(node));
}

std::uint32_t Resolution::serverOf(const KnownEnd& end, UtcTime at, const Peers& peers)
{
    if (end.remoteInstance != kNone)
        return m_nodeOfInstance[end.remoteInstance];
    if (end.remote.address.isLoopback() || end.remote.address.isUnspecified()) { // connect() to 0.0.0.0 goes to this host
        const std::uint32_t listener = Peers::findListener(m_directory, end.place, end.remote, at);
        return listener != kNone ? m_nodeOfInstance[listener] : outside(m_directory.hostName(end.place.agent), end.remote.port);
    }
    // kube-proxy takes what goes to a Service, whoever listens there; a pod's address is its pod's.
    if (const std::uint32_t service = leadOf(end.remote, at); service != kNone)
        return service;
    const std::vector<PlaceThen> places = placesOf(m_directory, end.remote.address, end.place.agent, at);
    const KnownLead* pod = findLead({end.remote.address, 0}, at);
    for (const Holds holds : {Holds::Then, Holds::Before, Holds::Later}) {
        for (const PlaceThen& there : places) {
            const std::uint32_t listener = there.holds == holds ? Peers::findListener(m_directory, there.place, end.remote, at) : kNone;
            if (listener != kNone)
                return m_nodeOfInstance[listener];
        }
        if (const std::uint32_t workload = pod && holdsAt(pod->seen, at) == holds ? nodeOfLead(*pod) : kNone; workload != kNone)
            return workload;
    }
    if (const std::uint32_t workload = leadOf(end.dialled, at); workload != kNone)
        return workload;
    // Nobody was ever seen listening there.  A pod's address is its service's even so; a host's is not anybody's.
    std::set<std::uint32_t> owners;
    for (const PlaceThen& there : places) {
        for (const std::uint32_t instance : peers.instances.at(there.place)) {
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

void Resolution::resolveServers(const Peers& peers)
{
    for (Stretch& stretch : m_stretches) {
        const KnownEnd& end = m_directory.ends()[stretch.end];
        if (end.side == Side::Server)
            stretch.peer = {clientOf(end, stretch.at(), peers), end.local.port};
    }
}

std::uint32_t Resolution::clientOf(const KnownEnd& end, UtcTime at, const Peers& peers)
{
    if (end.remoteInstance != kNone)
        return m_nodeOfInstance[end.remoteInstance];
    if (end.remote.address.isLoopback())
        return peers.instances.contains(end.place) ? clientAt(end.place, end, at, peers) : kNone;
    const std::vector<PlaceThen> places = placesOf(m_directory, end.remote.address, end.place.agent, at);
    const KnownLead* pod = findLead({end.remote.address, 0}, at);
    const bool elsewhere = pod && !places.empty() && places.front().holds == Holds::Later && holdsAt(pod->seen, at) != Holds::Later;
    if (!places.empty() && !elsewhere)
        return clientAt(places.front().place, end, at, peers);
    if (const std::uint32_t workload = pod ? nodeOfLead(*pod) : kNone; workload != kNone)
        return workload; // on a host without an agent
    if (isPublic(end.remote.address) || end.remote.address.isUnspecified())
        return internet();
    return outside(hostText(m_directory, end), 0);
}

/// The client of a server's end inside one network namespace: who there calls this service on this port; else the pod whose address
/// it is; else who lives there alone.
std::uint32_t Resolution::clientAt(Place place, const KnownEnd& end, UtcTime at, const Peers& peers)
{
    const std::uint32_t server = end.instance == kNone ? kNone : m_nodeOfInstance[end.instance];
    std::set<std::uint32_t> callers;
    if (const auto found = peers.calls.find(place); found != peers.calls.end()) {
        for (const std::uint32_t index : found->second) {
            const Stretch& call = m_stretches[index];
            const std::uint32_t caller = m_directory.ends()[call.end].instance;
            if (call.peer.node == server && call.peer.port == end.local.port && caller != kNone)
                callers.insert(m_nodeOfInstance[caller]);
        }
    }
    if (callers.size() == 1)
        return *callers.begin();
    const std::uint32_t pod = leadOf({end.remote.address, 0}, at);
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

void Resolution::makeEdges()
{
    using Pair = std::tuple<std::uint32_t, std::uint32_t, std::uint16_t>;
    struct Spoken {
        std::set<std::pair<Protocol, bool>> protocols; // parsed ones
        bool tls = false;
    };
    std::map<Pair, Spoken> pairs;
    std::vector<Pair> pairOf(m_stretches.size());
    for (std::size_t i = 0; i < m_stretches.size(); ++i) {
        const KnownEnd& end = m_directory.ends()[m_stretches[i].end];
        const std::uint32_t own = end.instance == kNone ? kNone : m_nodeOfInstance[end.instance];
        const bool client = end.side == Side::Client;
        const auto& [peer, port] = m_stretches[i].peer;
        pairOf[i] = client ? Pair(own, peer, port) : Pair(peer, own, port);
        if (own == kNone || peer == kNone)
            continue;
        Spoken& spoken = pairs[pairOf[i]];
        if (end.protocol != Protocol::Unknown)
            spoken.protocols.emplace(end.protocol, end.tls);
        spoken.tls = spoken.tls || end.tls;
    }
    std::map<std::tuple<Pair, Protocol, bool>, std::uint32_t> edgeOf;
    for (std::size_t i = 0; i < m_stretches.size(); ++i) {
        const auto [from, to, port] = pairOf[i];
        if (from == kNone || to == kNone) {
            addTarget(m_stretches[i], {});
            continue;
        }
        const KnownEnd& end = m_directory.ends()[m_stretches[i].end];
        const Spoken& spoken = pairs[pairOf[i]];
        // The connection's own figures go to what is spoken on it.
        std::pair<Protocol, bool> what(end.protocol, end.tls);
        if (end.protocol == Protocol::Unknown)
            what = spoken.protocols.empty() ? std::pair(Protocol::Unknown, spoken.tls) : *spoken.protocols.begin();
        const auto [entry, fresh] = edgeOf.try_emplace({pairOf[i], what.first, what.second}, static_cast<std::uint32_t>(m_edges.size()));
        if (fresh)
            m_edges.push_back({from, to, port, what.first, what.second});
        addTarget(m_stretches[i], {entry->second, end.side});
    }
    m_firstOf.push_back(static_cast<std::uint32_t>(m_targets.size()));
}

void Resolution::addTarget(const Stretch& stretch, EndTarget target)
{
    const bool first = stretch.end == m_firstOf.size();
    if (first)
        m_firstOf.push_back(static_cast<std::uint32_t>(m_targets.size()));
    if (first || m_targets.back().target != target)
        m_targets.push_back({stretch.from, target});
}

void Resolution::makeRoutes()
{
    for (const KnownRoute& route : m_directory.routes()) {
        if (const std::uint32_t to = m_nodeOfService[route.service]; to != kNone)
            m_routes.push_back({kubernetesService(m_directory.textAt(route.name)), to, route.port, route.seen});
    }
}

std::vector<std::string_view> Resolution::typesOfNodes() const
{
    std::vector<std::string_view> ofServices(m_nodes.size()), ofInstances(m_nodes.size());
    const auto note = [](std::string_view& least, std::string_view type) {
        if (!type.empty() && (least.empty() || type < least))
            least = type;
    };
    for (std::uint32_t i = 0; i < m_directory.services().size(); ++i) {
        if (const std::uint32_t node = nodeOfService(i); node != kNone)
            note(ofServices[node], m_directory.services()[i].entity.type);
    }
    for (std::uint32_t i = 0; i < m_directory.instances().size(); ++i) {
        if (const std::uint32_t node = nodeOfInstance(i); node != kNone)
            note(ofInstances[node], m_directory.instances()[i].entity.type);
    }
    for (std::size_t node = 0; node < ofServices.size(); ++node) {
        if (ofServices[node].empty())
            ofServices[node] = ofInstances[node];
    }
    return ofServices;
}

void Resolution::rankNodes()
{
    std::vector<std::uint32_t> byId(m_nodes.size());
    std::iota(byId.begin(), byId.end(), 0U);
    std::ranges::sort(byId, {}, [this](std::uint32_t node) { return std::string_view(m_nodes[node].id); });
    m_rankOf.resize(byId.size());
    for (std::uint32_t rank = 0; rank < byId.size(); ++rank)
        m_rankOf[byId[rank]] = rank;
}

} // namespace binnacle::analysis::internal
