// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "agent/buffer/chunk_reader.h"
#include "core/base/result.h"
#include "core/telemetry/batch.h"
#include "core/telemetry/buffer_horizon.h"

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <vector>

namespace binnacle::agent {

struct BufferOptions {
    EntityKey agent;
    std::filesystem::path folder;               // empty: memory only
    std::uint64_t memoryBytes = 64ull << 20;    // hard cap of what is held in memory
    std::uint64_t diskBytes = 512ull << 20;     // hard cap of what lies in the folder
    std::uint64_t ringBytes = 8ull << 20;       // of it for recent chunks; at most an eighth of memoryBytes
    std::size_t stringBytes = 64u << 10;        // of text in a segment's dictionary; what is over becomes `other`
};

struct BufferStats {
    std::uint64_t memoryBytes = 0;
    std::uint64_t peakMemoryBytes = 0;
    std::uint64_t diskBytes = 0;
    bool diskInUse = false; // false: no folder, or the disk is full
};

class RollingBuffer;
struct StoredSegment;

/// One reader's place in one kind of chunk.  Holds a position and no data, so that a reader that stopped costs nothing.
/// Thread: the reader's own; it locks the buffer for each step.
class ChunkReader {
public:
    /// The next thing after the position, without waiting.  Recent batches come as live chunks, older ones as sealed segments,
    /// what is forgotten as a Gap (its `from` is zero when the reader's place in time is not known).
    ReadStep next();

    /// How many recent chunks are waiting.
    std::size_t lag() const;

    telemetry::ChunkKind kind() const { return m_kind; }
    Cursor position() const { return m_position; } // of the last batch that was given

private:
    friend class RollingBuffer;
    ChunkReader(RollingBuffer& buffer, telemetry::ChunkKind kind) : m_buffer(&buffer), m_kind(kind) {}

    // All under the buffer's lock.
    void join();
    bool startAtFirstAfter(UtcTime from);
    ReadStep give(const LiveChunkPtr& chunk);
    ReadStep giveSealed(StoredSegment segment, std::unique_lock<std::mutex>& lock);
    std::optional<telemetry::Gap> gapBefore(Cursor next, UtcTime from);

    RollingBuffer* m_buffer; // not owned, outlives its readers: the service stops first
    telemetry::ChunkKind m_kind;
    Cursor m_position;
    UtcTime m_time{};               // end of the batch at m_position; zero = not known
    std::uint64_t m_segment = 0;    // whose dictionary the reader holds …
    std::uint32_t m_nextIndex = 0;  // … up to before this chunk
    std::optional<SegmentOpening> m_opening; // given first to a reader that joined in the middle of a segment
};

/// Keeps what the agent saw: the open segments with a ring of their recent chunks for live readers (one ring for all), sealed
/// segments in memory, and the same on disk under `folder`.
///
/// Both caps are hard.  Over a cap the first of these that holds more than its share forgets its oldest segment: detail (half),
/// 1 s overviews (a fifth), 10 s, 1 min and 10 min roll-ups; so detail goes first and roll-ups reach back the longest.
/// Each second's chunks are in a file when append() returns, so that kill −9 loses at most the second under way; the next
/// start seals them, takes the next epoch and leaves an explicit Gap between the two.  There is no fsync: a power cut may cost
/// what the kernel had not written, found by CRC.  A full disk is Loss::BufferDiskFull, and the buffer goes on in memory;
/// it tries the disk again with each new segment.
/// Thread: append() and close() from one thread; everything else from any.
class RollingBuffer {
public:
    /// Takes over what an earlier run left in the folder.  Fails with a sentence if the folder cannot be made or written, or if
    /// another agent uses it.
    static Result<std::unique_ptr<RollingBuffer>> open(const BufferOptions& options);
    ~RollingBuffer(); // close()

    /// Rises with each start, also when no folder keeps it.
    std::uint32_t epoch() const;

    /// Encodes and keeps one second; gives it its key (agent, epoch, next sequence), which it returns.
    telemetry::BatchKey append(telemetry::Batch batch);

    /// Losses of the buffer itself since the last call, for the next batch.
    std::vector<telemetry::LossRow> takeLosses();

    /// Seals the open segments and the unfinished roll-ups.  append() is over then; reading goes on.
    void close();

    /// After `after`, if this buffer can have given it out; else with the next batch.  All readers begin at the same batch.
    std::vector<ChunkReader> readFrom(std::span<const telemetry::ChunkKind> kinds, std::optional<Cursor> after);
    /// From the first batch that ends after `from`; a segment may begin before it.
    std::vector<ChunkReader> readSince(std::span<const telemetry::ChunkKind> kinds, UtcTime from);

    /// Until there may be something new after the given moment of `version()`, or patience is over.
    void waitForNews(std::uint64_t seenVersion, std::chrono::milliseconds patience);
    std::uint64_t version() const;
    /// Wakes all that wait, for shutting down.
    void wakeReaders();

    /// Segments of one kind that intersect `range`, oldest first, the open one as it would be sealed now; for each part of the
    /// range the finest of `levels` that is left.  `visit` returns false to stop; it is called without a lock.
    void readHistory(telemetry::ChunkKind kind, TimeRange range, std::span<const telemetry::Level> levels,
                     const std::function<bool(const SealedBytes&)>& visit) const;

    /// Times between two epochs that lie in what is kept.
    std::vector<telemetry::Gap> gaps() const;

    std::vector<telemetry::BufferHorizon> horizons() const;
    BufferStats stats() const;

private:
    friend class ChunkReader;
    class Private;
    explicit RollingBuffer(std::unique_ptr<Private> d);
    std::unique_ptr<Private> d;
};

} // namespace binnacle::agent
