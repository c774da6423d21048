// SPDX-License-Identifier: Apache-2.0
#include "core/session/memory_session.h"

#include "core/telemetry/batch_reader.h"

#include <algorithm>

namespace binnacle::session {

void MemorySession::addAgent(telemetry::AgentIdentity agent)
{
    const auto known = std::ranges::find_if(m_agents, [&](const auto& a) { return a.agent == agent.agent && a.epoch == agent.epoch; });
    if (known != m_agents.end())
        *known = std::move(agent);
    else
        m_agents.push_back(std::move(agent));
}

void MemorySession::append(const telemetry::Batch& batch)
{
    const auto [at, isNew] = m_batches.try_emplace({batch.range.from, batch.key.agent, batch.key.epoch, batch.key.sequence}, batch);
    m_longest = std::max(m_longest, batch.range.length());
    if (!isNew && ((batch.overview && !at->second.overview) || (batch.detail && !at->second.detail)))
        at->second = telemetry::joinChunks(at->second, batch);
}

void MemorySession::forgetBefore(UtcTime time)
{
    std::erase_if(m_batches, [&](const auto& entry) { return entry.second.range.to <= time; });
}

TimeRange MemorySession::covered() const
{
    if (m_batches.empty())
        return {};
    TimeRange all = m_batches.begin()->second.range;
    for (auto at = m_batches.rbegin(); at != m_batches.rend() && std::get<0>(at->first) + m_longest >= all.to; ++at)
        all.to = std::max(all.to, at->second.range.to);
    return all;
}

Result<void> MemorySession::read(TimeRange range, bool withDetail, const std::function<bool(const telemetry::Batch&)>& visit) const
{
    for (auto at = m_batches.lower_bound({range.from - m_longest, {}, 0, 0}); at != m_batches.end() && std::get<0>(at->first) < range.to; ++at) {
        if (!at->second.range.intersects(range))
            continue;
        if (withDetail || !at->second.detail) {
            if (!visit(at->second))
                break;
            continue;
        }
        if (!at->second.overview)
            continue;
        telemetry::Batch without{at->second.key, at->second.range, at->second.anchor, at->second.dictionary, at->second.overview, {}};
        if (!visit(without))
            break;
    }
    return {};
}

} // namespace binnacle::session
