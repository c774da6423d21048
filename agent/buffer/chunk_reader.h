// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/telemetry/batch.h"
#include "core/telemetry/segment.h"

#include <cstdint>
#include <memory>
#include <string>
#include <variant>

namespace binnacle::agent {

/// The last batch that a reader has.
struct Cursor {
    std::uint32_t epoch = 0;
    std::uint64_t sequence = 0;
    friend auto operator<=>(const Cursor&, const Cursor&) = default;
};

/// One encoded chunk of a recent second.  Immutable and shared by all readers.
struct LiveChunk {
    telemetry::EncodedChunk chunk;
    ClockAnchor anchor;

    Cursor cursor() const { return {chunk.key.epoch, chunk.key.sequence}; }
};
using LiveChunkPtr = std::shared_ptr<const LiveChunk>;

/// The dictionary of the open segment, for a reader that begins in its middle.
struct SegmentOpening {
    telemetry::ChunkKind kind = telemetry::ChunkKind::Overview;
    std::uint32_t epoch = 0;
    std::uint64_t segment = 0;
    std::string dictionary;
};

/// A sealed run of batches; decodable alone.  May begin before what was asked for.
struct SealedBytes {
    telemetry::ChunkKind kind = telemetry::ChunkKind::Overview;
    TimeRange range;
    std::shared_ptr<const std::string> bytes;
};

/// What a reader gets next; monostate = nothing new yet.
using ReadStep = std::variant<std::monostate, LiveChunkPtr, SegmentOpening, SealedBytes, telemetry::Gap>;

} // namespace binnacle::agent
