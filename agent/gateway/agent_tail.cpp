// SPDX-License-Identifier: Apache-2.0
#include "agent/gateway/agent_tail.h"

#include "agent/service/wire.h"
#include "core/telemetry/compression.h"
#include "core/telemetry/segment.h"

#include <algorithm>

namespace binnacle::agent {

void AgentTail::begin(EntityKey agent)
{
    const std::lock_guard lock(m_mutex);
    if (m_agent == agent)
        return;
    m_agent = agent;
    ++m_life;
    m_first += m_entries.size();
    m_entries.clear();
    m_bytes = 0;
    m_before = m_newest = {};
    m_segment = 0;
}

Result<void> AgentTail::take(v1::StreamItem item)
{
    if (item.has_heartbeat() || item.item_case() == v1::StreamItem::ITEM_NOT_SET) // another version's item is nothing that could be placed
        return {};
    const std::lock_guard lock(m_mutex);
    Entry entry;
    BN_TRY(learn(item, entry));
    if (entry.last == Cursor{})
        entry.last = m_newest;
    if (m_newest == Cursor{} && entry.last != Cursor{})
        m_before = {entry.last.epoch, entry.last.sequence - 1};
    m_newest = std::max(m_newest, entry.last);
    entry.bytes = item.ByteSizeLong() + sizeof(Entry);
    entry.item = std::make_shared<const v1::StreamItem>(std::move(item));
    m_bytes += entry.bytes;
    m_entries.push_back(std::move(entry));
    forget();
    return {};
}

Result<void> AgentTail::learn(const v1::StreamItem& item, Entry& entry)
{
    if (item.has_batch())
        return learnChunk(item.batch(), entry);
    entry.beginsRun = true;
    m_segment = 0;
    if (item.has_opening()) {
        const auto dictionary = telemetry::decompress(asBytes(item.opening().dictionary()));
        if (!dictionary)
            return std::unexpected(dictionary.error());
        BN_TRY(m_dictionary.open(asBytes(*dictionary)));
        m_segment = item.opening().segment();
        m_nextIndex = 0; // the opening does not say; the next chunk does
    } else if (item.has_segment()) {
        const auto header = telemetry::readSegmentHeader(asBytes(item.segment().bytes()));
        if (!header)
            return std::unexpected(header.error());
        entry.last = {header->epoch, header->lastSequence};
        entry.from = header->range.from;
    }
    return {};
}

Result<void> AgentTail::learnChunk(const v1::BatchFrame& frame, Entry& entry)
{
    const v1::ChunkFrame& part = frame.overview();
    entry.last = {frame.epoch(), frame.sequence()};
    entry.from = utcTime(frame.from_ns());
    entry.beginsRun = part.index() == 0;
    const auto chunk = telemetry::decompress(asBytes(part.chunk()));
    if (!chunk)
        return std::unexpected(chunk.error());
    if (entry.beginsRun)
        BN_TRY(m_dictionary.open({}));
    else if (m_segment != part.segment() || (m_nextIndex != 0 && m_nextIndex != part.index()))
        return failure(ErrorCode::Corrupt, "a chunk came whose dictionary did not");
    m_segment = part.segment();
    m_nextIndex = part.index() + 1;
    return m_dictionary.add(asBytes(*chunk));
}

/// Whole runs, and not the last one: its chunks build on each other.
void AgentTail::forget()
{
    const auto beginsRun = [](const Entry& entry) { return entry.beginsRun; };
    while (m_bytes > m_mostBytes) {
        const auto next = std::find_if(m_entries.begin() + 1, m_entries.end(), beginsRun);
        if (next == m_entries.end())
            return;
        for (auto entry = m_entries.begin(); entry != next; ++entry) {
            m_bytes -= entry->bytes;
            m_before = std::max(m_before, entry->last);
        }
        m_first += static_cast<std::uint64_t>(next - m_entries.begin());
        m_entries.erase(m_entries.begin(), next);
    }
}

Cursor AgentTail::newest() const
{
    const std::lock_guard lock(m_mutex);
    return m_newest;
}

UtcTime AgentTail::oldestTime() const
{
    const std::lock_guard lock(m_mutex);
    const auto timed = std::ranges::find_if(m_entries, [](const Entry& entry) { return entry.from != UtcTime{}; });
    return timed == m_entries.end() ? UtcTime{} : timed->from;
}

bool AgentTail::reaches(Cursor cursor) const { return m_newest == Cursor{} || cursor >= m_before; }

bool AgentTail::reachesBackTo(Cursor cursor) const
{
    const std::lock_guard lock(m_mutex);
    return reaches(cursor);
}

/// The dictionary of the run under way; null when the next batch brings its own.
ItemPtr AgentTail::openingNow() const
{
    if (m_segment == 0)
        return nullptr;
    auto item = std::make_shared<v1::StreamItem>();
    v1::DictionaryOpening& opening = *item->mutable_opening();
    wire::put(m_agent, *opening.mutable_agent());
    opening.set_epoch(m_newest.epoch);
    opening.set_kind(v1::CHUNK_KIND_OVERVIEW);
    opening.set_segment(m_segment);
    opening.set_dictionary(telemetry::compress(asBytes(m_dictionary.bytes())));
    return item;
}

AgentTail::Place AgentTail::join() const
{
    const std::lock_guard lock(m_mutex);
    return {m_newest, true, m_first + m_entries.size(), m_life, openingNow()};
}

AgentTail::Place AgentTail::after(Cursor cursor) const
{
    const std::lock_guard lock(m_mutex);
    return {.cursor = cursor, .life = m_life, .opening = nullptr};
}

AgentTail::Place AgentTail::atOldest() const
{
    const std::lock_guard lock(m_mutex);
    return {m_before, true, m_first, m_life, nullptr};
}

/// At the begin of the run in which the first batch after the cursor lies; what the reader has of it comes twice.
void AgentTail::locate(Place& place) const
{
    const auto following = std::ranges::find_if(m_entries, [&](const Entry& entry) { return entry.last > place.cursor; });
    place.isLocated = true;
    if (following == m_entries.end()) {
        place.next = m_first + m_entries.size();
        place.opening = openingNow();
        return;
    }
    auto at = following;
    while (at != m_entries.begin() && !at->beginsRun)
        --at;
    // A gap or an opening right before it belongs to it.
    while (at != m_entries.begin() && std::prev(at)->last <= place.cursor && !std::prev(at)->item->has_segment() && !std::prev(at)->item->has_batch())
        --at;
    place.next = m_first + static_cast<std::uint64_t>(at - m_entries.begin());
}

AgentTail::Step AgentTail::next(Place& place) const
{
    const std::lock_guard lock(m_mutex);
    if (place.life != m_life)
        place = {{}, true, m_first, m_life, nullptr};
    if (place.opening)
        return {Outcome::Item, std::exchange(place.opening, nullptr)};
    if (place.isLocated && place.next < m_first)
        place.isLocated = false;
    if (!place.isLocated) {
        if (m_newest == Cursor{})
            return {};
        if (!reaches(place.cursor))
            return {Outcome::Behind, nullptr};
        locate(place);
        if (place.opening)
            return {Outcome::Item, std::exchange(place.opening, nullptr)};
    }
    const std::uint64_t index = place.next - m_first;
    if (index >= m_entries.size())
        return {};
    const Entry& entry = m_entries[index];
    ++place.next;
    place.cursor = std::max(place.cursor, entry.last);
    return {Outcome::Item, entry.item};
}

std::size_t AgentTail::bytes() const
{
    const std::lock_guard lock(m_mutex);
    return m_bytes;
}

} // namespace binnacle::agent
