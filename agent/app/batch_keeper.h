// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/base/bounded_queue.h"
#include "core/telemetry/batch.h"

#include <atomic>
#include <cstdint>
#include <thread>
#include <vector>

namespace binnacle::agent {

class RollingBuffer;

/// Takes batches off the drain thread, so that encoding and a slow disk never fill the kernel's rings.
///
/// Owns one thread, the only one that appends to the buffer.  When that falls behind by 8 s it keeps overviews only
/// (Loss::BufferDetailDropped), behind by 64 s it drops batches (Loss::AgentGap).
/// Thread: push and finish from the drain thread.
class BatchKeeper {
public:
    explicit BatchKeeper(RollingBuffer& buffer);
    ~BatchKeeper(); // finish()

    void push(telemetry::Batch batch);
    /// What push() had to drop since the last call, and the buffer's own losses.
    std::vector<telemetry::LossRow> takeLosses();
    /// Returns when all is kept.
    void finish();

private:
    RollingBuffer& m_buffer; // outlives this
    BoundedQueue<telemetry::Batch> m_queue;
    std::uint64_t m_droppedSpans = 0, m_droppedBatches = 0; // drain thread
    std::thread m_thread;
};

} // namespace binnacle::agent
