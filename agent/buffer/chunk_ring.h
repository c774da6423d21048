// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "agent/buffer/chunk_reader.h"

#include <cstdint>
#include <deque>

namespace binnacle::agent {

/// Recent chunks of one kind for all live readers, oldest first; ascending sequences of one epoch.  Over its limit it lets go of
/// the oldest, but never of a chunk of the open segment.  Thread: none of its own; RollingBuffer locks.
class ChunkRing {
public:
    explicit ChunkRing(std::uint64_t limit) : m_limit(limit) {}

    void push(LiveChunkPtr chunk);

    /// The first after `cursor`; null when there is none.
    LiveChunkPtr findAfter(Cursor cursor) const;
    LiveChunkPtr find(std::uint64_t segment, std::uint32_t index) const;
    bool isOldest(const LiveChunkPtr& chunk) const { return !m_chunks.empty() && m_chunks.front() == chunk; }
    std::size_t countAfter(Cursor cursor) const;

    std::uint64_t bytes() const { return m_bytes; }
    const std::deque<LiveChunkPtr>& chunks() const { return m_chunks; }

private:
    std::deque<LiveChunkPtr> m_chunks;
    std::uint64_t m_limit;
    std::uint64_t m_bytes = 0;
};

} // namespace binnacle::agent
