// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/base/byte_view.h"
#include "core/base/result.h"
#include "core/telemetry/batch.h"
#include "core/telemetry/segment.h"

#include <memory>
#include <optional>
#include <vector>

namespace binnacle::telemetry {

/// Turns chunks of one agent back into batches, as they stream in.
///
/// Keeps one dictionary a chunk kind, that of the newest segment.  Thread: any one.  Foreign bytes: every index, length and
/// time is checked; a chunk that fails changes nothing.  Corrupt also when a chunk builds on entries that never came
/// (chunks of its segment were skipped): the caller then waits for the next opening or the next segment.
class SegmentReader {
public:
    SegmentReader();
    ~SegmentReader();
    SegmentReader(SegmentReader&&) noexcept;
    SegmentReader& operator=(SegmentReader&&) noexcept;

    /// The dictionary of an open segment joined in the middle; bytes of a v1::Dictionary, not compressed.
    Result<void> open(ChunkKind kind, std::uint64_t segment, ByteView dictionary);

    /// The chunks of one batch (one of them may be absent), bytes of v1::Chunk, not compressed.  Both must have one key.
    struct ChunkRef {
        std::uint64_t segment = 0;
        ByteView bytes;
    };
    Result<Batch> next(std::optional<ChunkRef> overview, std::optional<ChunkRef> detail);

private:
    struct State;
    std::unique_ptr<State> m_state;
};

/// All batches of one segment, ascending by sequence, sharing one dictionary.  Each has the chunk of the segment's kind only.
Result<std::vector<Batch>> readSegment(ByteView bytes);
Result<std::vector<Batch>> readSegment(const SegmentContent& content);

/// One batch of two halves with the same key (either may lack a chunk that the other has); range and anchor of `a`.
Batch joinChunks(const Batch& a, const Batch& b);

} // namespace binnacle::telemetry
