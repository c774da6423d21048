// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "agent/buffer/chunk_reader.h"
#include "core/telemetry/open_dictionary.h"

#include "binnacle/v1/service.pb.h"

#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>

namespace binnacle::agent {

using ItemPtr = std::shared_ptr<const v1::StreamItem>;

/// What came of late from one agent, as it came: one ring for all who read through the gateway, no queue for any of them.
///
/// Over its limit it lets go of the oldest run (a dictionary with the chunks that build on it, or one segment), never of the run under
/// way; whoever has not read that far is told so, and reads it at the agent.  Thread: any, locked for each step; begin() and take()
/// from the one thread that reads the agent.
class AgentTail {
public:
    /// A reader's place.  Holds a position and no data.
    struct Place {
        Cursor cursor;              // of the last batch that was given; zero: none
        bool isLocated = false;     // `next` is the place; else it follows from `cursor`
        std::uint64_t next = 0;     // number of the entry to be given next
        std::uint32_t life = 0;     // which begin() it belongs to
        ItemPtr opening;            // given first to a reader that begins in the middle of a run
    };
    enum class Outcome : std::uint8_t { Item, Nothing, Behind }; // Behind: what follows on the place is with the agent only
    struct Step {
        Outcome outcome = Outcome::Nothing;
        ItemPtr item;
    };

    explicit AgentTail(std::size_t mostBytes) : m_mostBytes(mostBytes) {}

    /// Another agent answers there now: nothing of the old one is kept.
    void begin(EntityKey agent);
    /// Corrupt: the stream cannot be passed on any further; it is to be read anew from newest().
    Result<void> take(v1::StreamItem item);

    /// Where the agent's stream is to go on; zero: nothing came yet.
    Cursor newest() const;
    /// Begin of the oldest batch that is here; zero: none is.
    UtcTime oldestTime() const;
    /// Whether what follows on `cursor` is here, or nothing came yet.
    bool reachesBackTo(Cursor cursor) const;

    Place join() const;              // with the next batch
    Place after(Cursor cursor) const;
    Place atOldest() const;          // with the oldest run that is here
    Step next(Place& place) const;

    std::size_t bytes() const;

private:
    struct Entry {
        ItemPtr item;
        Cursor last;          // of the newest batch up to and with this
        UtcTime from{};       // begin of its batch; zero: it has none
        bool beginsRun = false;
        std::size_t bytes = 0;
    };
    Result<void> learn(const v1::StreamItem& item, Entry& entry);
    Result<void> learnChunk(const v1::BatchFrame& frame, Entry& entry);
    bool reaches(Cursor cursor) const;   // m_mutex is held, as below
    void locate(Place& place) const;
    ItemPtr openingNow() const;
    void forget();

    const std::size_t m_mostBytes;
    mutable std::mutex m_mutex;
    EntityKey m_agent;
    std::uint32_t m_life = 0;
    std::deque<Entry> m_entries;
    std::uint64_t m_first = 0;     // number of the oldest entry
    std::size_t m_bytes = 0;
    Cursor m_before;               // of the newest batch that is not here any more, or came before the first
    Cursor m_newest;
    std::uint64_t m_segment = 0;   // of the run under way; 0: none
    std::uint32_t m_nextIndex = 0;
    telemetry::OpenDictionary m_dictionary;
};

} // namespace binnacle::agent
