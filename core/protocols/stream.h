// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/protocols/any_stream.h"
#include "core/protocols/exchange_queue.h"

#include <vector>

namespace binnacle::protocols {

/// The frame around one protocol's parser: puts bytes in order, notices gaps, keeps unfinished heads, skips bodies, finds the next boundary
/// after a hole, and hands begins and ends to the queue.
template <ApplicationProtocol P>
class Stream final : public AnyStream {
public:
    Stream(Start start, RouteCache& routes) : m_routes(routes), m_queue(start)
    {
        // The first bytes of a connection begin a turn; those of an old one may be anything.
        m_lastDirection = start == Start::MidStream ? Direction::Request : Direction::Response;
        for (Lane& lane : m_lanes) {
            lane.positioned = start == Start::FromFirstByte;
            lane.searching = start == Start::MidStream ? Search::ForFirst : Search::No;
        }
    }

    void quietSince(HostTime at) override { m_queue.quietSince(at); }

    bool feed(const Chunk& chunk, ExchangeSink& sink) override
    {
        if (!isPlain(chunk))
            take(chunk, sink);
        else if (chunk.direction == Direction::Request)
            takePlain<Direction::Request>(chunk, sink);
        else
            takePlain<Direction::Response>(chunk, sink);
        return !m_left;
    }

    void close(const StreamEnd& end, ExchangeSink& sink) override
    {
        if (m_left)
            return;
        const bool joined = missUntil(Direction::Request, end.requestBytes, end.at, sink);
        const bool allSeen = missUntil(Direction::Response, end.responseBytes, end.at, sink);
        if (stateOf(Direction::Response).skip == LaneState::kUntilClose) {
            if (allSeen)
                m_queue.responseEnds(answer(), sink);
            else
                m_queue.responseEndsUnseen(end.at, sink);
        }
        m_queue.close(joined, end.at, sink);
        m_left = true;
        m_lanes[0].atBorder = m_lanes[1].atBorder = false;
    }

    std::size_t inFlight(std::span<InFlight> out) const override { return m_queue.inFlight(out); }
    std::uint64_t orphanResponses() const override { return m_queue.orphans(); }

private:
    /// Turns without finding a message before we believe that the connection speaks something else.
    static constexpr int kPatience = 16;
    static constexpr std::size_t kKeptCapacity = 4096; // a larger partial buffer is given back after use

    enum class Search : std::uint8_t { No, ForFirst, AfterGap, AfterGarbage };
    enum class Timing : std::uint8_t { Known, Unknown };

    /// What each record looks at comes first and lies together.
    struct Lane {
        std::uint64_t cursor = 0;          // stream position of the next byte not yet looked at or kept
        std::uint64_t first = 0;           // the first byte of the chunk at hand that is new
        HostTime at{};                     // of the chunk at hand, as are the next two
        std::uint32_t thread = 0;
        std::uint32_t sequenceOfZero = 0;  // TCP sequence number that position 0 has or would have
        Origin start;                      // of the message that is being read
        std::vector<std::uint8_t> partial; // an unfinished unit, from its first byte on
        bool atBorder = false;             // between two messages, in order: what comes next begins one, if it comes right behind
        Search searching = Search::No;
        bool positioned = false;
        bool joined = true;                // no bytes were lost right before the chunk at hand
        bool turn = false;                 // the chunk before was of the other direction
        Arrival arrival;                   // of `start`
        Arrival partialArrival;
        int failures = 0;
        Origin partialOrigin;
    };

    Lane& laneOf(Direction d) { return m_lanes[static_cast<std::size_t>(d)]; }
    LaneState& stateOf(Direction d) { return m_state.lane(d); }

    /// Nearly every chunk is: right behind the one before it, whole, at the beginning of a message.
    bool isPlain(const Chunk& chunk)
    {
        const Lane& lane = laneOf(chunk.direction);
        return lane.atBorder && chunk.position == lane.cursor && chunk.originalSize <= chunk.bytes.size() && !chunk.bytes.empty();
    }

