// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/protocols/application_protocol.h"
#include "core/protocols/outstanding_requests.h"
#include "core/protocols/stream_parser.h"

#include <algorithm>
#include <utility>

namespace binnacle::protocols {

/// How the first byte of a request came.
struct Arrival {
    bool turn = false;  // the first after bytes of the other direction
    bool joined = true; // no bytes were lost right before its chunk
};

/// Which request is a response for?  In protocols without ids: the oldest unanswered one.  The art is in what to do after bytes were lost.
///
/// A *hole* is a place in one direction where whole messages may be missing.  Then
///  - after a hole in the requests, what was asked before it still pairs; responses beyond that are counted as lost, one each, since they
///    stand for requests that were not seen; requests seen after it are set aside, for their responses are among those;
///  - after a hole in the responses, which requests it answered follows from what is outstanding when that leaves only one possibility.  That
///    is only true if no request was lost meanwhile, which the next bytes of the client show: pairs are withheld until then.  With more
///    than one possibility all outstanding requests are counted as lost.
/// The sequence is known again when a request begins right after bytes of the server, on a connection whose client *takes turns*: no request was
/// ever seen to begin between the answers to earlier ones (true of clients that ask one by one and of those that send a batch and read
/// all its answers), and no bytes are missing right before it.  Two more cases are taken as known:
///  - the client asked one by one kOneByOne times and never otherwise; then it has nothing older outstanding;
///  - nothing moved for kIdle, or for kQuiet between the moment from which an old connection was watched and its first bytes.
/// Limits: what a client does is taken from what was seen of it.  One that changes its habit with the very message that is lost is noticed at
/// its next request, and what was taken as known is set aside again.  Where nobody takes turns, an answer that comes later than kIdle shifts
/// the pairing by one until the next quiet moment.
template <ApplicationProtocol P>
class ExchangeQueue {
public:
    using Request = typename P::Request;
    using Response = typename P::Response;

    /// A complete response; the views live as long as the call.
    struct Answer {
        const Response& response;
        const Origin& start;
        HostTime endAt{};
        std::uint32_t endThread = 0;
        std::uint64_t bytes = 0;
    };

    explicit ExchangeQueue(Start start) : m_doubt(start == Start::MidStream ? Doubt::Attached : Doubt::None) {}

    /// An old connection is watched from here on; zero = not known.
    void quietSince(HostTime at) { m_quietSince = at; }

    /// Bytes of a direction moved, whatever they are.  `joined`: none were lost since the last ones of this direction.
    void onBytes(Direction direction, bool joined, HostTime at, ExchangeSink& sink)
    {
        if (direction == Direction::Request && (m_withholds || m_surplus > 0))
            verify(joined, at, sink);
        m_wasQuiet = m_quietSince != HostTime{} && at - m_quietSince >= kQuiet;
        m_quietSince = {};
        m_idleBefore = m_lastByteAt == HostTime{} ? Nanoseconds{} : at - m_lastByteAt;
        m_lastByteAt = std::max(m_lastByteAt, at);
        m_begunByChunk = false;
    }

    /// `responseOpen`: a response is half read.
    void requestBegins(const Request& request, const Origin& start, Arrival arrival, bool responseOpen, ExchangeSink& sink)
    {
        m_pipelined |= std::exchange(m_begunByChunk, true);
        settle(start.at, arrival, responseOpen, sink);
        m_aside = m_doubt != Doubt::None || m_pending.size() >= P::kMaxInFlight;
        if (m_aside) {
            setAside(start.at, sink);
            return;
        }
        await(request, start, arrival);
    }

    /// The request that has begun goes on up to here.
    void requestMoves(HostTime endAt, std::uint64_t endPosition)
    {
        if (m_aside || m_pending.empty() || m_pending.back().ended)
            return;
        m_pending.back().endAt = endAt;
        m_pending.back().bytes = endPosition - m_pending.back().start.position;
    }

    void requestEnds(HostTime endAt, std::uint64_t endPosition, ExchangeSink& sink)
    {
        if (m_aside || m_pending.empty() || m_pending.back().ended)
            return;
        requestMoves(endAt, endPosition);
        m_pending.back().ended = true;
        if (m_answered && m_pending.size() == 1)
            finishFront(sink);
        else if (!m_early.empty() && m_pending.size() == 1)
            pairEarly(sink);
    }

    /// Right after requestEnds(): how many more like that one may follow in the same chunk by requestRepeats(), with the same outcome as if
    /// each began and ended by itself.
    std::size_t roomForRepeats() const
    {
        return isPlain() && !m_aside && !m_pending.empty() ? P::kMaxInFlight - m_pending.size() : 0;
    }

