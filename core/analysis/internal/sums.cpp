// SPDX-License-Identifier: Apache-2.0
#include "core/analysis/internal/sums.h"

#include <algorithm>

namespace binnacle::analysis::internal {

namespace {

using telemetry::Side;

// Two agents' seconds do not begin and end together, and the last one may still be on its way.
constexpr Nanoseconds kStartSlack = std::chrono::milliseconds(1500);
constexpr Nanoseconds kEndSlack = std::chrono::milliseconds(2500);
constexpr Nanoseconds kHoleSlack = std::chrono::milliseconds(500);

template <class List>
void insertSorted(List& set, const typename List::value_type& value)
{
    const auto at = std::lower_bound(set.begin(), set.end(), value);
    if (at == set.end() || *at != value)
        set.insert(at, value);
}

/// Does what these agents say reach over what those say?
bool covers(const AgentList& these, const AgentList& those, const absl::flat_hash_map<std::uint32_t, AgentSums>& agents)
{
    if (these == those)
        return true; // the same seconds, the same holes
    for (const std::uint32_t one : these) {
        const AgentSums& mine = agents.at(one);
        if (mine.range.length() - mine.told > kHoleSlack)
            return false;
        for (const std::uint32_t other : those) {
            const AgentSums& theirs = agents.at(other);
            if (mine.range.from > theirs.range.from + kStartSlack || mine.range.to + kEndSlack < theirs.range.to)
                return false;
        }
    }
    return true;
}

/// `rows` are sorted by route.
std::size_t countRoutes(std::span<const telemetry::RequestRow* const> rows)
{
    std::size_t many = rows.empty() ? 0 : 1;
    for (std::size_t i = 1; i < rows.size(); ++i)
        many += rows[i]->route != rows[i - 1]->route;
    return many;
}

} // namespace

std::uint32_t Sums::sideIndex(std::uint32_t edge, Side side) { return 2 * edge + (side == Side::Client ? 0 : 1); }

std::uint32_t Sums::sideOf(std::uint32_t end, UtcTime at)
{
    const EndTarget target = m_resolution.ofEnd(end, at);
    if (target.edge == kNone)
        return kNone;
    const std::uint32_t side = sideIndex(target.edge, target.side);
    if (std::exchange(m_sideOfEnd[end], side) != side) {
        SideSums& sums = sideAt(side);
        sums.seen = true;
        insertSorted(sums.agents, m_directory.ends()[end].place.agent);
    }
    return side;
}

void Sums::add(std::span<const Frame* const> frames)
{
    std::size_t requests = 0, tcp = 0;
    for (const Frame* frame : frames) {
        requests += frame->requests().size();
        tcp += frame->tcp().size();
    }
    m_requests.reserve(requests);
    m_tcp.reserve(tcp);
    for (const Frame* frame : frames)
        add(*frame);
}

void Sums::add(const Frame& frame)
{
    for (const auto& [row, at] : frame.requests()) {
        if (const std::uint32_t side = sideOf(row.end, at); side != kNone)
            note(side, row);
    }
    for (const auto& [row, at] : frame.tcp()) {
        if (const std::uint32_t side = sideOf(row.end, at); side != kNone)
            note(side, row);
    }
    for (const LossCell& cell : frame.losses()) {
        if (const std::uint32_t side = cell.end == kNone ? kNone : sideOf(cell.end, cell.at()); side != kNone)
            sideAt(side).lost += cell.count;
    }
    for (const AgentPart& part : frame.agents())
        addAgent(part);
}

void Sums::addAgent(const AgentPart& part)
{
    const auto [entry, fresh] = m_agents.try_emplace(part.agent, AgentSums{part.range, part.told, part.batches, &part});
    if (fresh)
        return;
    AgentSums& sums = entry->second;
    if (std::tie(part.range.to, part.lastKey) > std::tie(sums.last->range.to, sums.last->lastKey))
        sums.last = &part;
    sums.range = {std::min(sums.range.from, part.range.from), std::max(sums.range.to, part.range.to)};
    sums.told += part.told;
    sums.batches += part.batches;
}

void Sums::note(std::uint32_t side, const telemetry::RequestRow& row)
{
    SideSums& sums = sideAt(side);
    sums.requests += row.requests;
    sums.errors += row.errors;
    sums.reused += row.reused;
    m_requests.note(side, row);
}

void Sums::note(std::uint32_t side, const telemetry::TcpRow& row)
{
    SideSums& sums = sideAt(side);
    sums.tcpSeen = true;
    sums.payloadLost += row.payloadLost;
    m_tcp.note(side, row);
}

telemetry::TcpRow Sums::tcpOf(std::uint32_t edge, Side side)
{
    const auto rows = m_tcp.of(sideIndex(edge, side));
    telemetry::TcpRow sum;
    for (const telemetry::TcpRow* row : rows)
        addCounts(sum, *row);
    for (const auto member : {&telemetry::TcpRow::connectTime, &telemetry::TcpRow::rtt, &telemetry::TcpRow::rttVariance, &telemetry::TcpRow::lifetime}) {
        for (const telemetry::TcpRow* row : rows)
            m_latency.add(row->*member);
        sum.*member = m_latency.take();
    }
    return sum;
}

std::vector<telemetry::RequestRow> Sums::routesOf(std::uint32_t edge, Side side)
{
    const auto rows = m_requests.of(sideIndex(edge, side));
    std::ranges::sort(rows, {}, [](const telemetry::RequestRow* row) { return row->route; }); // their order within a side means nothing
    std::vector<telemetry::RequestRow> routes;
    routes.reserve(countRoutes(rows));
    for (auto at = rows.begin(); at != rows.end();) {
        telemetry::RequestRow& sum = routes.emplace_back();
        for (sum.route = (*at)->route; at != rows.end() && (*at)->route == sum.route; ++at) {
            addCounts(sum, **at);
            m_latency.add((*at)->latency);
            m_firstByte.add((*at)->firstByte);
        }
        sum.latency = m_latency.take();
        sum.firstByte = m_firstByte.take();
    }
    return routes;
}

void Sums::finish()
{
    const auto sides = static_cast<std::uint32_t>(2 * m_edges.size());
    m_requests.sort(sides);
    m_tcp.sort(sides);
    for (const auto& [agent, sums] : m_agents) {
        for (const telemetry::OpenRow& row : sums.last->open) {
            const std::uint32_t side = row.count > 0 ? sideOf(row.end, sums.last->at()) : kNone;
            if (side == kNone)
                continue;
            sideAt(side).open += row.count;
            sideAt(side).oldest = std::max(sideAt(side).oldest, row.oldestAge);
        }
        for (const telemetry::PendingConnectRow& row : sums.last->pendingConnects)
            addPending(row, sums.last->at());
        for (const auto& [end, count] : sums.last->active) {
            if (const std::uint32_t side = sideOf(end, sums.last->at()); side != kNone)
                sideAt(side).active += count;
        }
    }
}

void Sums::addPending(const telemetry::PendingConnectRow& row, UtcTime at)
{
    const std::uint32_t side = sideOf(row.end, at);
    if (side == kNone)
        return;
    PendingSums& pending = sideAt(side).pending;
    const Endpoint& to = m_directory.ends()[row.end].remote;
    const bool older = pending.oldestEnd == kNone || row.oldestAge > pending.oldest
        || (row.oldestAge == pending.oldest && to < m_directory.ends()[pending.oldestEnd].remote);
    if (older)
        pending.oldestEnd = row.end;
    pending.count += row.count;
    pending.oldest = std::max(pending.oldest, row.oldestAge);
    pending.synSent = std::max(pending.synSent, row.synSent);
    insertSorted(pending.to, to);
}

Side chooseSide(const EdgeSums& edge, const absl::flat_hash_map<std::uint32_t, AgentSums>& agents)
{
    if (!edge.client.seen || !edge.server.seen)
        return edge.server.seen ? Side::Server : Side::Client;
    const std::uint64_t atClient = edge.client.requests, atServer = edge.server.requests;
    if (atServer == 0 && atClient > 0)
        return Side::Client; // its payload was not readable there, or the server never got to read it
    if (edge.server.losses() == 0 && covers(edge.server.agents, edge.client.agents, agents))
        return Side::Server;
    return atClient == 0 && atServer > 0 ? Side::Server : Side::Client;
}

} // namespace binnacle::analysis::internal
