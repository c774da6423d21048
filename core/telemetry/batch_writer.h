// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/telemetry/batch.h"
#include "core/telemetry/segment.h"

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace binnacle::telemetry {

/// Limits of one segment (design §2).
struct SegmentLimits {
    std::uint32_t batches = 10;          // 10 s of seconds
    std::size_t bytes = 1u << 20;        // of chunks, before compression
    std::size_t strings = 64u << 10;     // of dictionary text; what is over becomes `other`
    std::size_t clusterStrings = 512u << 10; // of what Kubernetes says: names and labels of pods and workloads
};

/// Turns batches of one agent into chunks and these into segments, one open segment a chunk kind, each with a dictionary
/// of its own.
///
/// Owns the open segments (at most 1 MiB and the last chunk each).  Thread: any one.
/// A batch of another epoch, or one that a limit has no room for, first seals what is open.  Text over the limit of a
/// segment becomes `other`, rows that fall together are added, and the overview gains Loss::StringsFull.
class SegmentWriter {
public:
    explicit SegmentWriter(Level level = Level::Second, SegmentLimits limits = {});
    ~SegmentWriter();
    SegmentWriter(SegmentWriter&&) noexcept;
    SegmentWriter& operator=(SegmentWriter&&) noexcept;

    struct Appended {
        std::optional<EncodedChunk> overview; // when the batch has one
        std::optional<EncodedChunk> detail;
        std::vector<Segment> sealed;          // that had to give way, oldest first
        std::uint64_t stringsFull = 0;        // rows whose text became `other` (counted in the overview, if there is one)
    };
    Appended append(const Batch& batch);

    /// The dictionary of the open segment so far, as bytes of a v1::Dictionary, for a reader that joins late; and the
    /// segment's id.  Nothing when none is open.
    struct Opening {
        std::uint64_t segment = 0;
        std::string dictionary;
    };
    std::optional<Opening> opening(ChunkKind kind) const;

    /// Chunks of the open segment, oldest first (empty when none is open).
    const std::vector<EncodedChunk>& openChunks(ChunkKind kind) const;
    /// The open segment as it would be sealed now; it stays open.
    std::optional<Segment> peek(ChunkKind kind) const;
    /// Closes the open segment of that kind.
    std::optional<Segment> seal(ChunkKind kind);
    /// Closes both.
    std::vector<Segment> sealAll();

private:
    class Open;
    Open& ensureOpen(ChunkKind kind, const Batch& batch, std::vector<Segment>& sealed);
    std::unique_ptr<Open>& slot(ChunkKind kind);
    const std::unique_ptr<Open>& slot(ChunkKind kind) const;

    Level m_level;
    SegmentLimits m_limits;
    std::unique_ptr<Open> m_overview, m_detail;
};

} // namespace binnacle::telemetry
