// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/protocols/exchange.h"
#include "core/protocols/ring_queue.h"

#include <cstddef>
#include <cstdint>

namespace binnacle::protocols {

/// A byte of a stream: when it was moved, by whom, and where it is.
struct Origin {
    HostTime at{};
    std::uint64_t position = 0;
    std::uint32_t sequence = 0;
    std::uint32_t thread = 0;
};

/// Requests without a complete response, oldest first.  Those that one record brought one behind the other, alike and of one length, are
/// one entry with a count, so that a pipeline of hundreds of them is as cheap as one.
template <class Request>
class OutstandingRequests {
public:
    struct Entry {
        Origin start;            // of the first one that is left
        HostTime endAt{};        // when its last byte moved
        std::uint64_t bytes = 0; // of each
        std::uint32_t count = 1; // all of them ended when there are several
        bool ended = false;
        bool lost = false;       // known to have been there, not known whole
        bool between = false;    // the first one that is left began between the answers to earlier ones
        Request request;
    };

    bool empty() const { return m_size == 0; }
    std::size_t size() const { return m_size; } // requests, not entries
    Entry& front() { return m_entries.front(); }
    const Entry& front() const { return m_entries.front(); }
    Entry& back() { return m_entries.back(); }

    /// When the second oldest began; size() > 1.
    HostTime secondBegan() const { return m_entries.front().count > 1 ? m_entries.front().start.at : m_entries[1].start.at; }

    /// An entry for one request.  Its content is left from before: the caller sets all but `count`.
    Entry& pushBack()
    {
        ++m_size;
        Entry& entry = m_entries.pushBack();
        entry.count = 1;
        return entry;
    }

    /// As many more like the youngest one, which has ended, right behind it.
    void repeatBack(std::uint32_t more)
    {
        m_entries.back().count += more;
        m_size += more;
    }

    /// The `count` oldest ones, no more than the first entry has.
    void popFront(std::uint32_t count = 1)
    {
        Entry& entry = m_entries.front();
        m_size -= count;
        if (entry.count == count) {
            m_entries.popFront();
            return;
        }
        entry.count -= count;
        entry.start.position += count * entry.bytes;
        entry.start.sequence += static_cast<std::uint32_t>(count * entry.bytes);
        entry.between = false;
    }

    /// Calls `visit` with the entry and the Origin of each request.
    template <class Visit>
    void forEach(Visit&& visit) const
    {
        for (std::size_t i = 0; i < m_entries.size(); ++i) {
            const Entry& entry = m_entries[i];
            Origin start = entry.start;
            for (std::uint32_t left = entry.count; left > 0; --left) {
                visit(entry, start);
                start.position += entry.bytes;
            }
        }
    }

private:
    RingQueue<Entry> m_entries;
    std::size_t m_size = 0;
};

} // namespace binnacle::protocols
