// SPDX-License-Identifier: Apache-2.0
#include "agent/buffer/chunk_ring.h"

#include <algorithm>

namespace binnacle::agent {
namespace {

std::uint64_t costOf(const LiveChunk& chunk) { return chunk.chunk.bytes.size() + sizeof(LiveChunk); }

Cursor cursorOf(const LiveChunkPtr& chunk) { return chunk->cursor(); }

} // namespace

void ChunkRing::push(LiveChunkPtr chunk)
{
    const std::uint64_t open = chunk->chunk.segment;
    m_bytes += costOf(*chunk);
    m_chunks.push_back(std::move(chunk));
    while (m_bytes > m_limit && m_chunks.front()->chunk.segment != open) {
        m_bytes -= costOf(*m_chunks.front());
        m_chunks.pop_front();
    }
}

LiveChunkPtr ChunkRing::findAfter(Cursor cursor) const
{
    const auto found = std::ranges::upper_bound(m_chunks, cursor, {}, cursorOf);
    return found == m_chunks.end() ? nullptr : *found;
}

LiveChunkPtr ChunkRing::find(std::uint64_t segment, std::uint32_t index) const
{
    // A segment's id is the sequence of its first batch; chunks of a kind may skip sequences, never go back.
    const auto first = std::ranges::lower_bound(m_chunks, segment, {}, [](const LiveChunkPtr& c) { return c->chunk.key.sequence; });
    for (auto at = first; at != m_chunks.end() && (*at)->chunk.segment == segment; ++at) {
        if ((*at)->chunk.index == index)
            return *at;
    }
    return nullptr;
}

std::size_t ChunkRing::countAfter(Cursor cursor) const
{
    return static_cast<std::size_t>(m_chunks.end() - std::ranges::upper_bound(m_chunks, cursor, {}, cursorOf));
}

} // namespace binnacle::agent
