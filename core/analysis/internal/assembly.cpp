// SPDX-License-Identifier: Apache-2.0
#include "core/analysis/internal/assembly.h"

#include "core/analysis/errno_names.h"
#include "core/analysis/internal/health.h"
#include "core/analysis/internal/sums.h"
#include "core/analysis/words.h"

#include <algorithm>
#include <map>
#include <set>
#include <tuple>

namespace binnacle::analysis::internal {

namespace {

using telemetry::Side;

constexpr std::size_t kMaxListedConnections = 20'000;

class Assembler {
public:
    explicit Assembler(const Assembly& input)
        : m_in(input), m_directory(input.directory), m_resolution(input.resolution), m_sums(input.directory, input.resolution, input.options.withRoutes)
    {
    }

    Snapshot run()
    {
        m_snapshot.range = m_in.range;
        for (const Frame* frame : m_in.frames)
            m_sums.add(*frame);
        m_sums.finish();
        judgeLastBatches();
        findAcceptQueues();
        makeAgents();
        makeEdges();
        makeNodes();
        makeInstances();
        makeOpenExchanges();
        if (m_in.options.withConnections)
            makeConnections();
        makeEvents();
        makeLosses();
        makeCoverage();
        return std::move(m_snapshot);
    }

private:
    struct JudgedSums {
        Attempts client, server;
        std::uint64_t failed = 0;
        std::map<std::string, std::uint64_t> failedBy;
    };

    void judgeLastBatches();
    void judgeFrame(const Frame& frame, const absl::flat_hash_map<std::uint32_t, std::size_t>& taken);
    bool isCurrent(std::uint32_t agent) const;
    void makeAgents();
    void makeEdges();
    Edge edgeOf(std::uint32_t index, const EdgeSums& sums) const;
    Ledger ledgerOf(const SideSums& side) const;
    std::vector<RouteSummary> routesOf(const SideSums& side) const;
    TcpSummary tcpOf(const ResolvedEdge& edge, const EdgeSums& sums, Side chosen) const;
    void findAcceptQueues();
    Verdict verdictOf(std::uint32_t index, const EdgeSums& sums, const Edge& edge) const;
    void makeNodes();
    void addServices();
    Node& ensureNode(std::uint32_t node);
    void addInstancesTo(std::map<std::string, std::set<std::string>>& hosts);
    void addListening();
    void addEdgesToNodes();
    void makeInstances();
    void makeOpenExchanges();
    void makeConnections();
    void makeEvents();
    void makeLosses();
    void makeCoverage();
    std::string subjectOf(std::uint32_t instance, std::uint32_t service, std::uint32_t agent) const;

