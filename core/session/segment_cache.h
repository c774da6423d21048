// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/telemetry/batch.h"

#include <cstdint>
#include <list>
#include <map>
#include <memory>
#include <vector>

namespace binnacle::session {

using Batches = std::shared_ptr<const std::vector<telemetry::Batch>>;

/// The decoded segments used last, up to a number of bytes.
class SegmentCache {
public:
    explicit SegmentCache(std::size_t limit) : m_limit(limit) {}

    Batches find(std::int64_t id)
    {
        const auto at = m_entries.find(id);
        if (at == m_entries.end())
            return nullptr;
        m_order.splice(m_order.begin(), m_order, at->second.place);
        return at->second.batches;
    }

    void add(std::int64_t id, Batches batches, std::size_t bytes)
    {
        if (bytes > m_limit || m_entries.contains(id))
            return;
        while (m_bytes + bytes > m_limit) {
            const auto oldest = m_entries.find(m_order.back());
            m_bytes -= oldest->second.bytes;
            m_entries.erase(oldest);
            m_order.pop_back();
        }
        m_order.push_front(id);
        m_entries.emplace(id, Entry{std::move(batches), bytes, m_order.begin()});
        m_bytes += bytes;
    }

    std::size_t bytes() const { return m_bytes; }

private:
    struct Entry {
        Batches batches;
        std::size_t bytes;
        std::list<std::int64_t>::iterator place;
    };

    std::size_t m_limit, m_bytes = 0;
    std::list<std::int64_t> m_order; // newest first
    std::map<std::int64_t, Entry> m_entries;
};

} // namespace binnacle::session