    /// As takeAny() where isPlain(), with all that cannot be left out.
    template <Direction D>
    void takePlain(const Chunk& chunk, ExchangeSink& sink)
    {
        Lane& lane = laneOf(D);
        LaneState& state = stateOf(D);
        lane.joined = true;
        m_queue.onBytes(D, true, chunk.at, sink);
        arrive(chunk, chunk.position, lane);
        if constexpr (D == Direction::Response)
            m_queue.responsesResume(chunk.at, sink);
        ByteReader in(chunk.bytes);
        const Step step = next(in, D);
        if (step == Step::Frame && state.part == Part::Whole && in.atEnd()) [[likely]] {
            state.scanned = 0;
            deliverPlain<D>(chunk, sink);
            return;
        }
        beginsHere(lane);
        ByteView bytes = chunk.bytes;
        if (follow(D, step, in, bytes, sink) == Outcome::Moved)
            consume(D, bytes, sink);
        rest(D);
    }

    /// The chunk at hand is one whole message.
    template <Direction D>
    void deliverPlain(const Chunk& chunk, ExchangeSink& sink)
    {
        Lane& lane = laneOf(D);
        const Origin start{chunk.at, chunk.position, chunk.tcpSequence, chunk.thread};
        lane.cursor += chunk.bytes.size();
        bool done = false;
        if constexpr (D == Direction::Request) {
            done = m_queue.requestIsWhole(*m_found, start, {lane.turn, true}, chunk.bytes.size());
        } else {
            done = !m_response.leaves && m_queue.responseIsWhole({m_response, start, chunk.at, chunk.thread, chunk.bytes.size()}, sink);
            m_unasked &= !done;
        }
        if (done)
            return;
        lane.start = start;
        lane.arrival = {lane.turn, true};
        deliver(D, Step::Frame, Timing::Known, sink);
    }

    void take(const Chunk& chunk, ExchangeSink& sink)
    {
        if (m_left)
            return;
        takeAny(chunk, sink);
        rest(chunk.direction);
    }

    /// The chunk was looked at.
    void rest(Direction direction)
    {
        Lane& lane = laneOf(direction);
        const LaneState& state = stateOf(direction);
        if (direction == Direction::Request && state.inMessage)
            m_queue.requestMoves(lane.at, lane.cursor);
        lane.atBorder = !m_left && lane.positioned && lane.searching == Search::No && lane.partial.empty() && state.skip == 0 && !state.inMessage;
    }

    void arrive(const Chunk& chunk, std::uint64_t first, Lane& lane)
    {
        lane.turn = m_lastDirection != chunk.direction;
        lane.at = chunk.at;
        lane.thread = chunk.thread;
        lane.sequenceOfZero = chunk.tcpSequence - static_cast<std::uint32_t>(chunk.position);
        lane.first = first;
        m_lastDirection = chunk.direction;
    }

    void takeAny(const Chunk& chunk, ExchangeSink& sink)
    {
        Lane& lane = laneOf(chunk.direction);
        std::uint64_t from = chunk.position;
        ByteView bytes = chunk.bytes;
        const std::uint64_t end = chunk.position + std::max<std::uint64_t>(chunk.originalSize, bytes.size());
        if (!lane.positioned) {
            lane.positioned = true;
            lane.cursor = from;
        }
        if (end <= lane.cursor)
            return; // seen already
        if (from < lane.cursor) {
            const std::uint64_t known = lane.cursor - from;
            bytes = bytes.subspan(std::min<std::uint64_t>(known, bytes.size()));
            from = lane.cursor;
        }
        lane.joined = from == lane.cursor;
        m_queue.onBytes(chunk.direction, lane.joined, chunk.at, sink);
        if (!lane.joined)
            miss(chunk.direction, from, Timing::Unknown, chunk.at, sink);
        arrive(chunk, from, lane);
        if (resumes(chunk.direction, bytes, sink))
            consume(chunk.direction, bytes, sink);
        else
            lane.cursor += bytes.size();
        if (!m_left && lane.cursor < end)
            miss(chunk.direction, end, Timing::Known, chunk.at, sink);
    }

    static Origin here(const Lane& lane)
    {
        return {lane.at, lane.cursor, lane.sequenceOfZero + static_cast<std::uint32_t>(lane.cursor), lane.thread};
    }
    static Arrival arrivalHere(const Lane& lane) { return {lane.turn && lane.cursor == lane.first, lane.joined}; }

    /// The response that ends at the cursor.
    typename ExchangeQueue<P>::Answer answer()
    {
        const Lane& lane = laneOf(Direction::Response);
        return {m_response, lane.start, lane.at, lane.thread, lane.cursor - lane.start.position};
    }