    const Assembly& m_in;
    const Directory& m_directory;
    const Resolution& m_resolution;
    Sums m_sums;
    std::vector<JudgedSums> m_judged; // by edge
    std::size_t m_judgedBatches = 0;
    std::map<std::string, Node> m_nodes;
    std::set<std::uint32_t> m_present; // instances, in the range
    std::map<std::pair<std::uint32_t, std::uint16_t>, std::uint64_t> m_acceptQueues; // node and port → most seen
    Snapshot m_snapshot;
};

void Assembler::judgeLastBatches()
{
    m_judged.resize(m_resolution.edges().size());
    absl::flat_hash_map<std::uint32_t, std::size_t> taken;
    for (const Frame* frame : m_in.lastFrames) {
        judgeFrame(*frame, taken);
        for (const AgentPart& part : frame->agents())
            m_judgedBatches = std::max(m_judgedBatches, std::min(++taken[part.agent], kJudgedBatches));
    }
}

void Assembler::judgeFrame(const Frame& frame, const absl::flat_hash_map<std::uint32_t, std::size_t>& taken)
{
    const auto find = [&](std::uint32_t end) -> JudgedSums* {
        const EndTarget target = m_resolution.ofEnd(end);
        if (target.edge == kNone)
            return nullptr;
        const auto known = taken.find(m_directory.ends()[end].place.agent);
        return known != taken.end() && known->second >= kJudgedBatches ? nullptr : &m_judged[target.edge];
    };
    for (const telemetry::RequestRow& row : frame.requests()) {
        JudgedSums* sums = find(row.end);
        if (!sums)
            continue;
        Attempts& side = m_directory.ends()[row.end].side == Side::Client ? sums->client : sums->server;
        side.requests += row.requests;
        side.errors += row.errors;
    }
    for (const telemetry::TcpRow& row : frame.tcp()) {
        JudgedSums* sums = find(row.end);
        if (!sums)
            continue;
        (m_directory.ends()[row.end].side == Side::Client ? sums->client : sums->server).opened += row.opened;
        for (const telemetry::ErrnoCount& each : row.failed) {
            sums->failed += each.count;
            sums->failedBy[errnoName(each.error)] += each.count;
        }
    }
}

bool Assembler::isCurrent(std::uint32_t agent) const
{
    const auto found = m_sums.agents().find(agent);
    return found != m_sums.agents().end() && found->second.range.to + kAgentPatience >= m_in.range.to;
}

void Assembler::makeAgents()
{
    for (std::uint32_t i = 0; i < m_directory.agents().size(); ++i) {
        const auto found = m_sums.agents().find(i);
        AgentSummary summary;
        summary.identity = m_directory.agents()[i].identity;
        if (found != m_sums.agents().end()) {
            summary.latest = found->second.last->health;
            summary.lastBatch = found->second.range.to;
            summary.batches = found->second.batches;
        }
        m_snapshot.agents.push_back(std::move(summary));
    }
    std::sort(m_snapshot.agents.begin(), m_snapshot.agents.end(), [](const AgentSummary& a, const AgentSummary& b) {
        return std::tie(a.identity.host, a.identity.agent) < std::tie(b.identity.host, b.identity.agent);
    });
    for (const telemetry::Gap& gap : m_in.gaps) {
        if (gap.range.intersects(m_in.range))
            m_snapshot.gaps.push_back(gap);
    }
    std::sort(m_snapshot.gaps.begin(), m_snapshot.gaps.end(), [](const telemetry::Gap& a, const telemetry::Gap& b) {
        return std::tie(a.range.from, a.range.to, a.agent, a.reason, a.what) < std::tie(b.range.from, b.range.to, b.agent, b.reason, b.what);
    });
}

Ledger Assembler::ledgerOf(const SideSums& side) const
{
    Ledger ledger;
    ledger.requests = side.requests.requests;
    ledger.errors = side.requests.errors;
    for (const telemetry::StatusCount& status : side.requests.statuses)
        ledger.statuses[m_directory.textAt(status.status)] += status.count;
    ledger.latency = side.requests.latency;
    ledger.firstByte = side.requests.firstByte;
    ledger.lost = side.losses();
    return ledger;
}

void sortRoutes(std::vector<RouteSummary>& routes)
{
    std::sort(routes.begin(), routes.end(), [](const RouteSummary& a, const RouteSummary& b) {
        return a.requests != b.requests ? a.requests > b.requests : a.route < b.route;
    });
}

std::vector<RouteSummary> Assembler::routesOf(const SideSums& side) const
{
    std::vector<RouteSummary> routes;
    for (const auto& [text, row] : side.routes) {
        RouteSummary route{m_directory.textAt(text), row.requests, row.errors, {}, row.latency, row.firstByte};
        for (const telemetry::StatusCount& status : row.statuses)
            route.statuses[m_directory.textAt(status.status)] += status.count;
        routes.push_back(std::move(route));
    }
    sortRoutes(routes);
    return routes;
}

/// `mine` where it was collected, else what the other end counted of the same thing.
std::optional<std::uint64_t> either(const std::optional<std::uint64_t>& mine, const std::optional<std::uint64_t>& theirs)
{
    return mine ? mine : theirs;
}

TcpSummary Assembler::tcpOf(const ResolvedEdge& edge, const EdgeSums& sums, Side chosen) const
{
    const telemetry::TcpRow& c = sums.client.tcp;
    const telemetry::TcpRow& s = sums.server.tcp;
    const bool atClient = sums.client.tcpSeen;
    const telemetry::TcpRow& life = atClient ? c : s;
    TcpSummary tcp;
    tcp.seen = atClient || sums.server.tcpSeen;
    tcp.active = atClient ? sums.client.active : sums.server.active;
    tcp.opened = life.opened;
    tcp.closed = life.closed;
    for (const telemetry::ErrnoCount& each : life.failed) {
        tcp.failed += each.count;
        tcp.failedBy[errnoName(each.error)] += each.count;
    }
    tcp.connectTime = life.connectTime;
    tcp.rtt = c.rtt.empty() ? s.rtt : c.rtt;
    tcp.rttVariance = c.rttVariance.empty() ? s.rttVariance : c.rttVariance;
    tcp.lifetime = life.lifetime;
    tcp.segmentsOut = either(c.segmentsOut, s.segmentsIn);
    tcp.segmentsIn = either(c.segmentsIn, s.segmentsOut);
    tcp.retransmitsOut = either(c.retransmitsOut, s.retransmitsIn);
    tcp.retransmitsIn = either(s.retransmitsOut, c.retransmitsIn); // only a sender knows what it sent again
    tcp.synRetransmits = c.synRetransmits;
    tcp.outOfOrder = either(c.outOfOrder, s.outOfOrder);
    tcp.resetsSent = either(c.resetsSent, s.resetsReceived);
    tcp.resetsReceived = either(c.resetsReceived, s.resetsSent);
    tcp.zeroWindows = either(c.zeroWindows, s.zeroWindows);
    tcp.zeroWindowNs = either(c.zeroWindowNs, s.zeroWindowNs);
    if (const auto queue = m_acceptQueues.find({edge.to, edge.port}); queue != m_acceptQueues.end())
        tcp.acceptQueueMax = queue->second;
    const bool bytesAtServer = sums.server.tcpSeen && (chosen == Side::Server || !atClient);
    tcp.bytesSent = bytesAtServer ? s.bytesReceived : c.bytesSent;
    tcp.bytesReceived = bytesAtServer ? s.bytesSent : c.bytesReceived;
    tcp.payloadLost = c.payloadLost + s.payloadLost;
    tcp.payloadUnseen = c.payloadUnseen + s.payloadUnseen;
    const telemetry::RequestRow& requests = (chosen == Side::Server ? sums.server : sums.client).requests;
    if (requests.requests > 0)
        tcp.reuseRatio = static_cast<double>(requests.reused) / static_cast<double>(requests.requests);
    return tcp;
}

void Assembler::findAcceptQueues()
{
    for (const Frame* frame : m_in.frames) {
        for (const QueueCell& cell : frame->queues()) {
            const KnownListener& listener = m_directory.listeners()[cell.listener];
            std::uint64_t& most = m_acceptQueues[{m_resolution.nodeOfInstance(listener.instance), listener.local.port}];
            most = std::max<std::uint64_t>(most, cell.acceptQueue);
        }
    }
}

Verdict Assembler::verdictOf(std::uint32_t index, const EdgeSums& sums, const Edge& edge) const
{
    const JudgedSums& last = m_judged[index];
    Judged judged;
    const auto anyCurrent = [this](const SideSums& side) {
        return std::any_of(side.agents.begin(), side.agents.end(), [this](std::uint32_t agent) { return isCurrent(agent); });
    };
    if (sums.client.seen)
        judged.client = last.client;
    if (sums.server.seen)
        judged.server = last.server;
    judged.failedConnects = last.failed;
    judged.failedBy = last.failedBy;
    judged.batches = m_judgedBatches;
    judged.inFlight = edge.inFlight;
    judged.oldest = edge.oldestInFlight;
    judged.losses = edge.losses;
    judged.told = anyCurrent(sums.client) || anyCurrent(sums.server);
    return judge(judged);
}

Edge Assembler::edgeOf(std::uint32_t index, const EdgeSums& sums) const
{
    const ResolvedEdge& resolved = m_resolution.edges()[index];
    const Side chosen = chooseSide(sums, m_sums.agents());
    Edge edge;
    edge.from = m_resolution.nodes()[resolved.from].id;
    edge.to = m_resolution.nodes()[resolved.to].id;
    edge.port = resolved.port;
    edge.protocol = resolved.protocol;
    edge.tls = resolved.tls;
    if (sums.client.seen)
        edge.client = ledgerOf(sums.client);
    if (sums.server.seen)
        edge.server = ledgerOf(sums.server);
    edge.chosen = chosen == Side::Server ? *edge.server : *edge.client;
    edge.routes = routesOf(chosen == Side::Server ? sums.server : sums.client);
    // Gauges of one thing seen twice: a stopped server does not know what waits for it, so the greater one is true.
    edge.inFlight = std::max(sums.client.open, sums.server.open);
    edge.oldestInFlight = std::max(sums.client.oldest, sums.server.oldest);
    edge.losses = sums.client.losses() + sums.server.losses();
    edge.tcp = tcpOf(resolved, sums, chosen);
    edge.bytesSent = edge.tcp.bytesSent;
    edge.bytesReceived = edge.tcp.bytesReceived;
    edge.failedConnects = edge.tcp.failed;
    Verdict verdict = verdictOf(index, sums, edge);
    edge.health = verdict.health;
    edge.healthReasons = std::move(verdict.reasons);
    return edge;
}

void Assembler::makeEdges()
{
    for (std::uint32_t i = 0; i < m_sums.edges().size(); ++i) {
        if (m_sums.edges()[i].seen())
            m_snapshot.edges.push_back(edgeOf(i, m_sums.edges()[i]));
    }
    std::sort(m_snapshot.edges.begin(), m_snapshot.edges.end(), [](const Edge& a, const Edge& b) {
        return std::tuple(std::string_view(a.from), std::string_view(a.to), a.port, protocolName(a.protocol), a.tls)
            < std::tuple(std::string_view(b.from), std::string_view(b.to), b.port, protocolName(b.protocol), b.tls);
    });
}

Node& Assembler::ensureNode(std::uint32_t index)
{
    const ResolvedNode& resolved = m_resolution.nodes()[index];
    const auto [entry, fresh] = m_nodes.try_emplace(resolved.id);
    if (fresh) {
        entry->second.id = resolved.id;
        entry->second.name = resolved.name;
        entry->second.nameSpace = resolved.nameSpace;
        entry->second.kind = resolved.kind;
    }
    return entry->second;
}

/// Services that exist or existed before the end of the range.  A program that only ever called others and is gone has no row:
/// every command typed in a shell would stay for ever.
void Assembler::addServices()
{
    std::set<std::uint32_t> serving; // nodes
    for (const KnownListener& listener : m_directory.listeners()) {
        if (listener.seen.first < m_in.range.to)
            serving.insert(m_resolution.nodeOfInstance(listener.instance));
    }
    for (std::uint32_t i = 0; i < m_directory.services().size(); ++i) {
        const KnownService& service = m_directory.services()[i];
        const std::uint32_t node = m_resolution.nodeOfService(i);
        if (node == kNone || service.seen.first >= m_in.range.to)
            continue;
        const bool process = service.entity.serviceKind == telemetry::ServiceKind::Process;
        if (!process || serving.contains(node))
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

void Assembler::addInstancesTo(std::map<std::string, std::set<std::string>>& hosts)
{
    for (const Frame* frame : m_in.frames) {
        for (const InstanceSetPtr& set : frame->presence()) {
            std::map<std::uint32_t, std::uint32_t> count;
            for (const std::uint32_t instance : *set)
                ++count[m_resolution.nodeOfInstance(instance)];
            for (const auto& [node, alive] : count) {
                if (node != kNone)
                    ensureNode(node).instancesMax = std::max(ensureNode(node).instancesMax, alive);
            }
        }
    }
    for (const std::uint32_t instance : m_present) { // also one that came and went between two looks
        if (const std::uint32_t node = m_resolution.nodeOfInstance(instance); node != kNone)
            ensureNode(node).instancesMax = std::max(ensureNode(node).instancesMax, 1U);
    }
    for (const auto& [agent, sums] : m_sums.agents()) {
        for (const std::uint32_t instance : *sums.last->present) {
            const std::uint32_t node = m_resolution.nodeOfInstance(instance);
            if (node == kNone)
                continue;
            if (isCurrent(agent))
                ++ensureNode(node).instances;
            else
                ensureNode(node).instancesKnown = false;
        }
    }
    for (const std::uint32_t instance : m_present) {
        const std::uint32_t node = m_resolution.nodeOfInstance(instance);
        if (node != kNone)
            hosts[m_resolution.nodes()[node].id].insert(m_directory.hostName(m_directory.instances()[instance].agent));
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

/// Adds up what the inbound edges chose: different callers' requests, never two ledgers of one.
void addInbound(Node& node, const Edge& edge, std::map<std::string, RouteSummary>& routes)
{
    Ledger& sum = node.inbound;
    sum.requests += edge.chosen.requests;
    sum.errors += edge.chosen.errors;
    for (const auto& [status, count] : edge.chosen.statuses)
        sum.statuses[status] += count;
    sum.latency.merge(edge.chosen.latency);
    sum.firstByte.merge(edge.chosen.firstByte);
    sum.lost += edge.losses;
    node.inFlight += edge.inFlight;
    node.oldestInFlight = std::max(node.oldestInFlight, edge.oldestInFlight);
    node.clients.push_back(edge.from);
    for (const RouteSummary& route : edge.routes) {
        RouteSummary& total = routes[route.route];
        total.route = route.route;
        total.requests += route.requests;
        total.errors += route.errors;
        for (const auto& [status, count] : route.statuses)
            total.statuses[status] += count;
        total.latency.merge(route.latency);
        total.firstByte.merge(route.firstByte);
    }
}

void judgeNode(Node& node, const std::vector<const Edge*>& inbound)
{
    if (inbound.empty()) {
        node.healthReasons.push_back("No data: nothing called it in this range.");
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
            node.healthReasons.push_back("From " + edge->from + ": " + reason);
    }
}

void sortUnique(std::vector<std::string>& texts)
{
    std::sort(texts.begin(), texts.end());
    texts.erase(std::unique(texts.begin(), texts.end()), texts.end());
}

void Assembler::addEdgesToNodes()
{
    std::map<std::string, std::vector<const Edge*>> inbound;
    for (const Edge& edge : m_snapshot.edges) {
        inbound[edge.to].push_back(&edge);
        m_nodes.at(edge.from).servers.push_back(edge.to);
    }
    for (auto& [id, node] : m_nodes) {
        std::map<std::string, RouteSummary> routes;
        for (const Edge* edge : inbound[id])
            addInbound(node, *edge, routes);
        for (auto& [text, route] : routes)
            node.routes.push_back(std::move(route));
        sortRoutes(node.routes);
        sortUnique(node.clients);
        sortUnique(node.servers);
        judgeNode(node, inbound[id]);
    }
}

void Assembler::makeNodes()
{
    for (const Frame* frame : m_in.frames) {
        for (const InstanceSetPtr& set : frame->presence())
            m_present.insert(set->begin(), set->end());
        m_present.insert(frame->ended().begin(), frame->ended().end());
    }
    addServices();
    std::map<std::string, std::set<std::string>> hosts, types;
    addInstancesTo(hosts);
    addListening();
    for (const KnownService& service : m_directory.services()) {
        const std::uint32_t node = m_resolution.nodeOfService(static_cast<std::uint32_t>(&service - m_directory.services().data()));
        if (node != kNone && !service.entity.type.empty())
            types[m_resolution.nodes()[node].id].insert(service.entity.type);
    }
    std::map<std::string, std::set<std::string>> instanceTypes;
    for (std::uint32_t i = 0; i < m_directory.instances().size(); ++i) {
        const std::uint32_t node = m_resolution.nodeOfInstance(i);
        if (node != kNone && !m_directory.instances()[i].entity.type.empty())
            instanceTypes[m_resolution.nodes()[node].id].insert(m_directory.instances()[i].entity.type);
    }
    addEdgesToNodes();
    for (auto& [id, node] : m_nodes) {
        node.hosts.assign(hosts[id].begin(), hosts[id].end());
        const std::set<std::string>& type = types[id].empty() ? instanceTypes[id] : types[id];
        node.type = type.empty() ? std::string() : *type.begin();
        std::sort(node.listening.begin(), node.listening.end());
        node.listening.erase(std::unique(node.listening.begin(), node.listening.end()), node.listening.end());
        m_snapshot.nodes.push_back(std::move(node));
    }
}

void Assembler::makeInstances()
{
    std::set<std::uint32_t> alive;
    for (const auto& [agent, sums] : m_sums.agents()) {
        if (isCurrent(agent))
            alive.insert(sums.last->present->begin(), sums.last->present->end());
    }
    for (const std::uint32_t index : m_present) {
        const std::uint32_t node = m_resolution.nodeOfInstance(index);
        if (node == kNone)
            continue;
        const KnownInstance& known = m_directory.instances()[index];
        m_snapshot.instances.push_back({known.entity.key, known.entity.name, m_directory.hostName(known.agent), m_resolution.nodes()[node].id,
                                        alive.contains(index), known.entity.attributes});
    }
    std::sort(m_snapshot.instances.begin(), m_snapshot.instances.end(), [](const Instance& a, const Instance& b) { return a.key < b.key; });
}

void Assembler::makeOpenExchanges()
{
    for (const auto& [agent, sums] : m_sums.agents()) {
        for (const telemetry::OpenExchangeRow& row : sums.last->openExchanges) {
            const EndTarget target = m_resolution.ofEnd(row.end);
            if (target.edge == kNone)
                continue;
            const ResolvedEdge& edge = m_resolution.edges()[target.edge];
            const std::uint32_t instance = m_directory.ends()[row.end].instance;
            const bool client = target.side == Side::Client;
            OpenExchange open;
            open.service = m_resolution.nodes()[client ? edge.from : edge.to].id;
            open.peer = m_resolution.nodes()[client ? edge.to : edge.from].id;
            open.instance = instance == kNone ? std::string() : m_directory.instances()[instance].entity.name;
            open.route = m_directory.textAt(row.route);
            open.startedAt = row.startedAt;
            open.age = std::max(Nanoseconds::zero(), sums.last->range.to - row.startedAt);
            if (client)
                open.waitsOn = "peer"; // the request is out, the response is not complete: that much is certain
            if (row.thread != 0)
                open.thread = row.thread;
            m_snapshot.inFlight.push_back(std::move(open));
        }
    }
    std::sort(m_snapshot.inFlight.begin(), m_snapshot.inFlight.end(), [](const OpenExchange& a, const OpenExchange& b) {
        return std::tie(a.startedAt, a.service, a.instance, a.route, a.peer, a.thread) < std::tie(b.startedAt, b.service, b.instance, b.route, b.peer, b.thread);
    });
}

void Assembler::makeConnections()
{
    absl::flat_hash_map<EntityKey, const ConnectionCell*> latest;
    for (const Frame* frame : m_in.frames) {
        for (const ConnectionCell& cell : frame->connections()) {
            const ConnectionCell*& known = latest[cell.row.connection];
            if (!known || std::tie(cell.at, cell.row.bytesSent) > std::tie(known->at, known->row.bytesSent))
                known = &cell;
        }
    }
    for (const auto& [key, cell] : latest) {
        const telemetry::ConnectionRow& row = cell->row;
        const EndTarget target = m_resolution.ofEnd(row.end);
        if (target.edge == kNone)
            continue;
        const KnownEnd& end = m_directory.ends()[row.end];
        const ResolvedEdge& edge = m_resolution.edges()[target.edge];
        Connection connection;
        connection.key = key;
        connection.from = m_resolution.nodes()[edge.from].id;
        connection.to = m_resolution.nodes()[edge.to].id;
        connection.local = Endpoint{end.local.address, row.localPort}.toText();
        connection.remote = Endpoint{end.remote.address, row.remotePort}.toText();
        connection.instance = end.instance == kNone ? std::string() : m_directory.instances()[end.instance].entity.name;
        connection.side = end.side;
        connection.protocol = edge.protocol;
        connection.state = tcpStateName(row.state);
        connection.pid = row.pid;
        connection.existed = row.existed;
        connection.openedAt = row.openedAt;
        connection.closedAt = row.closedAt;
        connection.bytesSent = row.bytesSent;
        connection.bytesReceived = row.bytesReceived;
        connection.captured = row.captured;
        connection.payloadLost = row.payloadLost;
        connection.payloadUnseen = row.payloadUnseen;
        connection.requests = row.requests;
        connection.rtt = row.rtt;
        connection.rttVariance = row.rttVariance;
        m_snapshot.connections.push_back(std::move(connection));
    }
    std::sort(m_snapshot.connections.begin(), m_snapshot.connections.end(), [](const Connection& a, const Connection& b) {
        return std::tie(a.from, a.to, a.openedAt, a.local, a.remote, a.key) < std::tie(b.from, b.to, b.openedAt, b.local, b.remote, b.key);
    });
    if (m_snapshot.connections.size() > kMaxListedConnections)
        m_snapshot.connections.resize(kMaxListedConnections);
}

std::string Assembler::subjectOf(std::uint32_t instance, std::uint32_t service, std::uint32_t agent) const
{
    const std::uint32_t node = instance != kNone ? m_resolution.nodeOfInstance(instance) : m_resolution.nodeOfService(service);
    if (node != kNone)
        return m_resolution.nodes()[node].id;
    // Empty for our own programs: nobody asked about them.
    return instance == kNone && service == kNone ? m_directory.hostName(agent) : std::string();
}

void Assembler::makeEvents()
{
    for (const Frame* frame : m_in.frames) {
        for (const EventCell& cell : frame->events()) {
            std::string subject = subjectOf(cell.instance, cell.service, cell.agent);
            if (!subject.empty())
                m_snapshot.events.push_back({cell.at, cell.kind, std::move(subject), m_directory.textAt(cell.detail)});
        }
    }
    std::sort(m_snapshot.events.begin(), m_snapshot.events.end(), [](const Event& a, const Event& b) {
        return std::tie(a.at, a.kind, a.subject, a.detail) < std::tie(b.at, b.kind, b.subject, b.detail);
    });
}

void Assembler::makeLosses()
{
    std::map<Loss, LossSummary> losses;
    const auto add = [&](Loss loss, std::uint64_t count, TimeRange range) {
        const auto [entry, fresh] = losses.try_emplace(loss);
        LossSummary& summary = entry->second;
        if (fresh)
            summary = lossSummary(loss, 0, range);
        summary.count += count;
        summary.range = {std::min(summary.range.from, range.from), std::max(summary.range.to, range.to)};
    };
    for (const Frame* frame : m_in.frames) {
        for (const LossCell& cell : frame->losses())
            add(cell.loss, cell.count, cell.range);
    }
    // A gap that the agent did not count by itself counts once.
    std::set<Loss> counted;
    for (const auto& [loss, summary] : losses)
        counted.insert(loss);
    for (const telemetry::Gap& gap : m_snapshot.gaps) {
        if (!counted.contains(gap.reason))
            add(gap.reason, 1, gap.range);
    }
    for (auto& [loss, summary] : losses)
        m_snapshot.losses.push_back(std::move(summary));
    std::sort(m_snapshot.losses.begin(), m_snapshot.losses.end(),
              [](const LossSummary& a, const LossSummary& b) { return std::tie(a.place, a.reason) < std::tie(b.place, b.reason); });
}

void Assembler::makeCoverage()
{
    struct Share {
        std::uint64_t part = 0, whole = 0;
        std::string advice;
    };
    std::map<std::pair<std::string, std::string>, Share> shares;
    for (const Frame* frame : m_in.frames) {
        for (const CoverageCell& cell : frame->coverage()) {
            std::string subject = subjectOf(cell.instance, cell.service, cell.agent);
            if (subject.empty())
                continue;
            Share& share = shares[{std::move(subject), m_directory.textAt(cell.what)}];
            share.part += cell.part;
            share.whole += cell.whole;
            share.advice = std::max(share.advice, m_directory.textAt(cell.advice));
        }
    }
    for (const auto& [key, share] : shares) {
        const double part = share.whole == 0 ? 0 : static_cast<double>(share.part) / static_cast<double>(share.whole);
        if (share.part > 0)
            m_snapshot.coverage.push_back({key.first, key.second, share.advice, part});
    }
}

} // namespace

Snapshot assemble(const Assembly& input) { return Assembler(input).run(); }

} // namespace binnacle::analysis::internal