    void requestRepeats(std::uint32_t more)
    {
        m_pipelined = true;
        m_pending.repeatBack(more);
    }

    /// Before responseBegins() of a response that is whole: how many like it may be told of at once by responsesEnd().
    std::uint32_t repeatsAwaited() const
    {
        return answersFront() ? m_pending.front().count : 1;
    }

    /// As requestBegins() and requestEnds() for one that is whole in its chunk, when nothing is unusual; else does nothing and says false.
    bool requestIsWhole(const Request& request, const Origin& start, Arrival arrival, std::uint64_t bytes)
    {
        if (!isPlain() || m_pending.size() >= P::kMaxInFlight)
            return false;
        m_pipelined |= std::exchange(m_begunByChunk, true);
        m_aside = false;
        Pending& pending = await(request, start, arrival);
        pending.bytes = bytes;
        pending.ended = true;
        return true;
    }

    /// As responseBegins() and responseEnds() for one that is whole in its chunk, when nothing is unusual; else does nothing and says false.
    bool responseIsWhole(const Answer& answer, ExchangeSink& sink)
    {
        if (!answersFront() || !m_pending.front().ended)
            return false;
        learn(answer);
        emit(m_pending.front(), &answer, answer.endAt, 1, sink);
        popFront(1);
        return true;
    }

    /// The request that the response arriving now belongs to.
    const Request* answering() const
    {
        return m_pending.empty() || m_answered ? nullptr : &m_pending.front().request;
    }

    /// After a responseHole(): the next message boundary was found.
    void responsesResume(HostTime at, ExchangeSink& sink)
    {
        if (m_responseHole)
            resolveResponseHole(at, sink);
    }

    /// A response head was read, or for protocols without heads a whole response.
    void responseBegins(ExchangeSink& sink)
    {
        if (m_answered) // the server did not wait for the end of the request, and now answers the next one
            finishFront(sink);
        m_unknown |= m_pending.empty() && (m_doubt != Doubt::None || m_surplus > 0);
    }

    void responseEnds(const Answer& answer, ExchangeSink& sink)
    {
        if (std::exchange(m_unknown, false) || (m_pending.empty() && m_doubt != Doubt::None))
            answerUnknown(answer.endAt, sink);
        else if (!m_pending.empty())
            answerFront(answer, sink);
        else
            keepEarly(answer);
    }

    /// As responseBegins() and responseEnds() for each of `count` alike ones, at most repeatsAwaited(); `answer` is the first.
    void responsesEnd(const Answer& answer, std::uint32_t count, ExchangeSink& sink)
    {
        learn(answer);
        emit(m_pending.front(), &answer, answer.endAt, count, sink);
        popFront(count - 1);
        learn(answer); // what the ones between say, the first has said
        popFront(1);
    }

    /// A response that nobody we know asked for turned out to be over.
    void unknownResponseEnds(HostTime at, ExchangeSink& sink)
    {
        if (std::exchange(m_unknown, false))
            answerUnknown(at, sink);
    }

    /// The last bytes of a response body were lost: its end is not known, the sequence is.
    void responseEndsUnseen(HostTime at, ExchangeSink& sink)
    {
        if (std::exchange(m_unknown, false))
            answerUnknown(at, sink);
        else if (!m_pending.empty())
            loseFront(1, at, sink);
        else
            ++m_orphans;
    }

    /// Requests may be missing from here on.  `inside`: the one that had begun is cut.
    void requestHole(bool inside, HostTime at, ExchangeSink& sink)
    {
        const bool cut = inside && !m_aside && !m_pending.empty() && !m_pending.back().ended;
        if (cut) {
            m_pending.back().lost = m_pending.back().ended = true;
            if (m_answered && m_pending.size() == 1)
                loseFront(1, at, sink);
        }
        if (m_doubt != Doubt::None)
            return;
        m_doubt = Doubt::Requests;
        m_unknownAnswers = m_early.size() + std::exchange(m_surplus, 0);
        m_setAside = cut ? 0 : 1; // at least one exchange is touched, and one that is cut is counted by itself
        lose(m_unknownAnswers, at, sink);
        m_early.clear();
    }

    /// Responses may be missing from here on.  `inside`: one had begun and is cut.  `known`: what was before them
    /// was read; else nobody knows whose they are.
    void responseHole(bool inside, bool known, HostTime at, ExchangeSink& sink)
    {
        const bool unknown = std::exchange(m_unknown, false) || (m_pending.empty() && m_doubt != Doubt::None);
        if (inside && unknown) {
            answerUnknown(at, sink);
        } else if (inside && !m_pending.empty()) {
            loseFront(1, at, sink);
        } else if (!inside && !known) {
            m_missingUnknown = true;
        } else if (!inside) {
            m_missingAtLeast = 1;
        }
        m_responseHole = m_doubt == Doubt::None || !m_pending.empty();
    }