    /// Is there a message boundary to read on from?  Only the beginning of a chunk is tried: programs write messages whole, and a body
    /// may quote what looks like a message.
    bool resumes(Direction direction, ByteView bytes, ExchangeSink& sink)
    {
        Lane& lane = laneOf(direction);
        if (lane.searching == Search::No) {
            if (!skipIsDoubtful(direction, bytes))
                return true;
            m_queue.unknownResponseEnds(lane.at, sink);
            forget(direction);
        } else {
            // What follows right after lost bytes may be the tail of a message, and tails can look like messages.
            const bool border = lane.turn && lane.joined;
            const Likeness likeness = P::looksLike(bytes, direction);
            const bool found = likeness == Likeness::Yes || (likeness != Likeness::No && border && !bytes.empty());
            if (!found) {
                if (lane.searching == Search::AfterGarbage && !bytes.empty())
                    sink.onLoss(Loss::ParserResync, bytes.size(), lane.at);
                if (direction == Direction::Response)
                    m_queue.responseHole(false, false, lane.at, sink);
                if (border && ++lane.failures >= kPatience) // right after lost bytes, finding nothing says nothing
                    leave(lane.at, sink);
                return false;
            }
        }
        lane.searching = Search::No;
        lane.failures = 0;
        if (direction == Direction::Response)
            m_queue.responsesResume(lane.at, sink);
        return true;
    }

    /// The length of a response depends on its request (HEAD).  When that is not known, a response that seems to go on while a new one begins
    /// after a new request was over.
    bool skipIsDoubtful(Direction direction, ByteView bytes)
    {
        return direction == Direction::Response && m_unasked && laneOf(direction).turn && stateOf(direction).skip > 0
               && P::looksLike(bytes, direction) == Likeness::Yes;
    }

    void consume(Direction direction, ByteView bytes, ExchangeSink& sink)
    {
        Lane& lane = laneOf(direction);
        LaneState& state = stateOf(direction);
        bool skipEnded = false; // then next() is called even with no input
        while (!m_left && (skipEnded || !bytes.empty())) {
            if (state.skip > 0) {
                const std::size_t step = passOver(state, bytes.size());
                bytes = bytes.subspan(step);
                lane.cursor += step;
                skipEnded = state.skip == 0;
                continue;
            }
            skipEnded = false;
            const Outcome outcome = lane.partial.empty() ? parse(direction, bytes, sink) : parseTogether(direction, bytes, sink);
            if (outcome == Outcome::Stuck)
                return;
        }
    }

    static std::uint64_t passOver(LaneState& state, std::uint64_t available)
    {
        const std::uint64_t step = std::min(state.skip, available);
        if (state.skip != LaneState::kUntilClose)
            state.skip -= step;
        return step;
    }

    enum class Outcome : std::uint8_t { Moved, Stuck };

    /// The usual case: a unit lies whole in the chunk.
    Outcome parse(Direction direction, ByteView& bytes, ExchangeSink& sink)
    {
        Lane& lane = laneOf(direction);
        if (!stateOf(direction).inMessage)
            beginsHere(lane);
        ByteReader in(bytes);
        const Step step = next(in, direction);
        return follow(direction, step, in, bytes, sink);
    }

    /// `step` is what next() made of `bytes`.
    Outcome follow(Direction direction, Step step, const ByteReader& in, ByteView& bytes, ExchangeSink& sink)
    {
        Lane& lane = laneOf(direction);
        if (step == Step::NeedMore)
            return keep(direction, bytes, sink);
        if (step == Step::Resync)
            return resync(direction, bytes.size(), sink);
        const ByteView unit = bytes.first(in.position());
        lane.cursor += unit.size();
        bytes = in.rest();
        stateOf(direction).scanned = 0;
        // What was read just now may be the end of a message that began before.
        const bool isMessage = step == Step::Frame && stateOf(direction).part == Part::Whole && !unit.empty()
                               && lane.start.position + unit.size() == lane.cursor;
        if (!isMessage || !deliverRun(direction, unit, bytes, sink))
            deliver(direction, step, Timing::Known, sink);
        return Outcome::Moved;
    }

    static void beginsHere(Lane& lane)
    {
        lane.start = here(lane);
        lane.arrival = arrivalHere(lane);
    }

    static void beganBefore(Lane& lane)
    {
        lane.start = lane.partialOrigin;
        lane.arrival = lane.partialArrival;
    }

