// SPDX-License-Identifier: Apache-2.0
#include "core/telemetry/batch_reader.h"

#include "core/telemetry/dictionary_builder.h"
#include "core/telemetry/internal/chunk_decoder.h"

#include <google/protobuf/arena.h>

#include <limits>

namespace binnacle::telemetry {
namespace {

using google::protobuf::Arena;
using internal::DecodedDictionary;
namespace v1 = internal::v1;

template <class Message>
Message* parse(Arena& arena, ByteView bytes)
{
    auto* message = Arena::CreateMessage<Message>(&arena);
    const bool fits = bytes.size() <= static_cast<std::size_t>(std::numeric_limits<int>::max());
    return fits && message->ParseFromArray(bytes.data(), static_cast<int>(bytes.size())) ? message : nullptr;
}

/// Everything of a chunk but its dictionary.
Result<Batch> decodeRows(const v1::Chunk& chunk, const DecodedDictionary& dictionary)
{
    internal::TableCheck check("chunk", 0);
    Batch batch{.key = {{chunk.agent().high(), chunk.agent().low()}, chunk.epoch(), chunk.sequence()},
                .range = check.range(chunk.from_ns(), chunk.length_ns()),
                .anchor = {HostTime(Nanoseconds(check.time(chunk.anchor().monotonic_ns()))), utcTime(check.time(chunk.anchor().utc_ns())),
                           Nanoseconds(check.duration(chunk.anchor().error_ns()))},
                .dictionary = dictionary.shared()};
    BN_TRY(check.result());
    if (chunk.kind() == v1::CHUNK_KIND_OVERVIEW) {
        auto overview = internal::decodeOverview(chunk.overview(), batch.range, dictionary);
        if (!overview)
            return std::unexpected(std::move(overview).error());
        batch.overview = std::move(*overview);
    } else if (chunk.kind() == v1::CHUNK_KIND_DETAIL) {
        auto detail = internal::decodeDetail(chunk.detail(), batch.range, dictionary);
        if (!detail)
            return std::unexpected(std::move(detail).error());
        batch.detail = std::move(*detail);
    } else {
        return failure(ErrorCode::Corrupt, "chunk of unknown kind");
    }
    return batch;
}

/// Rows of `detail` come to point into the dictionary that `into` builds.
void rebase(Detail& detail, const Dictionary& from, DictionaryBuilder& into)
{
    const auto entity = [&](std::uint32_t i) { return i == kNone ? kNone : into.entity(from.entities[i]); };
    std::vector<std::uint32_t> ends(from.ends.size(), kNone), strings(from.strings.size(), kNone);
    const auto string = [&](std::uint32_t i) { return strings[i] == kNone ? strings[i] = into.string(from.strings[i]) : strings[i]; };
    const auto end = [&](std::uint32_t i) {
        if (ends[i] == kNone) {
            End copy = from.ends[i];
            copy.instance = entity(copy.instance);
            copy.remoteInstance = entity(copy.remoteInstance);
            ends[i] = into.end(copy);
        }
        return ends[i];
    };
    for (Span& span : detail.spans) {
        span.end = end(span.end);
        span.route = string(span.route);
        span.status = string(span.status);
    }
}

} // namespace

Batch joinChunks(const Batch& a, const Batch& b)
{
    const Batch& first = a.overview || !b.overview ? a : b;
    const Batch& second = &first == &a ? b : a;
    Batch joined = first;
    joined.range = a.range;
    joined.anchor = a.anchor;
    if (first.detail || !second.detail)
        return joined;
    joined.detail = second.detail;
    if (first.dictionary == second.dictionary)
        return joined;
    DictionaryBuilder builder(*first.dictionary);
    rebase(*joined.detail, *second.dictionary, builder);
    joined.dictionary = builder.take();
    return joined;
}

struct SegmentReader::State {
    struct Kind {
        std::uint64_t segment = 0;
        bool isOpen = false;
        EntityKey agent;
        std::uint32_t epoch = 0;
        DecodedDictionary dictionary;
    };
    Kind overview, detail;

    Kind& of(ChunkKind kind) { return kind == ChunkKind::Overview ? overview : detail; }

