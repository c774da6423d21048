// SPDX-License-Identifier: Apache-2.0
#include "agent/probes/internal/ring_reader.h"

#include <fmt/format.h>
#include <linux/bpf.h>

#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace binnacle::agent {
namespace {

std::uint8_t* map(int fd, std::size_t bytes, int protection, std::size_t offset)
{
    void* mapped = mmap(nullptr, bytes, protection, MAP_SHARED, fd, static_cast<off_t>(offset));
    return mapped == MAP_FAILED ? nullptr : static_cast<std::uint8_t*>(mapped);
}

/// Positions are `unsigned long` in the kernel.
std::uint64_t acquire(const std::uint8_t* position) { return __atomic_load_n(reinterpret_cast<const unsigned long*>(position), __ATOMIC_ACQUIRE); }

/// The next record was written by another core: its header and the head of its payload are on their way while this one is read.
/// (Measured with keep-alive nginx: a third of the agent's time was the first look at each payload.)
void prefetch(const std::uint8_t* record)
{
    constexpr std::size_t kLine = 64, kLines = 5;
    for (std::size_t i = 0; i < kLines; ++i)
        __builtin_prefetch(record + i * kLine);
}

} // namespace

Result<std::unique_ptr<RingReader>> RingReader::open(int mapFd, std::size_t bytes)
{
    std::unique_ptr<RingReader> reader(new RingReader);
    reader->m_bytes = bytes;
    reader->m_page = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
    reader->m_consumer = map(mapFd, reader->m_page, PROT_READ | PROT_WRITE, 0);
    reader->m_producer = map(mapFd, reader->m_page + 2 * bytes, PROT_READ, reader->m_page);
    if (!reader->m_consumer || !reader->m_producer)
        return failure(ErrorCode::Unavailable, fmt::format("the ring buffer cannot be mapped: {}", std::strerror(errno)));
    reader->m_read = reader->m_released = acquire(reader->m_consumer);
    return reader;
}

RingReader::~RingReader()
{
    if (m_consumer)
        munmap(m_consumer, m_page);
    if (m_producer)
        munmap(m_producer, m_page + 2 * m_bytes);
}

std::uint64_t RingReader::written() const { return acquire(m_producer); }

RingReader::Next RingReader::peek(std::uint64_t until, ByteView& record)
{
    while (m_read < until) {
        const std::uint8_t* header = m_producer + m_page + (m_read & (m_bytes - 1));
        const std::uint32_t length = __atomic_load_n(reinterpret_cast<const std::uint32_t*>(header), __ATOMIC_ACQUIRE);
        if (length & BPF_RINGBUF_BUSY_BIT)
            return Next::Unfinished;
        const std::uint32_t size = length & ~BPF_RINGBUF_DISCARD_BIT;
        m_next = m_read + ((size + BPF_RINGBUF_HDR_SZ + 7) & ~std::uint64_t{7});
        if (!(length & BPF_RINGBUF_DISCARD_BIT)) {
            record = ByteView(header + BPF_RINGBUF_HDR_SZ, size);
            prefetch(m_producer + m_page + (m_next & (m_bytes - 1)));
            return Next::Record;
        }
        m_read = m_next;
    }
    return Next::None;
}

void RingReader::release()
{
    if (m_released == m_read)
        return;
    m_released = m_read;
    __atomic_store_n(reinterpret_cast<unsigned long*>(m_consumer), m_read, __ATOMIC_RELEASE);
}

} // namespace binnacle::agent
