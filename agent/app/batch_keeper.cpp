// SPDX-License-Identifier: Apache-2.0
#include "agent/app/batch_keeper.h"

#include "agent/buffer/rolling_buffer.h"

#include <utility>

namespace binnacle::agent {
namespace {

constexpr std::size_t kWhole = 8;
constexpr std::size_t kMost = 64;

} // namespace

BatchKeeper::BatchKeeper(RollingBuffer& buffer) : m_buffer(buffer), m_queue(kMost)
{
    m_thread = std::thread([this] {
        while (!m_queue.isClosed() || m_queue.size() > 0) {
            if (auto batch = m_queue.pop(std::chrono::seconds(1)))
                m_buffer.append(std::move(*batch));
        }
    });
}

BatchKeeper::~BatchKeeper() { finish(); }

void BatchKeeper::push(telemetry::Batch batch)
{
    if (m_queue.size() >= kWhole && batch.detail) {
        m_droppedSpans += batch.detail->spans.size();
        batch.detail.reset();
    }
    m_droppedBatches += !m_queue.push(std::move(batch));
}

std::vector<telemetry::LossRow> BatchKeeper::takeLosses()
{
    std::vector<telemetry::LossRow> rows = m_buffer.takeLosses();
    if (const std::uint64_t spans = std::exchange(m_droppedSpans, 0))
        rows.push_back({Loss::BufferDetailDropped, spans, telemetry::kNone});
    if (const std::uint64_t batches = std::exchange(m_droppedBatches, 0))
        rows.push_back({Loss::AgentGap, batches, telemetry::kNone});
    return rows;
}

void BatchKeeper::finish()
{
    m_queue.close();
    if (m_thread.joinable())
        m_thread.join();
}

} // namespace binnacle::agent
