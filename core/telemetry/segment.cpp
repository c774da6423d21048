// SPDX-License-Identifier: Apache-2.0
#include "core/telemetry/segment.h"

#include "core/base/byte_reader.h"
#include "core/base/crc32c.h"
#include "core/base/fault.h"
#include "core/telemetry/compression.h"
#include "core/telemetry/internal/columns.h"

#include "binnacle/v1/batch.pb.h"
#include "binnacle/v1/segment.pb.h"

#include <google/protobuf/arena.h>

#include <algorithm>

namespace binnacle::telemetry {
namespace {

constexpr std::string_view kMagic = "BNSG";
constexpr std::size_t kCrcAt = 80;
constexpr std::uint8_t kContinues = 1;

template <class Integer>
void putLittleEndian(std::string& to, Integer value)
{
    for (std::size_t i = 0; i < sizeof(Integer); ++i)
        to.push_back(static_cast<char>(static_cast<std::uint64_t>(value) >> (8 * i)));
}

std::uint32_t crcOf(std::string_view first80, ByteView payload)
{
    return crc32c(payload, crc32c(asBytes(first80)));
}

std::string first80(const SegmentHeader& h)
{
    std::string bytes(kMagic);
    bytes.reserve(SegmentHeader::kSize + h.payloadBytes);
    putLittleEndian(bytes, SegmentHeader::kFormatVersion);
    putLittleEndian(bytes, static_cast<std::uint8_t>(h.kind));
    putLittleEndian(bytes, static_cast<std::uint8_t>(h.level));
    putLittleEndian(bytes, static_cast<std::uint8_t>(h.continues ? kContinues : 0));
    putLittleEndian(bytes, h.agent.high);
    putLittleEndian(bytes, h.agent.low);
    putLittleEndian(bytes, h.epoch);
    putLittleEndian(bytes, h.segment);
    putLittleEndian(bytes, h.firstSequence);
    putLittleEndian(bytes, h.lastSequence);
    putLittleEndian(bytes, ns(h.range.from));
    putLittleEndian(bytes, ns(h.range.to));
    putLittleEndian(bytes, h.batches);
    putLittleEndian(bytes, h.payloadBytes);
    putLittleEndian(bytes, h.unpackedBytes);
    return bytes;
}

bool isPossible(const SegmentHeader& h)
{
    const auto inTime = [](UtcTime t) { return ns(t) > -internal::kFarthest && ns(t) < internal::kFarthest; };
    return (h.kind == ChunkKind::Overview || h.kind == ChunkKind::Detail) && h.level <= Level::TenMinutes && inTime(h.range.from)
           && inTime(h.range.to) && h.range.from <= h.range.to && h.firstSequence <= h.lastSequence && h.unpackedBytes <= kMaxUnpacked;
}

} // namespace

Nanoseconds lengthOf(Level level)
{
    using namespace std::chrono_literals;
    switch (level) {
    case Level::Second: return 1s;
    case Level::TenSeconds: return 10s;
    case Level::Minute: return 1min;
    case Level::TenMinutes: return 10min;
    }
    return 1s;
}

TimeRange rangeAt(Level level, UtcTime at)
{
    const std::int64_t length = lengthOf(level).count();
    const std::int64_t into = ((ns(at) % length) + length) % length;
    const UtcTime from = at - Nanoseconds(into);
    return {from, from + lengthOf(level)};
}

Segment sealSegment(std::string_view opening, const std::vector<EncodedChunk>& chunks, bool continues)
{
    BN_ASSERT(!chunks.empty());
    if (chunks.empty())
        return {};
    v1::SegmentPayload payload;
    payload.set_opening(opening.data(), opening.size());
    Segment segment;
    SegmentHeader& h = segment.header;
    const EncodedChunk& first = chunks.front();
    h = {.kind = first.kind, .level = first.level, .continues = continues, .agent = first.key.agent, .epoch = first.key.epoch,
         .segment = first.segment, .firstSequence = first.key.sequence, .range = first.range};
    for (const EncodedChunk& chunk : chunks) {
        payload.add_chunks(chunk.bytes);
        h.lastSequence = chunk.key.sequence;
        h.range.from = std::min(h.range.from, chunk.range.from);
        h.range.to = std::max(h.range.to, chunk.range.to);
    }
    h.batches = static_cast<std::uint32_t>(chunks.size());
    const std::string plain = payload.SerializeAsString();
    const std::string packed = compress(asBytes(plain));
    h.unpackedBytes = static_cast<std::uint32_t>(plain.size());
    h.payloadBytes = static_cast<std::uint32_t>(packed.size());
    segment.bytes = first80(h);
    putLittleEndian(segment.bytes, crcOf(segment.bytes, asBytes(packed)));
    segment.bytes += packed;
    return segment;
}

Result<SegmentHeader> readSegmentHeader(ByteView bytes)
{
    ByteReader in(bytes);
    if (bytes.size() < SegmentHeader::kSize || asText(*in.take(4)) != kMagic)
        return failure(ErrorCode::Corrupt, "not a segment");
    if (const std::uint8_t version = *in.takeLittleEndian<std::uint8_t>(); version != SegmentHeader::kFormatVersion)
        return failure(ErrorCode::Unsupported, "segment format " + std::to_string(version) + " is newer than this program; please upgrade it");
    SegmentHeader h;
    h.kind = static_cast<ChunkKind>(*in.takeLittleEndian<std::uint8_t>());
    h.level = static_cast<Level>(*in.takeLittleEndian<std::uint8_t>());
    h.continues = (*in.takeLittleEndian<std::uint8_t>() & kContinues) != 0;
    h.agent.high = *in.takeLittleEndian<std::uint64_t>();
    h.agent.low = *in.takeLittleEndian<std::uint64_t>();
    h.epoch = *in.takeLittleEndian<std::uint32_t>();
    h.segment = *in.takeLittleEndian<std::uint64_t>();
    h.firstSequence = *in.takeLittleEndian<std::uint64_t>();
    h.lastSequence = *in.takeLittleEndian<std::uint64_t>();
    h.range.from = utcTime(static_cast<std::int64_t>(*in.takeLittleEndian<std::uint64_t>()));
    h.range.to = utcTime(static_cast<std::int64_t>(*in.takeLittleEndian<std::uint64_t>()));
    h.batches = *in.takeLittleEndian<std::uint32_t>();
    h.payloadBytes = *in.takeLittleEndian<std::uint32_t>();
    h.unpackedBytes = *in.takeLittleEndian<std::uint32_t>();
    if (!isPossible(h))
        return failure(ErrorCode::Corrupt, "segment header is damaged");
    return h;
}

Result<SegmentHeader> verifySegment(ByteView bytes)
{
    auto header = readSegmentHeader(bytes);
    if (!header)
        return header;
    if (bytes.size() - SegmentHeader::kSize != header->payloadBytes)
        return failure(ErrorCode::Corrupt, "segment has another length than its header says");
    ByteReader crc(bytes.subspan(kCrcAt, 4));
    if (*crc.takeLittleEndian<std::uint32_t>() != crcOf(asText(bytes.first(kCrcAt)), bytes.subspan(SegmentHeader::kSize)))
        return failure(ErrorCode::Corrupt, "segment does not match its checksum");
    return header;
}

Result<SegmentContent> unpackSegment(ByteView bytes)
{
    auto header = verifySegment(bytes);
    if (!header)
        return std::unexpected(std::move(header).error());
    auto plain = decompress(bytes.subspan(SegmentHeader::kSize));
    if (!plain)
        return std::unexpected(std::move(plain).error().within("segment"));
    v1::SegmentPayload payload;
    if (!payload.ParseFromString(*plain))
        return failure(ErrorCode::Corrupt, "segment payload is damaged");
    SegmentContent content{.header = *header, .opening = std::move(*payload.mutable_opening()), .chunks = {}};
    content.chunks.reserve(static_cast<std::size_t>(payload.chunks_size()));
    for (std::string& chunk : *payload.mutable_chunks())
        content.chunks.push_back(std::move(chunk));
    return content;
}

Result<EncodedChunk> describeChunk(std::string bytes, std::uint64_t segment, std::uint32_t index)
{
    google::protobuf::Arena arena;
    v1::Chunk& chunk = *google::protobuf::Arena::CreateMessage<v1::Chunk>(&arena);
    if (!chunk.ParseFromString(bytes))
        return failure(ErrorCode::Corrupt, "chunk is damaged");
    internal::TableCheck check("chunk", 0);
    EncodedChunk described;
    described.kind = static_cast<ChunkKind>(chunk.kind());
    described.level = static_cast<Level>(chunk.level());
    described.key = {{chunk.agent().high(), chunk.agent().low()}, chunk.epoch(), chunk.sequence()};
    described.range = check.range(chunk.from_ns(), chunk.length_ns());
    described.segment = segment;
    described.index = index;
    described.bytes = std::move(bytes);
    if ((chunk.kind() != v1::CHUNK_KIND_OVERVIEW && chunk.kind() != v1::CHUNK_KIND_DETAIL) || chunk.level() > v1::LEVEL_TEN_MINUTES
        || chunk.level() < v1::LEVEL_SECOND)
        check.fail("unknown kind or level");
    BN_TRY(check.result());
    return described;
}

} // namespace binnacle::telemetry