    Result<Batch> next(ChunkKind kind, const ChunkRef& ref)
    {
        Arena arena;
        const v1::Chunk* chunk = parse<v1::Chunk>(arena, ref.bytes);
        if (!chunk || static_cast<int>(chunk->kind()) != static_cast<int>(kind))
            return failure(ErrorCode::Corrupt, "chunk is damaged");
        const EntityKey agent{chunk->agent().high(), chunk->agent().low()};
        Kind& state = of(kind);
        const bool isOpened = state.isOpen && state.segment == ref.segment && !state.agent && state.epoch == 0;
        const bool isSame = state.isOpen && state.segment == ref.segment && state.agent == agent && state.epoch == chunk->epoch();
        if (!isOpened && !isSame)
            state = Kind{.segment = ref.segment, .isOpen = true, .agent = {}, .epoch = 0, .dictionary = {}};
        BN_TRY(state.dictionary.add(chunk->additions()));
        state.agent = agent;
        state.epoch = chunk->epoch();
        return decodeRows(*chunk, state.dictionary);
    }
};

SegmentReader::SegmentReader() : m_state(std::make_unique<State>()) {}
SegmentReader::~SegmentReader() = default;
SegmentReader::SegmentReader(SegmentReader&&) noexcept = default;
SegmentReader& SegmentReader::operator=(SegmentReader&&) noexcept = default;

Result<void> SegmentReader::open(ChunkKind kind, std::uint64_t segment, ByteView dictionary)
{
    Arena arena;
    const v1::Dictionary* run = parse<v1::Dictionary>(arena, dictionary);
    if (!run)
        return failure(ErrorCode::Corrupt, "dictionary is damaged");
    State::Kind opened{.segment = segment, .isOpen = true, .agent = {}, .epoch = 0, .dictionary = {}};
    BN_TRY(opened.dictionary.add(*run));
    m_state->of(kind) = std::move(opened);
    return {};
}

Result<Batch> SegmentReader::next(std::optional<ChunkRef> overview, std::optional<ChunkRef> detail)
{
    if (!overview && !detail)
        return failure(ErrorCode::Corrupt, "batch without a chunk");
    if (!overview || !detail)
        return overview ? m_state->next(ChunkKind::Overview, *overview) : m_state->next(ChunkKind::Detail, *detail);
    auto first = m_state->next(ChunkKind::Overview, *overview);
    auto second = m_state->next(ChunkKind::Detail, *detail); // also when the first failed: its dictionary must follow
    if (!first || !second)
        return std::unexpected(std::move(first ? second : first).error());
    if (first->key != second->key)
        return failure(ErrorCode::Corrupt, "the two chunks are not of one batch");
    return joinChunks(*first, *second);
}

Result<std::vector<Batch>> readSegment(const SegmentContent& content)
{
    Arena arena;
    DecodedDictionary dictionary;
    if (!content.opening.empty()) {
        const v1::Dictionary* opening = parse<v1::Dictionary>(arena, asBytes(content.opening));
        if (!opening)
            return failure(ErrorCode::Corrupt, "dictionary of the segment is damaged");
        BN_TRY(dictionary.add(*opening));
    }
    std::vector<const v1::Chunk*> chunks;
    for (const std::string& bytes : content.chunks) {
        chunks.push_back(parse<v1::Chunk>(arena, asBytes(bytes)));
        if (!chunks.back() || static_cast<int>(chunks.back()->kind()) != static_cast<int>(content.header.kind))
            return failure(ErrorCode::Corrupt, "chunk of the segment is damaged");
        BN_TRY(dictionary.add(chunks.back()->additions()));
    }
    std::vector<Batch> batches;
    for (const v1::Chunk* chunk : chunks) {
        auto batch = decodeRows(*chunk, dictionary);
        if (!batch)
            return std::unexpected(std::move(batch).error());
        batches.push_back(std::move(*batch));
    }
    return batches;
}

Result<std::vector<Batch>> readSegment(ByteView bytes)
{
    auto content = unpackSegment(bytes);
    if (!content)
        return std::unexpected(std::move(content).error());
    return readSegment(*content);
}

} // namespace binnacle::telemetry
