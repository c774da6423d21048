// SPDX-License-Identifier: Apache-2.0
#include "core/analysis/internal/assembler.h"

#include "core/analysis/internal/sort_unique.h"
#include "core/analysis/words.h"
#include "core/telemetry/histogram_sum.h"

#include <string_view>

namespace binnacle::analysis::internal {

Node& Assembler::ensureNode(std::uint32_t index)
{
    if (m_nodeOf[index])
        return *m_nodeOf[index];
    const ResolvedNode& resolved = m_resolution.nodes()[index];
    Node& node = m_nodes[resolved.id];
    node.id = resolved.id;
    node.name = resolved.name;
    node.nameSpace = resolved.nameSpace;
    node.kind = resolved.kind;
    m_nodeOf[index] = &node;
    return node;
}

/// Services that exist or existed before the end of the range.  A program that only ever called others and is gone has no row:
/// every command typed in a shell would stay for ever.
void Assembler::addServices()
{
    std::vector<bool> serving(m_nodeOf.size(), false);
    for (const KnownListener& listener : m_directory.listeners()) {
        const std::uint32_t node = m_resolution.nodeOfInstance(listener.instance);
        if (node != kNone && listener.seen.first() < m_in.range.to)
            serving[node] = true;
    }
    for (std::uint32_t i = 0; i < m_directory.services().size(); ++i) {
        const KnownService& service = m_directory.services()[i];
        const std::uint32_t node = m_resolution.nodeOfService(i);
        const bool isOutside = service.entity.serviceKind == telemetry::ServiceKind::External || service.entity.serviceKind == telemetry::ServiceKind::Kubernetes;
        if (node == kNone || isOutside || service.seen.first >= m_in.range.to) // who is outside is there as long as somebody calls it
            continue;
        const bool process = service.entity.serviceKind == telemetry::ServiceKind::Process;
        if (!process || serving[node])
            ensureNode(node);
    }
    for (const std::uint32_t instance : m_present) {
        if (const std::uint32_t node = m_resolution.nodeOfInstance(instance); node != kNone)
            ensureNode(node);
    }
    for (std::uint32_t i = 0; i < m_sums.edges().size(); ++i) {
        if (!m_sums.edges()[i].seen())
            continue;
        ensureNode(m_resolution.edges()[i].from);
        ensureNode(m_resolution.edges()[i].to);
    }
}

/// Containers of one pod once: they are of one node.
std::vector<std::uint32_t> Assembler::countByNode(const InstanceSet& instances) const
{
    InstanceSet counted;
    counted.reserve(instances.size());
    for (const std::uint32_t instance : instances)
        counted.push_back(m_resolution.countedAs(instance));
    std::vector<std::uint32_t> count(m_nodeOf.size(), 0);
    sortUnique(counted);
    for (const std::uint32_t instance : counted) {
        if (const std::uint32_t node = m_resolution.nodeOfInstance(instance); node != kNone)
            ++count[node];
    }
    return count;
}

void Assembler::addInstances()
{
    for (const InstanceSetPtr& set : m_presence) {
        const std::vector<std::uint32_t> count = countByNode(*set);
        for (std::uint32_t node = 0; node < count.size(); ++node) {
            if (count[node] > 0)
                ensureNode(node).instancesMax = std::max(ensureNode(node).instancesMax, count[node]);
        }
    }
    for (const std::uint32_t node : m_untold)
        ensureNode(node).instancesKnown = false;
    const std::vector<std::uint32_t> alive = countByNode(m_alive);
    for (std::uint32_t node = 0; node < alive.size(); ++node) {
        if (alive[node] > 0)
            ensureNode(node).instances = alive[node];
    }
    for (const std::uint32_t instance : m_present) {
        const std::uint32_t node = m_resolution.nodeOfInstance(instance);
        if (node == kNone)
            continue;
        ensureNode(node).instancesMax = std::max(ensureNode(node).instancesMax, 1U); // also one that came and went between two looks
        if (std::string host = m_directory.hostOf(instance); !host.empty())
            ensureNode(node).hosts.push_back(std::move(host));
    }
}

void Assembler::addTypes()
{
    const std::vector<std::string_view> types = m_resolution.typesOfNodes();
    for (std::uint32_t node = 0; node < m_nodeOf.size(); ++node) {
        if (m_nodeOf[node])
            m_nodeOf[node]->type = types[node];
    }
}

/// What is alive at the end of the range.  An instance that an agent observes ends when that agent says so, however long a list still
/// has it; and a list speaks for one of which its agent says nothing.
void Assembler::findAlive()
{
    InstanceSet untold, ended; // in this range
    for (const Frame* frame : m_in.frames)
        ended.insert(ended.end(), frame->ended().begin(), frame->ended().end());
    sortUnique(ended);
    for (const auto& [agent, sums] : m_sums.agents()) {
        const bool lists = m_directory.agents()[agent].lists;
        if (isCurrent(agent) && !lists)
            m_agentHosts.insert(m_directory.hostName(agent));
        for (const std::uint32_t instance : *sums.last->present) {
            if (!isCurrent(agent))
                untold.push_back(instance);
            else if (!lists || !std::ranges::binary_search(ended, instance))
                m_alive.push_back(instance);
        }
    }
    sortUnique(m_alive);
    for (const std::uint32_t instance : untold) {
        if (const std::uint32_t node = m_resolution.nodeOfInstance(instance); node != kNone && !std::ranges::binary_search(m_alive, instance))
            m_untold.insert(node);
    }
}

void Assembler::addListening()
{
    for (const auto& [agent, sums] : m_sums.agents()) {
        for (const std::uint32_t index : sums.last->listeners) {
            const KnownListener& listener = m_directory.listeners()[index];
            const std::uint32_t node = m_resolution.nodeOfInstance(listener.instance);
            if (node != kNone && isCurrent(agent))
                ensureNode(node).listening.push_back({listener.local.toText(), m_directory.instances()[listener.instance].entity.name});
        }
    }
}

namespace {

/// Adds up what the inbound edges chose: different callers' requests, never two ledgers of one.
void addInbound(Node& node, const std::vector<const Edge*>& inbound, telemetry::HistogramSum& latency, telemetry::HistogramSum& firstByte)
{
    Ledger& sum = node.inbound;
    node.clients.reserve(inbound.size());
    for (const Edge* edge : inbound) {
        sum.requests += edge->chosen.requests;
        sum.errors += edge->chosen.errors;
        for (const auto& [status, count] : edge->chosen.statuses)
            sum.statuses[status] += count;
        latency.add(edge->chosen.latency);
        firstByte.add(edge->chosen.firstByte);
        sum.lost += edge->losses;
        node.inFlight += edge->inFlight;
        node.oldestInFlight = std::max(node.oldestInFlight, edge->oldestInFlight);
        node.pending.count += edge->pending.count;
        node.pending.oldest = std::max(node.pending.oldest, edge->pending.oldest);
        node.pending.synSent = std::max(node.pending.synSent, edge->pending.synSent);
        node.clients.push_back(edge->from);
    }
    sum.latency = latency.take();
    sum.firstByte = firstByte.take();
}

void addRoutes(Node& node, const std::vector<const Edge*>& inbound, telemetry::HistogramSum& latency, telemetry::HistogramSum& firstByte)
{
    std::vector<const RouteSummary*> parts;
    for (const Edge* edge : inbound) {
        for (const RouteSummary& route : edge->routes)
            parts.push_back(&route);
    }
    std::ranges::sort(parts, {}, [](const RouteSummary* part) { return std::string_view(part->route); });
    for (auto at = parts.begin(); at != parts.end();) {
        RouteSummary& total = node.routes.emplace_back();
        for (total.route = (*at)->route; at != parts.end() && (*at)->route == total.route; ++at) {
            total.requests += (*at)->requests;
            total.errors += (*at)->errors;
            for (const auto& [status, count] : (*at)->statuses)
                total.statuses[status] += count;
            latency.add((*at)->latency);
            firstByte.add((*at)->firstByte);
        }
        total.latency = latency.take();
        total.firstByte = firstByte.take();
    }
    sortRoutes(node.routes);
}

/// Of a caller, as somebody who looks at `node` calls it.
std::string nameBeside(const Node& node, const Node& caller)
{
    const bool isNeighbour = !caller.nameSpace || caller.nameSpace == node.nameSpace;
    return isNeighbour ? caller.name : *caller.nameSpace + '/' + caller.name;
}

void judgeNode(Node& node, const std::vector<const Edge*>& inbound, const std::map<std::string, Node>& all)
{
    if (inbound.empty()) {
        node.healthReasons.push_back(node.observed ? "No data: nothing called it in this range."
                                                   : "Not observed yet: this is what Kubernetes lists, and no agent has seen it at work.");
        return;
    }
    node.health = Health::Ok;
    for (const Edge* edge : inbound) {
        if (severity(edge->health) > severity(node.health))
            node.health = edge->health;
    }
    for (const Edge* edge : inbound) {
        if (edge->health != node.health)
            continue;
        for (const std::string& reason : edge->healthReasons)
            node.healthReasons.push_back("From " + nameBeside(node, all.at(edge->from)) + ": " + reason);
    }
}

} // namespace

void Assembler::addEdgesToNodes()
{
    std::vector<std::vector<const Edge*>> inbound(m_nodeOf.size()); // by node of the resolution
    for (std::size_t i = 0; i < m_madeOf.size(); ++i) {
        const ResolvedEdge& edge = m_resolution.edges()[m_madeOf[i]];
        inbound[edge.to].push_back(&m_snapshot.edges[i]);
        m_nodeOf[edge.from]->servers.push_back(m_snapshot.edges[i].to);
    }
    for (std::uint32_t i = 0; i < m_nodeOf.size(); ++i) {
        if (!m_nodeOf[i])
            continue;
        Node& node = *m_nodeOf[i];
        const std::vector<const Edge*>& callers = inbound[i];
        addInbound(node, callers, m_latency, m_firstByte);
        addRoutes(node, callers, m_latency, m_firstByte);
        sortUnique(node.clients);
        sortUnique(node.servers);
        if (!callers.empty() || !node.servers.empty())
            node.observed = true;
        judgeNode(node, callers, m_nodes);
    }
}

void Assembler::findPresent()
{
    for (const Frame* frame : m_in.frames) {
        for (const InstanceSetPtr& set : frame->presence()) {
            if (!m_presence.empty() && *m_presence.back() == *set)
                continue; // most seconds look like the one before
            m_presence.push_back(set);
            m_present.insert(m_present.end(), set->begin(), set->end());
        }
        m_present.insert(m_present.end(), frame->ended().begin(), frame->ended().end());
    }
    sortUnique(m_present);
}

void Assembler::makeNodes()
{
    findPresent();
    addServices();
    addInstances();
    addListening();
    addTypes();
    noteNotObserved();
    addEdgesToNodes();
    for (auto& [id, node] : m_nodes) {
        sortUnique(node.hosts);
        sortUnique(node.listening);
        m_snapshot.nodes.push_back(std::move(node));
    }
}

/// A workload of which no instance was observed by the end.
void Assembler::noteNotObserved()
{
    for (auto& [id, node] : m_nodes)
        node.observed = node.kind != NodeKind::Workload;
    for (std::uint32_t i = 0; i < m_directory.instances().size(); ++i) {
        const std::uint32_t node = m_resolution.nodeOfInstance(i);
        if (node != kNone && isObserved(i) && m_nodeOf[node])
            m_nodeOf[node]->observed = true;
    }
}

void Assembler::makePossibleEdges()
{
    constexpr Nanoseconds kSaidAgain = std::chrono::seconds(30); // all routes are said every ten seconds
    std::map<std::string_view, const Node*> nodes;
    for (const Node& node : m_snapshot.nodes)
        nodes.emplace(node.id, &node);
    for (const ResolvedRoute& route : m_resolution.routes()) {
        const auto to = nodes.find(m_resolution.nodes()[route.to].id);
        const bool holds = route.seen.first < m_in.range.to && route.seen.last + kSaidAgain >= m_in.range.to;
        if (!holds || to == nodes.end() || to->second->observed)
            continue;
        const ResolvedNode& from = m_resolution.nodes()[route.from];
        PossibleEdge edge;
        edge.from.id = from.id;
        edge.from.name = from.name;
        edge.from.nameSpace = from.nameSpace;
        edge.from.kind = from.kind;
        edge.from.observed = false;
        edge.from.healthReasons.push_back("Not observed yet: Kubernetes leads this Service to " + to->second->id + ", and no agent has seen a call.");
        edge.to = to->second->id;
        edge.port = route.port;
        m_snapshot.possible.push_back(std::move(edge));
    }
    std::sort(m_snapshot.possible.begin(), m_snapshot.possible.end(), [](const PossibleEdge& a, const PossibleEdge& b) {
        return std::tie(a.from.id, a.to, a.port) < std::tie(b.from.id, b.to, b.port);
    });
}

void Assembler::makeInstances()
{
    for (const std::uint32_t index : m_present) {
        const std::uint32_t node = m_resolution.nodeOfInstance(index);
        if (node == kNone)
            continue;
        const KnownInstance& known = m_directory.instances()[index];
        m_snapshot.instances.push_back({known.entity.key, known.entity.name, m_directory.hostOf(index), m_resolution.nodes()[node].id,
                                        std::ranges::binary_search(m_alive, index), known.entity.attributes});
    }
    std::sort(m_snapshot.instances.begin(), m_snapshot.instances.end(), [](const Instance& a, const Instance& b) { return a.key < b.key; });
}

} // namespace binnacle::analysis::internal
