// SPDX-License-Identifier: Apache-2.0
#include "core/telemetry/batch_writer.h"

#include "core/base/fault.h"
#include "core/telemetry/internal/chunk_encoder.h"
#include "core/telemetry/internal/segment_dictionary.h"

#include <google/protobuf/arena.h>

namespace binnacle::telemetry {

/// One open segment.
class SegmentWriter::Open {
public:
    Open(ChunkKind kind, Level level, const Batch& first, const SegmentLimits& limits)
        : kind(kind), level(level), id(first.key.sequence), window(windowOf(level, first.range.from, limits)), dictionary(limits.strings, limits.clusterStrings)
    {
    }

    static TimeRange windowOf(Level level, UtcTime at, const SegmentLimits& limits)
    {
        if (level != Level::Second)
            return {};
        return rangeAt(limits.batches <= 10 ? Level::TenSeconds : Level::Minute, at);
    }

    bool hasRoomFor(const Batch& batch, const SegmentLimits& limits) const
    {
        const BatchKey& last = chunks.back().key;
        return last.agent == batch.key.agent && last.epoch == batch.key.epoch && last.sequence < batch.key.sequence
               && chunks.size() < limits.batches && bytes < limits.bytes && !dictionary.stringsAreFull()
               && window == windowOf(level, batch.range.from, limits);
    }

    void append(const Batch& batch, const internal::v1::Chunk& message)
    {
        chunks.push_back({kind, level, batch.key, batch.range, id, static_cast<std::uint32_t>(chunks.size()), message.SerializeAsString()});
        bytes += chunks.back().bytes.size();
    }

    ChunkKind kind;
    Level level;
    std::uint64_t id;
    TimeRange window; // the ten seconds, or the minute, that segments of seconds keep to
    internal::SegmentDictionary dictionary;
    std::vector<EncodedChunk> chunks;
    std::size_t bytes = 0;
};

namespace {

using google::protobuf::Arena;
namespace v1 = internal::v1;

const Dictionary kEmpty;

v1::Chunk& beginChunk(Arena& arena, const Batch& batch, ChunkKind kind, Level level)
{
    v1::Chunk& chunk = *Arena::CreateMessage<v1::Chunk>(&arena);
    chunk.mutable_agent()->set_high(batch.key.agent.high);
    chunk.mutable_agent()->set_low(batch.key.agent.low);
    chunk.set_epoch(batch.key.epoch);
    chunk.set_sequence(batch.key.sequence);
    chunk.set_from_ns(ns(batch.range.from));
    chunk.set_length_ns(static_cast<std::uint64_t>(batch.range.length().count()));
    chunk.mutable_anchor()->set_monotonic_ns(ns(batch.anchor.host));
    chunk.mutable_anchor()->set_utc_ns(ns(batch.anchor.utc));
    chunk.mutable_anchor()->set_error_ns(static_cast<std::uint64_t>(batch.anchor.error.count()));
    chunk.set_kind(static_cast<v1::ChunkKind>(kind));
    chunk.set_level(static_cast<v1::Level>(level));
    return chunk;
}

} // namespace

SegmentWriter::SegmentWriter(Level level, SegmentLimits limits) : m_level(level), m_limits(limits) {}
SegmentWriter::~SegmentWriter() = default;
SegmentWriter::SegmentWriter(SegmentWriter&&) noexcept = default;
SegmentWriter& SegmentWriter::operator=(SegmentWriter&&) noexcept = default;

std::unique_ptr<SegmentWriter::Open>& SegmentWriter::slot(ChunkKind kind)
{
    return kind == ChunkKind::Overview ? m_overview : m_detail;
}

const std::unique_ptr<SegmentWriter::Open>& SegmentWriter::slot(ChunkKind kind) const
{
    return kind == ChunkKind::Overview ? m_overview : m_detail;
}

SegmentWriter::Open& SegmentWriter::ensureOpen(ChunkKind kind, const Batch& batch, std::vector<Segment>& sealed)
{
    std::unique_ptr<Open>& open = slot(kind);
    if (open && !open->hasRoomFor(batch, m_limits))
        sealed.push_back(*seal(kind));
    if (!open)
        open = std::make_unique<Open>(kind, m_level, batch, m_limits);
    return *open;
}

SegmentWriter::Appended SegmentWriter::append(const Batch& batch)
{
    Appended done;
    const bool sound = internal::isConsistent(batch);
    BN_ASSERT(sound);
    const Dictionary& dictionary = sound ? *batch.dictionary : kEmpty;
    Arena arena;
    if (batch.detail) { // first, because the overview tells what the detail had no room for
        Open& open = ensureOpen(ChunkKind::Detail, batch, done.sealed);
        v1::Chunk& chunk = beginChunk(arena, batch, ChunkKind::Detail, m_level);
        open.dictionary.begin(dictionary, *chunk.mutable_additions());
        internal::encodeDetail(sound ? *batch.detail : Detail{}, batch.range, open.dictionary, *chunk.mutable_detail());
        done.stringsFull = open.dictionary.overflows();
        open.append(batch, chunk);
        done.detail = open.chunks.back();
    }
    if (batch.overview) {
        Open& open = ensureOpen(ChunkKind::Overview, batch, done.sealed);
        v1::Chunk& chunk = beginChunk(arena, batch, ChunkKind::Overview, m_level);
        open.dictionary.begin(dictionary, *chunk.mutable_additions());
        internal::encodeOverview(sound ? *batch.overview : Overview{}, batch.range, open.dictionary, done.stringsFull, *chunk.mutable_overview());
        done.stringsFull += open.dictionary.overflows();
        open.append(batch, chunk);
        done.overview = open.chunks.back();
    }
    return done;
}

std::optional<SegmentWriter::Opening> SegmentWriter::opening(ChunkKind kind) const
{
    if (const auto& open = slot(kind))
        return Opening{open->id, open->dictionary.opening()};
    return std::nullopt;
}

const std::vector<EncodedChunk>& SegmentWriter::openChunks(ChunkKind kind) const
{
    static const std::vector<EncodedChunk> kNothing;
    return slot(kind) ? slot(kind)->chunks : kNothing;
}

std::optional<Segment> SegmentWriter::peek(ChunkKind kind) const
{
    if (const auto& open = slot(kind))
        return sealSegment({}, open->chunks);
    return std::nullopt;
}

std::optional<Segment> SegmentWriter::seal(ChunkKind kind)
{
    std::optional<Segment> sealed = peek(kind);
    slot(kind).reset();
    return sealed;
}

std::vector<Segment> SegmentWriter::sealAll()
{
    std::vector<Segment> sealed;
    for (const ChunkKind kind : kChunkKinds) {
        if (auto segment = seal(kind))
            sealed.push_back(std::move(*segment));
    }
    return sealed;
}

} // namespace binnacle::telemetry