    /// The connection speaks something else from here on.
    void abandon(HostTime at, ExchangeSink& sink)
    {
        verify(true, at, sink);
        if (m_answered)
            finishFront(sink);
        loseFront(m_pending.size(), at, sink);
    }

    /// `joined`: no request bytes were lost at the end.
    void close(bool joined, HostTime at, ExchangeSink& sink)
    {
        verify(joined, at, sink);
        if (m_answered && !m_pending.empty())
            finishFront(sink);
        while (!m_pending.empty()) {
            if (m_pending.front().lost || m_responseHole)
                lose(1, at, sink);
            else
                emit(m_pending.front(), nullptr, at, 1, sink);
            popFront(1);
        }
        if (m_doubt == Doubt::Requests && m_setAside > m_unknownAnswers)
            lose(m_setAside - m_unknownAnswers, at, sink);
        m_orphans += m_early.size();
        m_early.clear();
        m_doubt = Doubt::None;
    }

    std::size_t inFlight(std::span<InFlight> out) const
    {
        std::size_t count = 0;
        m_pending.forEach([&](const Pending& pending, const Origin& start) {
            if (pending.lost)
                return;
            if (count < out.size())
                out[count] = {pending.request.routeText(), start.at, start.thread, start.position};
            ++count;
        });
        return count;
    }

    bool inDoubt() const { return m_doubt != Doubt::None; }
    std::uint64_t orphans() const { return m_orphans; }

private:
    static constexpr Nanoseconds kIdle = std::chrono::seconds(5);
    static constexpr Nanoseconds kQuiet = std::chrono::milliseconds(200);
    /// Records of two threads can be written in the wrong order; more than this apart, they were not.
    static constexpr Nanoseconds kInversion = std::chrono::microseconds(20);
    static constexpr std::size_t kMaxEarly = 64;
    static constexpr int kOneByOne = 3;

    enum class Doubt : std::uint8_t {
        None,      // the next response is for the oldest pending request
        Attached,  // as Requests, but before our time: nothing of it is a loss
        Requests,  // after the pending ones, an unknown number of requests is missing; losses are counted by their responses
        Responses, // an unknown number of responses is missing; losses are counted by their requests
    };

    using Pending = typename OutstandingRequests<Request>::Entry;

    /// An answer that has to wait.
    struct KeptAnswer {
        Response response;
        Origin start;
        HostTime endAt{};
        std::uint32_t endThread = 0;
        std::uint64_t bytes = 0;

        KeptAnswer() = default;
        explicit KeptAnswer(const Answer& a) : response(a.response), start(a.start), endAt(a.endAt), endThread(a.endThread), bytes(a.bytes) {}
        Answer view() const { return {response, start, endAt, endThread, bytes}; }
    };

    struct Pair {
        Pending asked;
        KeptAnswer answer;
    };

    static void lose(std::size_t count, HostTime at, ExchangeSink& sink)
    {
        if (count > 0)
            sink.onLoss(Loss::ParserGap, count, at);
    }

    void loseFront(std::size_t count, HostTime at, ExchangeSink& sink)
    {
        lose(count, at, sink);
        for (; count > 0; --count)
            popFront(1);
    }

    /// As many of the first entry.
    void popFront(std::uint32_t count)
    {
        m_between -= m_pending.front().between;
        m_answered = false;
        m_pending.popFront(count);
    }

    /// `count` of the first that `asked` stands for, each with an answer like this one.
    void emit(const Pending& asked, const Answer* answer, HostTime at, std::uint32_t count, ExchangeSink& sink)
    {
        Exchange out;
        out.protocol = P::kProtocol;
        out.traceId = {};
        out.parentSpanId = {};
        P::pair(asked.request, answer ? &answer->response : nullptr, out);
        out.requestStart = asked.start.at;
        out.requestEnd = asked.endAt;
        out.requestThread = asked.start.thread;
        out.requestPosition = asked.start.position;
        out.requestSequence = asked.start.sequence;
        out.requestBytes = asked.bytes;
        out.responseStart = out.responseEnd = at;
        if (answer) {
            out.responseStart = answer->start.at;
            out.responseEnd = answer->endAt;
            out.responseThread = answer->endThread;
            out.responsePosition = answer->start.position;
            out.responseSequence = answer->start.sequence;
            out.responseBytes = answer->bytes;
            out.requestStart = std::min(out.requestStart, out.responseStart); // see kInversion
        }
        if (count == 1)
            sink.onExchange(out);
        else
            sink.onRun(out, count);
    }

