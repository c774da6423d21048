// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "agent/buffer/buffer_folder.h"
#include "agent/buffer/chunk_ring.h"
#include "agent/buffer/rolling_buffer.h"
#include "agent/buffer/rollups.h"
#include "agent/buffer/segment_store.h"
#include "core/telemetry/batch_writer.h"

#include <array>
#include <atomic>
#include <condition_variable>
#include <map>
#include <mutex>

namespace binnacle::agent {

/// What RollingBuffer and its readers share.
class RollingBuffer::Private {
public:
    explicit Private(const BufferOptions& options);

    Result<void> takeOverFolder();

    // All below: under m_mutex.
    void keepSecond(const telemetry::Batch& batch);
    void keepRollups(const Rollups::Finished& finished);
    void keepAppended(telemetry::SegmentWriter::Appended&& appended, const ClockAnchor* anchor);
    void keepChunk(telemetry::EncodedChunk&& chunk, const ClockAnchor* anchor);
    void keepSegment(telemetry::Segment&& segment);
    void rebuildRollups();
    void refeed(Tier source);
    void account();
    void noteDisk(const Result<void>& written, std::uint64_t bytes);
    void publishStats();
    Cursor newest() const { return {m_epoch, m_sequence}; }
    ChunkRing& ring(telemetry::ChunkKind kind) { return kind == telemetry::ChunkKind::Detail ? m_detail : m_overview; }
    telemetry::SegmentWriter& writer(telemetry::Level level) { return m_writers[static_cast<std::size_t>(level)]; }

    const BufferOptions m_options;
    std::unique_ptr<BufferFolder> m_folder; // null: memory only
    std::uint32_t m_epoch = 0;

    mutable std::mutex m_mutex;
    std::condition_variable m_news;
    // Guarded by m_mutex:
    SegmentStore m_store;
    std::array<telemetry::SegmentWriter, 4> m_writers; // by level
    ChunkRing m_overview, m_detail;
    Rollups m_rollups;
    std::uint64_t m_sequence = 0; // of the newest batch, 0 before the first
    bool m_diskFull = false;
    bool m_closed = false;

    std::atomic<std::uint64_t> m_version{1};
    std::atomic<std::uint64_t> m_memoryBytes{0}, m_peakMemoryBytes{0}, m_diskBytes{0};
    std::atomic<bool> m_diskInUse{false};
    std::mutex m_lossMutex;
    std::map<Loss, std::uint64_t> m_losses; // guarded by m_lossMutex
};

} // namespace binnacle::agent
