// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/telemetry/batch.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <variant>

namespace binnacle::agent {

/// One encoded chunk of the open segment, as it goes over the wire.  Immutable and shared by all readers.
struct LiveChunk {
    telemetry::BatchKey key;
    TimeRange range;
    ClockAnchor anchor;
    telemetry::ChunkKind kind = telemetry::ChunkKind::Overview;
    std::uint64_t segment = 0; // of this kind, counted from 1 in each epoch
    std::uint32_t index = 0;   // in the segment
    std::string bytes;
};
using LiveChunkPtr = std::shared_ptr<const LiveChunk>;

/// The dictionary of the open segment, for a reader that begins in its middle.
struct SegmentOpening {
    telemetry::ChunkKind kind = telemetry::ChunkKind::Overview;
    std::uint64_t segment = 0;
    std::uint32_t nextIndex = 0; // of the chunk that follows
    std::string bytes;
};

/// A sealed run of batches; decodable alone.  May begin before what was asked for.
struct SealedBytes {
    telemetry::ChunkKind kind = telemetry::ChunkKind::Overview;
    std::uint32_t epoch = 0;
    std::uint64_t firstSequence = 0, lastSequence = 0;
    TimeRange range;
    std::shared_ptr<const std::string> bytes;
};

/// What a reader gets next; monostate = nothing new yet.
using ReadStep = std::variant<std::monostate, LiveChunkPtr, SegmentOpening, SealedBytes, telemetry::Gap>;

/// The last batch that a reader has.
struct Cursor {
    std::uint32_t epoch = 0;
    std::uint64_t sequence = 0;
    friend auto operator<=>(const Cursor&, const Cursor&) = default;
};

} // namespace binnacle::agent
