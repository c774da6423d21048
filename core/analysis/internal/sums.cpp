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

template <class T>
void insertSorted(std::vector<T>& set, const T& value)
{
    const auto at = std::lower_bound(set.begin(), set.end(), value);
    if (at == set.end() || *at != value)
        set.insert(at, value);
}

/// Does what these agents say reach over what those say?
bool covers(const std::vector<std::uint32_t>& these, const std::vector<std::uint32_t>& those,
            const absl::flat_hash_map<std::uint32_t, AgentSums>& agents)
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

} // namespace

SideSums* Sums::sideOf(std::uint32_t end, UtcTime at)
{
    const EndTarget target = m_resolution.ofEnd(end, at);
    if (target.edge == kNone)
        return nullptr;
    SideSums& side = m_edges[target.edge].of(target.side);
    side.seen = true;
    insertSorted(side.agents, m_directory.ends()[end].place.agent);
    return &side;
}

void Sums::add(const Frame& frame)
{
    for (const auto& [row, at] : frame.requests()) {
        SideSums* side = sideOf(row.end, at);
        if (!side)
            continue;
        addRow(m_withRoutes ? side->routes[row.route] : side->requests, row);
    }
    for (const auto& [row, at] : frame.tcp()) {
        if (SideSums* side = sideOf(row.end, at)) {
            side->tcpSeen = true;
            addRow(side->tcp, row);
        }
    }
    for (const LossCell& cell : frame.losses()) {
        if (SideSums* side = sideOf(cell.end, cell.at()))
            side->lost += cell.count;
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

void Sums::finish()
{
    for (EdgeSums& edge : m_edges) {
        for (SideSums* side : {&edge.client, &edge.server}) {
            for (const auto& [route, row] : side->routes)
                addRow(side->requests, row); // once here instead of once a frame
        }
    }
    for (const auto& [agent, sums] : m_agents) {
        for (const telemetry::OpenRow& row : sums.last->open) {
            SideSums* side = row.count > 0 ? sideOf(row.end, sums.last->at()) : nullptr;
            if (!side)
                continue;
            side->open += row.count;
            side->oldest = std::max(side->oldest, row.oldestAge);
        }
        for (const telemetry::PendingConnectRow& row : sums.last->pendingConnects)
            addPending(row, sums.last->at());
        for (const auto& [end, count] : sums.last->active) {
            if (SideSums* side = sideOf(end, sums.last->at()))
                side->active += count;
        }
    }
}

void Sums::addPending(const telemetry::PendingConnectRow& row, UtcTime at)
{
    SideSums* side = sideOf(row.end, at);
    if (!side)
        return;
    PendingSums& pending = side->pending;
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
    const std::uint64_t atClient = edge.client.requests.requests, atServer = edge.server.requests.requests;
    if (atServer == 0 && atClient > 0)
        return Side::Client; // its payload was not readable there, or the server never got to read it
    if (edge.server.losses() == 0 && covers(edge.server.agents, edge.client.agents, agents))
        return Side::Server;
    return atClient == 0 && atServer > 0 ? Side::Server : Side::Client;
}

} // namespace binnacle::analysis::internal
