// SPDX-License-Identifier: Apache-2.0
#include "core/analysis/internal/assembler.h"

#include "core/analysis/errno_names.h"
#include "core/analysis/words.h"

#include <tuple>

namespace binnacle::analysis::internal {

using telemetry::Side;

namespace {

constexpr std::size_t kMaxListedConnections = 20'000;

/// Why nothing came, in the words of the gaps themselves: they name who was away.
std::string wordsOf(const std::set<std::string>& sentences)
{
    constexpr std::size_t kMost = 3;
    std::string words;
    std::size_t told = 0;
    for (const std::string& sentence : sentences) {
        if (told++ == kMost)
            return words + "; and " + std::to_string(sentences.size() - kMost) + " more";
        words += (words.empty() ? " " : "; ") + sentence;
    }
    return words;
}

} // namespace

void Assembler::makeOpenExchanges()
{
    for (const auto& [agent, sums] : m_sums.agents()) {
        for (const telemetry::OpenExchangeRow& row : sums.last->openExchanges) {
            const EndTarget target = m_resolution.ofEnd(row.end, row.startedAt);
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
    for (const auto& [agent, sums] : m_sums.agents()) {
        for (const telemetry::PendingConnectRow& row : sums.last->pendingConnects) {
            if (const EndTarget target = m_resolution.ofEnd(row.end, sums.last->at()); target.edge != kNone)
                m_snapshot.inFlight.push_back(openConnects(row, m_resolution.edges()[target.edge], sums.last->range.to));
        }
    }
    std::sort(m_snapshot.inFlight.begin(), m_snapshot.inFlight.end(), [](const OpenExchange& a, const OpenExchange& b) {
        return std::tie(a.startedAt, a.service, a.instance, a.route, a.peer, a.thread) < std::tie(b.startedAt, b.service, b.instance, b.route, b.peer, b.thread);
    });
}

OpenExchange Assembler::openConnects(const telemetry::PendingConnectRow& row, const ResolvedEdge& edge, UtcTime now) const
{
    const KnownEnd& end = m_directory.ends()[row.end];
    OpenExchange open;
    open.kind = OpenKind::Connect;
    open.service = m_resolution.nodes()[edge.from].id;
    open.peer = m_resolution.nodes()[edge.to].id;
    open.instance = end.instance == kNone ? std::string() : m_directory.instances()[end.instance].entity.name;
    open.route = "connect to " + end.remote.toText();
    if (end.dialled.port != 0 && end.dialled != end.remote)
        open.route += " (dialled " + end.dialled.toText() + ")";
    open.count = row.count;
    open.synSent = row.synSent;
    open.startedAt = now - row.oldestAge;
    open.age = row.oldestAge;
    open.waitsOn = "peer"; // the SYN is out, its answer is not here
    return open;
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
    struct Listed {
        std::uint32_t from = 0, to = 0; // ranks
        Connection connection;
    };
    std::vector<Listed> connections;
    connections.reserve(latest.size());
    for (const auto& [key, cell] : latest) {
        const telemetry::ConnectionRow& row = cell->row;
        const EndTarget target = m_resolution.ofEnd(row.end, cell->peerAt());
        if (target.edge == kNone)
            continue;
        const KnownEnd& end = m_directory.ends()[row.end];
        const ResolvedEdge& edge = m_resolution.edges()[target.edge];
        Connection& connection = connections.emplace_back(Listed{m_resolution.rankOf(edge.from), m_resolution.rankOf(edge.to), {}}).connection;
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
    }
    std::vector<Listed*> order; // a connection is large
    order.reserve(connections.size());
    for (Listed& listed : connections)
        order.push_back(&listed);
    std::ranges::sort(order, {}, [](const Listed* each) {
        const Connection& c = each->connection;
        return std::tie(each->from, each->to, c.openedAt, c.local, c.remote, c.key);
    });
    order.resize(std::min(order.size(), kMaxListedConnections));
    m_snapshot.connections.reserve(order.size());
    for (Listed* listed : order)
        m_snapshot.connections.push_back(std::move(listed->connection));
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
            std::string subject = cell.host != kNone ? m_directory.textAt(cell.host) : subjectOf(cell.instance, cell.service, cell.agent);
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
    std::map<Loss, std::set<std::string>> reasons;
    for (const telemetry::Gap& gap : m_snapshot.gaps) {
        if (!gap.what.empty())
            reasons[gap.reason].insert(gap.what);
    }
    for (auto& [loss, summary] : losses) {
        summary.advice += wordsOf(reasons[loss]);
        m_snapshot.losses.push_back(std::move(summary));
    }
    std::sort(m_snapshot.losses.begin(), m_snapshot.losses.end(),
              [](const LossSummary& a, const LossSummary& b) { return std::tie(a.place, a.reason) < std::tie(b.place, b.reason); });
}

/// Hosts from which no agent speaks: what runs there is known by name alone.
void Assembler::addNotObserved(CoverageShares& shares) const
{
    for (const std::uint32_t instance : m_present) {
        const std::string host = m_directory.hostOf(instance);
        if (host.empty() || m_agentHosts.contains(host))
            continue;
        CoverageShare& share = shares[{host, "not_observed"}];
        ++share.whole;
        share.part += isObserved(instance) ? 0 : 1;
        share.advice = "No agent speaks from this host: what runs there is known from Kubernetes' list alone. Install the agents with `binnacle install`, "
                       "or look with `binnacle diagnose` why this one does not answer.";
    }
}

void Assembler::makeCoverage()
{
    CoverageShares shares;
    for (const Frame* frame : m_in.frames) {
        for (const CoverageCell& cell : frame->coverage()) {
            std::string subject = cell.host != kNone ? m_directory.textAt(cell.host) : subjectOf(cell.instance, cell.service, cell.agent);
            if (subject.empty())
                continue;
            CoverageShare& share = shares[{std::move(subject), m_directory.textAt(cell.what)}];
            share.part += cell.part;
            share.whole += cell.whole;
            share.advice = std::max(share.advice, m_directory.textAt(cell.advice));
        }
    }
    addNotObserved(shares);
    for (const auto& [key, share] : shares) {
        const double part = share.whole == 0 ? 0 : static_cast<double>(share.part) / static_cast<double>(share.whole);
        if (share.part > 0)
            m_snapshot.coverage.push_back({key.first, key.second, share.advice, part});
    }
}

} // namespace binnacle::analysis::internal