    /// No loss, doubt or answer out of turn concerns the next request.
    bool isPlain() const { return m_doubt == Doubt::None && !m_provisional && !m_responseHole && !m_answered && m_early.empty(); }

    /// The next response answers the oldest request, and nothing keeps it back.
    bool answersFront() const { return !m_answered && !m_unknown && !m_withholds && !m_pending.empty() && !m_pending.front().lost; }

    /// One more request, which has begun.
    Pending& await(const Request& request, const Origin& start, Arrival arrival)
    {
        const bool between = arrival.turn && !m_pending.empty();
        Pending& pending = m_pending.pushBack();
        pending.start = start;
        pending.endAt = start.at;
        pending.bytes = 0;
        pending.ended = pending.lost = false;
        pending.between = between;
        pending.request = request;
        m_between += between;
        return pending;
    }

    /// What an answer that pairs says about how the client works.
    void learn(const Answer& answer)
    {
        m_provisional = m_pairedEarly = false;
        if (m_pending.size() < 2) {
            m_oneByOne = std::min(m_oneByOne + 1, kOneByOne);
            return;
        }
        m_pipelined |= m_pending.secondBegan() < answer.start.at;
        m_takesTurns &= m_between == 0;
    }

    bool asksOneByOne() const { return m_oneByOne >= kOneByOne && !m_pipelined; }

    void answerFront(const Answer& answer, ExchangeSink& sink)
    {
        learn(answer);
        Pending& front = m_pending.front();
        if (front.lost) {
            loseFront(1, answer.endAt, sink);
        } else if (front.ended) {
            complete(front, answer, sink);
            popFront(1);
        } else {
            m_answer = KeptAnswer(answer);
            m_answered = true;
        }
    }

    void finishFront(ExchangeSink& sink)
    {
        complete(m_pending.front(), m_answer.view(), sink);
        popFront(1);
    }

    void complete(const Pending& asked, const Answer& answer, ExchangeSink& sink)
    {
        if (m_withholds)
            m_withheld.pushBack() = {asked, KeptAnswer(answer)};
        else
            emit(asked, &answer, answer.endAt, 1, sink);
    }

    void verify(bool joined, HostTime at, ExchangeSink& sink)
    {
        m_withholds = false;
        if (joined) // nobody asked after all
            m_orphans += std::exchange(m_surplus, 0);
        else
            lose(m_withheld.size(), at, sink);
        for (; !m_withheld.empty(); m_withheld.popFront()) {
            const Pair& pair = m_withheld.front();
            const Answer answer = pair.answer.view();
            if (joined)
                emit(pair.asked, &answer, answer.endAt, 1, sink);
        }
    }

    void answerUnknown(HostTime at, ExchangeSink& sink)
    {
        ++m_unknownAnswers;
        if (m_doubt == Doubt::Requests)
            lose(1, at, sink);
        else if (m_doubt == Doubt::Attached)
            ++m_orphans;
        else if (m_doubt == Doubt::None && m_pending.empty())
            ++m_surplus;
    }

    void keepEarly(const Answer& answer)
    {
        if (m_early.size() >= kMaxEarly) {
            ++m_orphans;
            return;
        }
        m_early.pushBack() = KeptAnswer(answer);
    }

    /// The record of an answer can stand before that of its request, but hardly twice in a row: then something nobody asked for has come (a 408
    /// on an idle connection), and what is early is not an answer at all.
    void pairEarly(ExchangeSink& sink)
    {
        const HostTime asked = m_pending.front().start.at;
        while (!m_early.empty() && (m_pairedEarly || m_early.front().endAt + kInversion < asked)) {
            ++m_orphans;
            m_early.popFront();
            m_pairedEarly = false;
        }
        if (m_early.empty())
            return;
        const KeptAnswer answer = m_early.front();
        m_early.popFront();
        answerFront(answer.view(), sink);
        m_pairedEarly = true;
    }

    void setAside(HostTime at, ExchangeSink& sink)
    {
        ++m_setAside;
        if (m_doubt == Doubt::Responses)
            lose(1, at, sink);
        if (m_doubt != Doubt::None)
            return;
        m_doubt = Doubt::Requests; // more in flight than we keep: the same as not having seen it
        m_unknownAnswers = 0;
        m_setAside = 1;
    }