    /// Delivers the message `unit` together with those behind it that are like it; false: there are none.
    bool deliverRun(Direction direction, ByteView unit, ByteView& behind, ExchangeSink& sink)
    {
        if constexpr (RepeatsMessages<P>) {
            if (behind.size() >= unit.size())
                return direction == Direction::Request ? deliverRequestRun(unit, behind, sink) : deliverResponseRun(unit, behind, sink);
        }
        return false;
    }

    bool deliverRequestRun(ByteView unit, ByteView& behind, ExchangeSink& sink)
    {
        deliverRequest(sink);
        const std::size_t more = P::repeats(unit, behind, Direction::Request, m_state, m_queue.roomForRepeats());
        if (more > 0)
            m_queue.requestRepeats(static_cast<std::uint32_t>(more));
        passRepeats(laneOf(Direction::Request), more * unit.size(), behind);
        return true;
    }

    bool deliverResponseRun(ByteView unit, ByteView& behind, ExchangeSink& sink)
    {
        const std::size_t most = m_queue.repeatsAwaited() - 1;
        const std::size_t more = most == 0 ? 0 : P::repeats(unit, behind, Direction::Response, m_state, most);
        if (more == 0)
            return false;
        m_unasked = false;
        m_queue.responsesEnd(answer(), static_cast<std::uint32_t>(1 + more), sink);
        passRepeats(laneOf(Direction::Response), more * unit.size(), behind);
        return true;
    }

    static void passRepeats(Lane& lane, std::size_t size, ByteView& behind)
    {
        behind = behind.subspan(size);
        lane.cursor += size;
    }

    /// A unit began in an earlier chunk.
    Outcome parseTogether(Direction direction, ByteView& bytes, ExchangeSink& sink)
    {
        Lane& lane = laneOf(direction);
        if (!stateOf(direction).inMessage)
            beganBefore(lane);
        const std::size_t before = lane.partial.size();
        const std::size_t added = std::min(bytes.size(), StreamParser::kMaxPartial - before);
        lane.partial.insert(lane.partial.end(), bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(added));
        ByteReader in(lane.partial);
        const Step step = next(in, direction);
        if (step == Step::NeedMore && added == bytes.size()) {
            lane.cursor += added;
            return Outcome::Stuck;
        }
        if (step == Step::NeedMore)
            return overflow(direction, before + bytes.size(), bytes.size(), sink);
        if (step == Step::Resync)
            return resync(direction, before + bytes.size(), sink, bytes.size());
        stateOf(direction).scanned = 0;
        // What is kept is one unfinished unit, so that it ends in the new bytes.
        BN_ASSERT(in.position() >= before);
        const std::size_t used = in.position() - std::min(in.position(), before);
        dropPartial(lane);
        bytes = bytes.subspan(used);
        lane.cursor += used;
        deliver(direction, step, Timing::Known, sink);
        return Outcome::Moved;
    }

    Step next(ByteReader& in, Direction direction)
    {
        if (direction == Direction::Request)
            return P::nextRequest(in, m_state, m_routes, m_found);
        return P::nextResponse(in, m_state, m_queue.answering(), m_response);
    }

    Outcome keep(Direction direction, ByteView bytes, ExchangeSink& sink)
    {
        Lane& lane = laneOf(direction);
        if (bytes.size() > StreamParser::kMaxPartial)
            return overflow(direction, bytes.size(), bytes.size(), sink);
        if (!bytes.empty()) {
            lane.partialOrigin = here(lane);
            lane.partialArrival = arrivalHere(lane);
            lane.partial.assign(bytes.begin(), bytes.end());
            lane.cursor += bytes.size();
        }
        return Outcome::Stuck;
    }

    void dropPartial(Lane& lane)
    {
        lane.partial.clear();
        if (lane.partial.capacity() > kKeptCapacity)
            lane.partial.shrink_to_fit();
    }

    /// Hands what next() found to the queue.
    void deliver(Direction direction, Step step, Timing timing, ExchangeSink& sink)
    {
        if (step == Step::LeaveProtocol)
            leave(laneOf(direction).at, sink);
        if (step != Step::Frame)
            return;
        if (direction == Direction::Request)
            deliverRequest(sink);
        else
            deliverResponse(timing, sink);
    }

    void deliverRequest(ExchangeSink& sink)
    {
        const Lane& lane = laneOf(Direction::Request);
        const Part part = stateOf(Direction::Request).part;
        if (part != Part::End)
            m_queue.requestBegins(*m_found, lane.start, lane.arrival, responseOpen(), sink);
        if (part != Part::Begin)
            m_queue.requestEnds(lane.at, lane.cursor, sink);
    }

