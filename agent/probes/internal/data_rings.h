// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "agent/probes/internal/ring_reader.h"
#include "core/base/clocks.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

namespace binnacle::agent {

/// The data rings of all CPUs, read as one: records come in the order of their times.
///
/// A transfer of one socket may follow another on another CPU, so each round is bounded twice: by how far the writers were, and by
/// the time before that was asked.  What a CPU wrote after its ring was asked is younger than that time, and so is all that
/// followed from it, on whatever CPU: it waits for the next round.  A transfer that found its ring full goes on in another one.
/// Owns the mappings, not the maps.  Thread: one.
class DataRings {
public:
    /// `bytesEach` is the size of each ring.
    static Result<DataRings> open(const std::vector<int>& mapFds, std::size_t bytesEach);

    /// Sets the bounds of the next drain.
    void beginRound();

    /// Hands over what the round holds.  A record that is still being written ends it, since others may depend on what is behind it.
    /// `expect` is told of a record when it becomes the next of its ring, while other rings' records may come first.
    template <class Take, class Expect>
    std::size_t drain(Take&& take, Expect&& expect)
    {
        std::size_t count = 0;
        while (Source* next = earliest()) {
            take(next->record);
            ++count;
            next->reader->pass();
            look(*next);
            if (!next->record.empty())
                expect(next->record);
        }
        for (Source& source : m_sources)
            source.reader->release();
        return count;
    }

    /// All that was written before the round began has been handed over.
    bool isDone() const { return !m_stopped; }

    /// Bytes that waited in the fullest ring when the round began.
    std::uint64_t waiting() const { return m_waiting; }

private:
    struct Source {
        std::unique_ptr<RingReader> reader;
        std::uint64_t until = 0;
        ByteView record; // the next one of this round; empty: none
        HostTime at{};   // of it
        std::uint32_t sequence = 0;
    };

    /// Finds the next record of `source`, or that there is none.
    void look(Source& source);
    Source* earliest();
    static bool isBefore(const Source& a, const Source& b);

    std::vector<Source> m_sources;
    HostTime m_now{}; // before the writers were asked
    std::uint64_t m_waiting = 0;
    bool m_stopped = false; // by a record that is still being written
};

} // namespace binnacle::agent
