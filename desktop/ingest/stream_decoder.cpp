// SPDX-License-Identifier: GPL-3.0-or-later
#include "desktop/ingest/stream_decoder.h"

#include <algorithm>

namespace binnacle::desktop {
namespace {

std::optional<telemetry::SegmentReader::ChunkRef> refTo(const telemetry::EncodedChunk& chunk, telemetry::ChunkKind kind)
{
    if (chunk.kind != kind)
        return std::nullopt;
    return telemetry::SegmentReader::ChunkRef{chunk.segment, asBytes(chunk.bytes)};
}

} // namespace

Result<std::vector<Decoded>> StreamDecoder::take(StreamEvent&& event)
{
    std::vector<Decoded> out;
    Result<void> taken;
    if (auto* opening = std::get_if<StreamOpening>(&event))
        taken = open(std::move(*opening));
    else if (auto* chunk = std::get_if<StreamChunk>(&event))
        taken = takeChunk(std::move(chunk->chunk), out);
    else if (auto* segment = std::get_if<StreamSegment>(&event))
        taken = takeSegment(std::move(segment->bytes), out);
    else if (auto* gap = std::get_if<telemetry::Gap>(&event))
        takeGap(std::move(*gap), out);
    if (!taken)
        return std::unexpected(std::move(taken).error());
    return out;
}

std::optional<StreamCursor> StreamDecoder::cursor() const
{
    std::optional<telemetry::BatchKey> earliest;
    for (const Place& place : m_places) {
        if (place.last && (!earliest || *place.last < *earliest))
            earliest = place.last;
    }
    return earliest ? std::optional(StreamCursor{earliest->agent, earliest->epoch, earliest->sequence}) : std::nullopt;
}

void StreamDecoder::rejoin()
{
    for (Place& place : m_places) {
        place.reader = {};
        place.opening.reset();
    }
}

bool StreamDecoder::isNew(const Place& place, const telemetry::BatchKey& key)
{
    return !place.last || place.last->agent != key.agent || *place.last < key;
}

Result<void> StreamDecoder::open(StreamOpening&& opening)
{
    Place& at = place(opening.kind);
    at.reader = {};
    auto opened = at.reader.open(opening.kind, opening.segment, asBytes(opening.dictionary));
    at.opening = std::move(opening);
    return opened;
}

Result<void> StreamDecoder::takeChunk(telemetry::EncodedChunk&& chunk, std::vector<Decoded>& out)
{
    Place& at = place(chunk.kind);
    if (at.last && at.last->epoch != chunk.key.epoch && chunk.index == 0)
        at.reader = {}; // ids of segments begin again with each epoch
    // Decoded even when it is known already: later chunks build on its dictionary.
    auto batch = at.reader.next(refTo(chunk, telemetry::ChunkKind::Overview), refTo(chunk, telemetry::ChunkKind::Detail));
    if (!batch)
        return std::unexpected(std::move(batch).error());
    if (!isNew(at, batch->key))
        return {};
    at.last = batch->key;
    at.coveredTo = std::max(at.coveredTo, batch->range.to);
    DecodedChunk decoded;
    if (at.opening && at.opening->segment == chunk.segment)
        decoded.opening = std::move(at.opening->dictionary);
    at.opening.reset();
    decoded.chunk = std::move(chunk);
    decoded.chunk.key = batch->key;
    decoded.chunk.range = batch->range;
    decoded.batch = std::make_shared<const telemetry::Batch>(std::move(*batch));
    out.emplace_back(std::move(decoded));
    return {};
}

Result<void> StreamDecoder::takeSegment(std::string&& bytes, std::vector<Decoded>& out)
{
    auto content = telemetry::unpackSegment(asBytes(bytes));
    if (!content)
        return std::unexpected(std::move(content).error());
    const telemetry::SegmentHeader& header = content->header;
    Place& at = place(header.kind);
    if (header.level == telemetry::Level::Second && !isNew(at, {header.agent, header.epoch, header.firstSequence}))
        return takeInParts(*content, out);
    auto batches = telemetry::readSegment(*content);
    if (!batches)
        return std::unexpected(std::move(batches).error());
    DecodedSegment decoded{header, std::move(bytes), {}};
    for (telemetry::Batch& batch : *batches)
        decoded.batches.push_back(std::make_shared<const telemetry::Batch>(std::move(batch)));
    at.last = telemetry::BatchKey{header.agent, header.epoch, header.lastSequence};
    at.coveredTo = std::max(at.coveredTo, header.range.to);
    out.emplace_back(std::move(decoded));
    return {};
}

/// A segment that begins with what is here already: chunk by chunk, as if it had come live.
Result<void> StreamDecoder::takeInParts(const telemetry::SegmentContent& content, std::vector<Decoded>& out)
{
    Place& at = place(content.header.kind);
    at.reader = {};
    if (!content.opening.empty())
        BN_TRY(at.reader.open(content.header.kind, content.header.segment, asBytes(content.opening)));
    std::uint32_t index = 0;
    for (const std::string& bytes : content.chunks) {
        auto chunk = telemetry::describeChunk(bytes, content.header.segment, index++);
        if (!chunk)
            return std::unexpected(std::move(chunk).error());
        BN_TRY(takeChunk(std::move(*chunk), out));
    }
    return {};
}

void StreamDecoder::takeGap(telemetry::Gap gap, std::vector<Decoded>& out)
{
    const UtcTime here = coveredTo(telemetry::ChunkKind::Overview);
    if (gap.range.from == UtcTime{}) // the agent does not know where we are in time
        gap.range.from = here == UtcTime{} ? gap.range.to : here;
    if (gap.range.from < gap.range.to)
        out.emplace_back(std::move(gap));
}

} // namespace binnacle::desktop
