// SPDX-License-Identifier: Apache-2.0
#include "agent/buffer/internal/buffer_state.h"
#include "agent/buffer/rolling_buffer.h"

#include <algorithm>

namespace binnacle::agent {
namespace {

SealedBytes sealed(const StoredSegment& segment, std::shared_ptr<const std::string> bytes)
{
    return {factsOf(segment.tier).kind, segment.range, std::move(bytes)};
}

} // namespace

void ChunkReader::join()
{
    RollingBuffer::Private& state = *m_buffer->d;
    m_position = state.newest();
    auto opening = state.writer(telemetry::Level::Second).opening(m_kind);
    if (!opening)
        return;
    m_segment = opening->segment;
    m_nextIndex = static_cast<std::uint32_t>(state.writer(telemetry::Level::Second).openChunks(m_kind).size());
    m_opening = SegmentOpening{m_kind, state.m_epoch, opening->segment, std::move(opening->dictionary)};
}

bool ChunkReader::startAtFirstAfter(UtcTime from)
{
    RollingBuffer::Private& state = *m_buffer->d;
    for (const StoredSegment& segment : state.m_store.tier(secondsTier(m_kind))) {
        if (segment.range.to > from) {
            m_position = {segment.epoch, segment.firstSequence - 1};
            return true;
        }
    }
    for (const LiveChunkPtr& chunk : state.ring(m_kind).chunks()) {
        if (chunk->chunk.range.to > from) {
            m_position = {state.m_epoch, chunk->chunk.key.sequence - 1};
            return true;
        }
    }
    return false;
}

ReadStep ChunkReader::give(const LiveChunkPtr& chunk)
{
    m_segment = chunk->chunk.segment;
    m_nextIndex = chunk->chunk.index + 1;
    m_position = std::max(m_position, chunk->cursor());
    m_time = std::max(m_time, chunk->chunk.range.to);
    return chunk;
}

/// What lies between the reader's place and `next`, if anything; the reader stands right before `next` then.
std::optional<telemetry::Gap> ChunkReader::gapBefore(Cursor next, UtcTime from)
{
    if (m_position == Cursor{} || (m_position.epoch == next.epoch && next.sequence <= m_position.sequence + 1))
        return std::nullopt;
    const bool newEpoch = m_position.epoch != next.epoch;
    telemetry::Gap gap{m_buffer->d->m_options.agent, {m_time, from}, newEpoch ? Loss::AgentGap : Loss::ReaderGap,
                       newEpoch ? "the agent was not running, or its buffer did not survive" : "older than the agent's buffer"};
    m_position = {next.epoch, next.sequence - 1};
    // An absent detail chunk says by itself that there is none; a gap is about everything.
    return m_kind == telemetry::ChunkKind::Overview ? std::optional(gap) : std::nullopt;
}

ReadStep ChunkReader::next()
{
    RollingBuffer::Private& state = *m_buffer->d;
    std::unique_lock lock(state.m_mutex);
    if (m_opening)
        return std::exchange(m_opening, std::nullopt).value();
    ChunkRing& ring = state.ring(m_kind);
    if (m_segment != 0) {
        if (const LiveChunkPtr following = ring.find(m_segment, m_nextIndex))
            return give(following);
    }
    const LiveChunkPtr recent = ring.findAfter(m_position);
    const LiveChunkPtr opener = recent ? ring.find(recent->chunk.segment, 0) : nullptr;
    const bool contiguous = recent && (m_position >= Cursor{state.m_epoch, recent->chunk.key.sequence - 1} || !ring.isOldest(recent));
    if (opener && contiguous)
        return give(opener);
    const StoredSegment* older = state.m_store.findAfter(secondsTier(m_kind), m_position);
    if (older && (!opener || Cursor{older->epoch, older->firstSequence} <= recent->cursor()))
        return giveSealed(*older, lock);
    if (!opener)
        return {};
    if (auto gap = gapBefore(recent->cursor(), recent->chunk.range.from))
        return std::move(*gap);
    return give(opener);
}

/// The lock is let go while the bytes are read.
ReadStep ChunkReader::giveSealed(StoredSegment segment, std::unique_lock<std::mutex>& lock)
{
    if (auto gap = gapBefore({segment.epoch, segment.firstSequence}, segment.range.from))
        return std::move(*gap);
    lock.unlock();
    auto bytes = loadBytes(segment);
    m_segment = 0;
    m_position = segment.last();
    if (!bytes || !telemetry::verifySegment(asBytes(*bytes))) {
        if (m_kind == telemetry::ChunkKind::Detail)
            return next();
        const TimeRange missing{std::exchange(m_time, segment.range.to), segment.range.to};
        return telemetry::Gap{m_buffer->d->m_options.agent, {std::max(missing.from, segment.range.from), missing.to}, Loss::ReaderGap,
                              "a segment of the agent's buffer was forgotten or damaged while it was read"};
    }
    m_time = segment.range.to;
    return sealed(segment, std::move(bytes));
}

std::size_t ChunkReader::lag() const
{
    const std::lock_guard lock(m_buffer->d->m_mutex);
    return m_buffer->d->ring(m_kind).countAfter(m_position);
}

std::vector<ChunkReader> RollingBuffer::readFrom(std::span<const telemetry::ChunkKind> kinds, std::optional<Cursor> after)
{
    std::vector<ChunkReader> readers;
    const std::lock_guard lock(d->m_mutex);
    for (const telemetry::ChunkKind kind : kinds) {
        ChunkReader& reader = readers.emplace_back(ChunkReader(*this, kind));
        if (after && *after <= d->newest())
            reader.m_position = *after;
        else
            reader.join();
    }
    return readers;
}

std::vector<ChunkReader> RollingBuffer::readSince(std::span<const telemetry::ChunkKind> kinds, UtcTime from)
{
    std::vector<ChunkReader> readers;
    const std::lock_guard lock(d->m_mutex);
    for (const telemetry::ChunkKind kind : kinds) {
        ChunkReader& reader = readers.emplace_back(ChunkReader(*this, kind));
        if (!reader.startAtFirstAfter(from))
            reader.join();
    }
    return readers;
}

} // namespace binnacle::agent