    bool responseOpen() { return stateOf(Direction::Response).inMessage || !laneOf(Direction::Response).partial.empty(); }

    void deliverResponse(Timing timing, ExchangeSink& sink)
    {
        const Lane& lane = laneOf(Direction::Response);
        const Part part = stateOf(Direction::Response).part;
        if (part != Part::End) {
            m_queue.responseBegins(sink);
            m_unasked = m_queue.answering() == nullptr;
        }
        if (part == Part::Begin)
            return;
        if (timing == Timing::Known)
            m_queue.responseEnds(answer(), sink);
        else
            m_queue.responseEndsUnseen(lane.at, sink);
        if (m_response.leaves)
            leave(lane.at, sink);
    }

    /// False when bytes were missing before the end of the stream.
    bool missUntil(Direction direction, std::optional<std::uint64_t> position, HostTime at, ExchangeSink& sink)
    {
        const Lane& lane = laneOf(direction);
        if (!lane.positioned || !position || *position <= lane.cursor)
            return true;
        miss(direction, *position, Timing::Unknown, at, sink);
        return false;
    }

    /// The bytes from the cursor up to `to` were not captured.  With Timing::Known they moved at lane.at, else some time before `at`.
    void miss(Direction direction, std::uint64_t to, Timing timing, HostTime at, ExchangeSink& sink)
    {
        Lane& lane = laneOf(direction);
        LaneState& state = stateOf(direction);
        while (lane.cursor < to && !m_left) {
            if (lane.searching != Search::No || state.skip == 0) {
                hole(direction, Search::AfterGap, at, sink);
                lane.cursor = to;
                return;
            }
            lane.cursor += passOver(state, to - lane.cursor);
            if (state.skip > 0)
                continue;
            ByteReader nothing{ByteView{}};
            const Step ended = next(nothing, direction);
            const bool newlyKnown = direction == Direction::Request && state.part == Part::Whole && timing == Timing::Unknown;
            if (ended == Step::Frame && newlyKnown)
                hole(direction, Search::AfterGap, at, sink); // its answer may have passed already
            else if (ended == Step::Frame)
                deliver(direction, ended, timing, sink);
        }
    }

    /// Whole messages may be missing here.
    void hole(Direction direction, Search why, HostTime at, ExchangeSink& sink)
    {
        Lane& lane = laneOf(direction);
        const bool known = lane.searching == Search::No;
        const bool inside = stateOf(direction).inMessage;
        const bool begun = !lane.partial.empty();
        forget(direction);
        if (lane.searching != Search::ForFirst)
            lane.searching = why;
        if (direction == Direction::Request)
            m_queue.requestHole(inside, at, sink);
        else
            m_queue.responseHole(inside || begun, known, at, sink);
    }

    void forget(Direction direction)
    {
        dropPartial(laneOf(direction));
        m_state.resetLane(direction);
    }

    Outcome resync(Direction direction, std::size_t lost, ExchangeSink& sink, std::size_t unread)
    {
        Lane& lane = laneOf(direction);
        sink.onLoss(Loss::ParserResync, lost, lane.at);
        hole(direction, Search::AfterGarbage, lane.at, sink);
        lane.cursor += unread;
        return Outcome::Stuck;
    }
    Outcome resync(Direction direction, std::size_t lost, ExchangeSink& sink) { return resync(direction, lost, sink, lost); }

    Outcome overflow(Direction direction, std::size_t lost, std::size_t unread, ExchangeSink& sink)
    {
        Lane& lane = laneOf(direction);
        sink.onLoss(Loss::ParserBufferFull, lost, lane.at);
        hole(direction, Search::AfterGap, lane.at, sink);
        lane.cursor += unread;
        return Outcome::Stuck;
    }

    void leave(HostTime at, ExchangeSink& sink)
    {
        m_queue.abandon(at, sink);
        m_left = true;
        m_lanes[0].atBorder = m_lanes[1].atBorder = false;
    }

    Direction m_lastDirection;
    bool m_left = false;
    bool m_unasked = false; // the response being read was parsed without knowing its request
    RouteCache& m_routes;   // not owned, outlives this (StreamParser)
    const typename P::Request* m_found = nullptr; // in m_state, what the last nextRequest() found
    typename P::Response m_response;
    Lane m_lanes[2];
    ExchangeQueue<P> m_queue;
    typename P::State m_state;
};

} // namespace binnacle::protocols
