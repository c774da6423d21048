// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/base/byte_view.h"
#include "core/base/result.h"

#include <cstddef>
#include <cstdint>
#include <memory>

namespace binnacle::agent {

/// The reading side of one BPF ring buffer (kernel/bpf/ringbuf.c).  libbpf 1.1 cannot say how far the writers are, and the
/// order of rounds in ProbeSet needs to know.
///
/// Owns the mappings, not the map.  Thread: one reader.
class RingReader {
public:
    static Result<std::unique_ptr<RingReader>> open(int mapFd, std::size_t bytes);
    ~RingReader();
    RingReader(const RingReader&) = delete;
    RingReader& operator=(const RingReader&) = delete;

    enum class Next : std::uint8_t { Record, None, Unfinished };

    /// How far writers have reserved.
    std::uint64_t written() const;
    std::uint64_t read() const { return m_read; }

    /// The record at the reading position, lent until release(); `Unfinished` while its writer is at it.
    Next peek(std::uint64_t until, ByteView& record);

    /// Goes past the record that peek() found.
    void pass()
    {
        m_read = m_next;
        if (m_read - m_released >= m_bytes / 16)
            release();
    }

    /// Gives the room up to the reading position back.  Not after each record: writers read that cache line at each reserve.
    void release();

    /// Hands over the records up to `until`, in order; a record that is still being written ends it.  Returns how many.
    template <class Take>
    std::size_t drain(std::uint64_t until, Take&& take)
    {
        std::size_t count = 0;
        for (ByteView record; peek(until, record) == Next::Record; pass(), ++count)
            take(record);
        release();
        return count;
    }

private:
    RingReader() = default;

    std::size_t m_bytes = 0;
    std::size_t m_page = 0;
    std::uint64_t m_read = 0;
    std::uint64_t m_next = 0;
    std::uint64_t m_released = 0;
    std::uint8_t* m_consumer = nullptr; // mapped read-write: our position
    std::uint8_t* m_producer = nullptr; // mapped read-only: the writers' position, then the data twice in a row
};

} // namespace binnacle::agent
