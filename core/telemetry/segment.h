// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/base/byte_view.h"
#include "core/base/result.h"
#include "core/telemetry/batch.h"

#include <array>
#include <cstdint>
#include <string>
#include <vector>

/// Segments and chunks as bytes.  Layout: proto/binnacle/v1/segment.proto.
namespace binnacle::telemetry {

/// Length of the batches in a segment; the finest first.
enum class Level : std::uint8_t { Second = 0, TenSeconds = 1, Minute = 2, TenMinutes = 3 };
inline constexpr std::array kLevels{Level::Second, Level::TenSeconds, Level::Minute, Level::TenMinutes};

Nanoseconds lengthOf(Level level);
/// The aligned range of that length which holds `at`.
TimeRange rangeAt(Level level, UtcTime at);

/// A chunk as it travels and is kept: the bytes of one v1::Chunk, not compressed, and where it belongs.
struct EncodedChunk {
    ChunkKind kind = ChunkKind::Overview;
    Level level = Level::Second;
    BatchKey key;
    TimeRange range;
    std::uint64_t segment = 0; // id of its segment: sequence of the batch that opened it
    std::uint32_t index = 0;   // position in the segment, from 0
    std::string bytes;
};

struct SegmentHeader {
    static constexpr std::size_t kSize = 84;
    static constexpr std::uint8_t kFormatVersion = 1;

    ChunkKind kind = ChunkKind::Overview;
    Level level = Level::Second;
    bool continues = false;          // builds on the dictionary of the blob before it: rows of a tail only
    EntityKey agent;
    std::uint32_t epoch = 0;
    std::uint64_t segment = 0;       // id
    std::uint64_t firstSequence = 0, lastSequence = 0;
    TimeRange range;
    std::uint32_t batches = 0;
    std::uint32_t payloadBytes = 0;  // as stored
    std::uint32_t unpackedBytes = 0;
    friend bool operator==(const SegmentHeader&, const SegmentHeader&) = default;
};

/// A whole segment: header and payload in `bytes`.
struct Segment {
    SegmentHeader header;
    std::string bytes;
};

/// What is inside: `opening` is the dictionary that the first chunk builds on (empty when that chunk opened the segment).
struct SegmentContent {
    SegmentHeader header;
    std::string opening;
    std::vector<std::string> chunks;
};

/// Packs chunks of one agent, epoch, kind and level, ascending by sequence, unchanged.  Faults when there is none.
Segment sealSegment(std::string_view opening, const std::vector<EncodedChunk>& chunks, bool continues = false);

/// The header alone; Corrupt when these are not the first bytes of a segment, Unsupported when the format is newer.
Result<SegmentHeader> readSegmentHeader(ByteView bytes);
/// Header, length and CRC.
Result<SegmentHeader> verifySegment(ByteView bytes);
/// Verified and unpacked.
Result<SegmentContent> unpackSegment(ByteView bytes);

/// Where a foreign chunk belongs, without decoding its rows (segment and index stay as given).  For keepers of bytes.
Result<EncodedChunk> describeChunk(std::string bytes, std::uint64_t segment, std::uint32_t index);

} // namespace binnacle::telemetry
