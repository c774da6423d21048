// SPDX-License-Identifier: Apache-2.0
#include "core/session/batch_merger.h"

#include "core/telemetry/batch_reader.h"

namespace binnacle::session {

void BatchMerger::add(const telemetry::Batch& batch)
{
    const Order order{batch.range.from, batch.key.agent, batch.key.epoch, batch.key.sequence, batch.range.to};
    const auto [at, isNew] = m_waiting.try_emplace(order, batch);
    if (isNew)
        return;
    const bool bringsOverview = batch.overview && !at->second.overview, bringsDetail = batch.detail && !at->second.detail;
    if (bringsOverview || bringsDetail)
        at->second = telemetry::joinChunks(at->second, batch);
}

bool BatchMerger::giveBefore(UtcTime limit, const std::function<bool(const telemetry::Batch&)>& visit)
{
    while (!m_waiting.empty() && std::get<0>(m_waiting.begin()->first) < limit) {
        const telemetry::Batch batch = std::move(m_waiting.extract(m_waiting.begin()).mapped());
        if (!visit(batch))
            return false;
    }
    return true;
}

bool BatchMerger::giveAll(const std::function<bool(const telemetry::Batch&)>& visit)
{
    return giveBefore(UtcTime::max(), visit);
}

} // namespace binnacle::session
