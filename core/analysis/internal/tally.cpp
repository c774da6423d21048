// SPDX-License-Identifier: Apache-2.0
#include "core/analysis/internal/tally.h"

namespace binnacle::analysis::internal {

using telemetry::Side;

Tallies::Tallies(const Resolution& resolution, Latency latency)
    : m_resolution(resolution), m_latency(latency), m_sides(resolution.edges().size())
{
}

Tally* Tallies::tallyOf(std::uint32_t end, UtcTime at)
{
    const EndTarget target = m_resolution.ofEnd(end, at);
    if (target.edge == kNone || (!m_only.empty() && !m_only[target.edge]))
        return nullptr;
    std::array<Tally, 2>& sides = m_sides[target.edge];
    if (!sides[0].seen && !sides[1].seen)
        m_touched.push_back(target.edge);
    Tally& tally = sides[target.side == Side::Client ? 0 : 1];
    tally.seen = true;
    return &tally;
}

void Tallies::add(const Frame& frame)
{
    for (const auto& [row, at] : frame.requests()) {
        Tally* tally = tallyOf(row.end, at);
        if (!tally)
            continue;
        tally->requests += row.requests;
        tally->errors += row.errors;
        if (m_latency == Latency::Take)
            tally->latency.merge(row.latency);
    }
    for (const auto& [row, at] : frame.tcp()) {
        Tally* tally = tallyOf(row.end, at);
        if (!tally)
            continue;
        tally->opened += row.opened;
        for (const telemetry::ErrnoCount& each : row.failed)
            tally->failed += each.count;
    }
    for (const LossCell& cell : frame.losses()) {
        m_losses += cell.count;
        if (Tally* tally = tallyOf(cell.end, cell.at()))
            tally->lost += cell.count;
    }
    for (const AgentPart& part : frame.agents()) {
        for (const telemetry::OpenRow& row : part.open) {
            if (Tally* tally = tallyOf(row.end, part.at()))
                tally->open += row.count;
        }
    }
}

void Tallies::clear()
{
    for (const std::uint32_t edge : m_touched)
        m_sides[edge] = {};
    m_touched.clear();
    m_losses = 0;
}

std::vector<Tallies::EdgeTally> Tallies::edges() const
{
    std::vector<EdgeTally> all;
    for (const std::uint32_t edge : m_touched) {
        const Tally& client = m_sides[edge][0];
        const Tally& server = m_sides[edge][1];
        const bool serverTells = server.seen && (!client.seen || (server.lost == 0 && (server.requests > 0 || client.requests == 0)));
        EdgeTally tally{edge, serverTells ? server : client, client.seen ? client.failed : server.failed};
        tally.chosen.open = std::max(client.open, server.open);
        all.push_back(std::move(tally));
    }
    return all;
}

} // namespace binnacle::analysis::internal