    bool isKnownAgain(Arrival arrival) const
    {
        if (m_idleBefore >= kIdle || asksOneByOne())
            return true;
        if (m_doubt == Doubt::Attached && m_wasQuiet)
            return true;
        if (m_doubt == Doubt::Attached && !P::kPipelines && !m_pipelined)
            return true;
        return m_takesTurns && arrival.turn && arrival.joined;
    }

    /// Called when a request begins: is the sequence known (again)?
    void settle(HostTime at, Arrival arrival, bool responseOpen, ExchangeSink& sink)
    {
        if (m_responseHole && (asksOneByOne() || (m_takesTurns && arrival.turn))) {
            loseFront(m_pending.size(), at, sink); // their answers are over, in the hole
            m_responseHole = m_missingUnknown = false;
            m_missingAtLeast = 0;
        }
        if (m_provisional && !m_pending.empty() && !arrival.turn) {
            doubtAgain();
            return;
        }
        if (m_doubt == Doubt::None || !isKnownAgain(arrival))
            return;
        loseFront(m_pending.size(), at, sink);
        if (m_doubt == Doubt::Requests && m_setAside > m_unknownAnswers)
            lose(m_setAside - m_unknownAnswers, at, sink);
        m_unknown |= responseOpen; // it answers an older one
        m_provisional = !(m_doubt == Doubt::Attached && m_wasQuiet) && (!arrival.turn || !arrival.joined);
        m_provisionalFrom = m_doubt;
        m_doubt = Doubt::None;
        m_setAside = m_unknownAnswers = 0;
    }

    /// It was taken as known because nobody pipelines here, and now somebody does.
    void doubtAgain()
    {
        m_setAside = m_pending.size();
        m_unknownAnswers = 0;
        while (!m_pending.empty())
            popFront(1);
        m_provisional = false;
        m_pipelined = true;
        m_doubt = m_provisionalFrom;
    }

    void resolveResponseHole(HostTime at, ExchangeSink& sink)
    {
        m_responseHole = false;
        const std::size_t outstanding = m_pending.size();
        const std::size_t missing = std::min(std::exchange(m_missingAtLeast, 0), outstanding);
        m_withholds = true;
        m_unknown |= missing == outstanding; // the response is for one that was not seen
        const bool unknown = std::exchange(m_missingUnknown, false);
        if (m_doubt != Doubt::None) {
            loseFront(outstanding, at, sink); // or it is
        } else if (!unknown && asksOneByOne()) {
            loseFront(outstanding == 0 ? 0 : std::max(outstanding - 1, missing), at, sink);
        } else if (!unknown && outstanding <= missing + 1) {
            loseFront(missing, at, sink);
        } else {
            loseFront(outstanding, at, sink);
            m_unknown = true;
            m_doubt = Doubt::Responses;
        }
    }

    // What each record looks at comes first and lies together.
    OutstandingRequests<Request> m_pending;
    HostTime m_lastByteAt{};
    HostTime m_quietSince{};
    Nanoseconds m_idleBefore{};
    std::size_t m_between = 0;        // pending ones that began between the answers to earlier ones
    std::size_t m_surplus = 0;        // responses after a hole that no known request is left for
    int m_oneByOne = 0;
    Doubt m_doubt;
    Doubt m_provisionalFrom = Doubt::None;
    bool m_answered = false;
    bool m_unknown = false; // the response arriving now began when nothing was outstanding that we know of, and something was in doubt
    bool m_aside = false; // the request arriving now was set aside
    bool m_responseHole = false;
    bool m_missingUnknown = false; // how much of the hole belongs to requests that are pending
    bool m_withholds = false; // pairs are right if no request was lost meanwhile
    bool m_pairedEarly = false;   // the last pair was of an early answer
    bool m_begunByChunk = false;  // a request began in the chunk at hand
    bool m_provisional = false;   // taken as known without a turn
    bool m_pipelined = false;     // a request was seen to begin before the answer to an older one, or in the same chunk
    bool m_wasQuiet = false;      // the bytes at hand are the first of an old connection, after a pause that we saw
    bool m_takesTurns = true;
    RingQueue<KeptAnswer> m_early; // answers that came before their requests
    RingQueue<Pair> m_withheld;    // when m_withholds
    KeptAnswer m_answer;           // of the front, when m_answered
    std::uint64_t m_orphans = 0;
    std::size_t m_unknownAnswers = 0; // since the doubt began
    std::size_t m_setAside = 0;       // requests since the doubt began, with those known to be in the hole
    std::size_t m_missingAtLeast = 0; // responses in the hole
};

} // namespace binnacle::protocols
