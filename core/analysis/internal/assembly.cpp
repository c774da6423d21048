// SPDX-License-Identifier: Apache-2.0
#include "core/analysis/internal/assembler.h"

#include "core/analysis/errno_names.h"
#include "core/analysis/words.h"

#include <tuple>

namespace binnacle::analysis::internal {

using telemetry::Side;

void Assembler::judgeLastBatches()
{
    m_judged.resize(m_resolution.edges().size());
    std::vector<std::size_t> taken(m_directory.agents().size(), 0); // batches, by agent
    const auto wantsMore = [&](const AgentPart& part) { return taken[part.agent] < kJudgedBatches; };
    for (const Frame* frame : m_in.lastFrames) {
        if (std::ranges::any_of(frame->agents(), wantsMore))
            judgeFrame(*frame, taken);
        for (const AgentPart& part : frame->agents())
            m_judgedBatches = std::max(m_judgedBatches, std::min(++taken[part.agent], kJudgedBatches));
    }
}

void Assembler::judgeFrame(const Frame& frame, const std::vector<std::size_t>& taken)
{
    const auto find = [&](std::uint32_t end, UtcTime at) -> JudgedSums* {
        if (taken[m_directory.ends()[end].place.agent] >= kJudgedBatches)
            return nullptr;
        const EndTarget target = m_resolution.ofEnd(end, at);
        return target.edge == kNone ? nullptr : &m_judged[target.edge];
    };
    for (const auto& [row, at] : frame.requests()) {
        JudgedSums* sums = find(row.end, at);
        if (!sums)
            continue;
        Attempts& side = m_directory.ends()[row.end].side == Side::Client ? sums->client : sums->server;
        side.requests += row.requests;
        side.errors += row.errors;
    }
    for (const auto& [row, at] : frame.tcp()) {
        JudgedSums* sums = find(row.end, at);
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
        if (m_directory.agents()[i].lists || telemetry::isMerged(m_directory.agents()[i].identity))
            continue; // it has no host, and nothing to be well or unwell
        const auto found = m_sums.agents().find(i);
        AgentSummary summary;
        summary.identity = m_directory.agents()[i].identity;
        if (found != m_sums.agents().end()) {
            summary.latest = found->second.last->health;
            summary.lastBatch = found->second.range.to;
            summary.batches = found->second.batches;
            summary.isMerged = found->second.last->isMerged;
            m_snapshot.isMerged = m_snapshot.isMerged || summary.isMerged;
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
    std::vector<GapCell> missing; // of merged seconds
    for (const Frame* frame : m_in.frames) {
        for (const GapCell& cell : frame->gaps())
            addGap(missing, cell);
    }
    for (const GapCell& cell : missing)
        m_snapshot.gaps.push_back({m_directory.agents()[cell.agent].identity.agent, cell.range, Loss::AgentGap, m_directory.textAt(cell.why)});
    std::sort(m_snapshot.gaps.begin(), m_snapshot.gaps.end(), [](const telemetry::Gap& a, const telemetry::Gap& b) {
        return std::tie(a.range.from, a.range.to, a.agent, a.reason, a.what) < std::tie(b.range.from, b.range.to, b.agent, b.reason, b.what);
    });
}

Ledger Assembler::ledgerOf(const SideSums& side, std::span<const telemetry::RequestRow* const> rows)
{
    std::vector<telemetry::StatusCount> statuses;
    for (const telemetry::RequestRow* row : rows) {
        addStatuses(statuses, row->statuses);
        m_latency.add(row->latency);
        m_firstByte.add(row->firstByte);
    }
    Ledger ledger;
    ledger.requests = side.requests;
    ledger.errors = side.errors;
    for (const telemetry::StatusCount& status : statuses)
        ledger.statuses[m_directory.textAt(status.status)] += status.count;
    ledger.latency = m_latency.take();
    ledger.firstByte = m_firstByte.take();
    ledger.lost = side.losses();
    return ledger;
}

std::vector<RouteSummary> Assembler::summariesOf(std::vector<telemetry::RequestRow> routes) const
{
    std::vector<RouteSummary> summaries;
    summaries.reserve(routes.size());
    for (telemetry::RequestRow& row : routes) {
        RouteSummary& route = summaries.emplace_back(
            RouteSummary{m_directory.textAt(row.route), row.requests, row.errors, {}, std::move(row.latency), std::move(row.firstByte)});
        for (const telemetry::StatusCount& status : row.statuses)
            route.statuses[m_directory.textAt(status.status)] += status.count;
    }
    sortRoutes(summaries);
    return summaries;
}

namespace {

/// `mine` where it was collected, else what the other end counted of the same thing.
std::optional<std::uint64_t> either(const std::optional<std::uint64_t>& mine, const std::optional<std::uint64_t>& theirs)
{
    return mine ? mine : theirs;
}

} // namespace

TcpSummary Assembler::tcpOf(std::uint32_t index, const EdgeSums& sums, Side chosen)
{
    telemetry::TcpRow c = m_sums.tcpOf(index, Side::Client);
    telemetry::TcpRow s = m_sums.tcpOf(index, Side::Server);
    const bool atClient = sums.client.tcpSeen;
    telemetry::TcpRow& life = atClient ? c : s;
    TcpSummary tcp;
    tcp.seen = atClient || sums.server.tcpSeen;
    tcp.active = atClient ? sums.client.active : sums.server.active;
    tcp.opened = life.opened;
    tcp.closed = life.closed;
    for (const telemetry::ErrnoCount& each : life.failed) {
        tcp.failed += each.count;
        tcp.failedBy[errnoName(each.error)] += each.count;
    }
    tcp.connectTime = std::move(life.connectTime);
    tcp.rtt = std::move(c.rtt.empty() ? s.rtt : c.rtt);
    tcp.rttVariance = std::move(c.rttVariance.empty() ? s.rttVariance : c.rttVariance);
    tcp.lifetime = std::move(life.lifetime);
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
    const ResolvedEdge& edge = m_resolution.edges()[index];
    if (const auto queue = m_acceptQueues.find({edge.to, edge.port}); queue != m_acceptQueues.end())
        tcp.acceptQueueMax = queue->second;
    const bool bytesAtServer = sums.server.tcpSeen && (chosen == Side::Server || !atClient);
    tcp.bytesSent = bytesAtServer ? s.bytesReceived : c.bytesSent;
    tcp.bytesReceived = bytesAtServer ? s.bytesSent : c.bytesReceived;
    tcp.payloadLost = c.payloadLost + s.payloadLost;
    tcp.payloadUnseen = c.payloadUnseen + s.payloadUnseen;
    const SideSums& side = chosen == Side::Server ? sums.server : sums.client;
    if (side.requests > 0)
        tcp.reuseRatio = static_cast<double>(side.reused) / static_cast<double>(side.requests);
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

Waiting Assembler::waitingOf(const PendingSums& pending) const
{
    Waiting waiting;
    if (pending.count == 0)
        return waiting;
    waiting.connects = pending.count;
    waiting.oldest = pending.oldest;
    waiting.synSent = pending.synSent;
    waiting.address = m_directory.ends()[pending.oldestEnd].remote.toText();
    waiting.moreAddresses = pending.to.size() - 1;
    return waiting;
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
    judged.waiting = waitingOf(sums.client.pending);
    judged.losses = edge.losses;
    judged.told = anyCurrent(sums.client) || anyCurrent(sums.server);
    return judge(judged);
}

Edge Assembler::edgeOf(std::uint32_t index, const EdgeSums& sums)
{
    const ResolvedEdge& resolved = m_resolution.edges()[index];
    const Side chosen = chooseSide(sums, m_sums.agents());
    Edge edge;
    edge.from = m_resolution.nodes()[resolved.from].id;
    edge.to = m_resolution.nodes()[resolved.to].id;
    edge.port = resolved.port;
    edge.protocol = resolved.protocol;
    edge.tls = resolved.tls;
    std::vector<telemetry::RequestRow> routes;
    if (m_in.options.withRoutes)
        routes = m_sums.routesOf(index, chosen);
    std::vector<const telemetry::RequestRow*> ofChosen; // far fewer than the rows that they are sums of
    ofChosen.reserve(routes.size());
    for (const telemetry::RequestRow& route : routes)
        ofChosen.push_back(&route);
    const auto rowsOf = [&](Side side) -> std::span<const telemetry::RequestRow* const> {
        if (side == chosen && m_in.options.withRoutes)
            return ofChosen;
        return m_sums.rowsOf(index, side);
    };
    if (sums.client.seen)
        edge.client = ledgerOf(sums.client, rowsOf(Side::Client));
    if (sums.server.seen)
        edge.server = ledgerOf(sums.server, rowsOf(Side::Server));
    edge.chosen = chosen == Side::Server ? *edge.server : *edge.client;
    edge.routes = summariesOf(std::move(routes));
    // Gauges of one thing seen twice: a stopped server does not know what waits for it, so the greater one is true.
    edge.inFlight = std::max(sums.client.open, sums.server.open);
    edge.oldestInFlight = std::max(sums.client.oldest, sums.server.oldest);
    edge.pending = {sums.client.pending.count, sums.client.pending.oldest, sums.client.pending.synSent};
    edge.losses = sums.client.losses() + sums.server.losses();
    edge.tcp = tcpOf(index, sums, chosen);
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
            m_madeOf.push_back(i);
    }
    std::ranges::sort(m_madeOf, {}, [&](std::uint32_t i) { // before they are made: an edge is large
        const ResolvedEdge& edge = m_resolution.edges()[i];
        return std::tuple(m_resolution.rankOf(edge.from), m_resolution.rankOf(edge.to), edge.port, protocolName(edge.protocol), edge.tls);
    });
    m_snapshot.edges.reserve(m_madeOf.size());
    for (const std::uint32_t i : m_madeOf)
        m_snapshot.edges.push_back(edgeOf(i, m_sums.edges()[i]));
}

Snapshot assemble(const Assembly& input) { return Assembler(input).run(); }

std::vector<Event> assembleEvents(const Assembly& input) { return Assembler(input).runEvents(); }

} // namespace binnacle::analysis::internal
