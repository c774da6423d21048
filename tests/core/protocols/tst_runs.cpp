// SPDX-License-Identifier: Apache-2.0
// Three short ways have to come to what the long one comes to: alike messages in one record are told as a run, a message that begins like one
// before it is recognised, and a record that is one whole message is not looked at as one that may be anything.
#include "core/protocols/http/frames.h"
#include "core/protocols/redis/frames.h"
#include "core/protocols/stream.h"
#include "script.h"

#include <gtest/gtest.h>
#include <memory>
#include <random>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

namespace binnacle::protocols::test {
namespace {

/// The same protocols, each message read for itself; with longWay() the streams look at each record as at one that may be anything.
struct SlowRedis : Redis {
    static std::size_t repeats(ByteView, ByteView, Direction, const State&, std::size_t) { return 0; }
    static Step nextRequest(ByteReader& in, State& state, RouteCache& routes, const Request*& found)
    {
        state.request.head.clear();
        return Redis::nextRequest(in, state, routes, found);
    }
};

struct SlowHttp : Http {
    static Step nextRequest(ByteReader& in, State& state, RouteCache& routes, const Request*& found)
    {
        state.lane(Direction::Request).seen = {};
        return Http::nextRequest(in, state, routes, found);
    }
    static Step nextResponse(ByteReader& in, State& state, const Request* answering, Response& out)
    {
        state.lane(Direction::Response).seen = {};
        return Http::nextResponse(in, state, answering, out);
    }
};

/// Writes down all that a stream says, each exchange of a run by itself.
class Notes final : public ExchangeSink {
public:
    void onExchange(const Exchange& e) override
    {
        m_text << e.route << '|' << e.method << '|' << e.status << '|' << e.error << ' ' << ns(e.requestStart) << ' ' << ns(e.requestEnd) << ' '
               << ns(e.responseStart) << ' ' << ns(e.responseEnd) << ' ' << e.requestThread << ' ' << e.responseThread << ' ' << e.requestPosition
               << ' ' << e.responsePosition << ' ' << e.requestSequence << ' ' << e.responseSequence << ' ' << e.requestBytes << ' '
               << e.responseBytes << ' ' << e.version << ' ' << e.hasTraceparent << int(e.traceId[3]) << int(e.parentSpanId[3]) << ' '
               << e.requestIdHash << '\n';
        ++exchanges;
    }
    void onRun(const Exchange& first, std::uint32_t count) override
    {
        ++runs;
        ExchangeSink::onRun(first, count);
    }
    void onLoss(Loss loss, std::uint64_t count, HostTime at) override
    {
        m_text << "loss " << int(loss) << ' ' << count << ' ' << ns(at) << '\n';
    }
    std::string text() const { return m_text.str(); }
    std::size_t exchanges = 0, runs = 0;

private:
    std::ostringstream m_text;
};

/// Feeds one after the other and notes also what is in flight in between.
template <class P>
std::string tellAll(Start start, const std::vector<Chunk>& chunks, const StreamEnd& end, Notes& notes)
{
    RouteCache routes;
    Stream<P> stream(start, routes);
    std::ostringstream waiting;
    std::vector<InFlight> open(StreamParser::kMaxInFlight);
    for (const Chunk& chunk : chunks) {
        const bool stays = stream.feed(chunk, notes);
        const std::size_t count = stream.inFlight(open);
        waiting << stays << count;
        for (std::size_t i = 0; i < count; ++i)
            waiting << ' ' << open[i].route << '@' << open[i].requestPosition << '/' << ns(open[i].startedAt) << '/' << open[i].thread;
        waiting << '\n';
    }
    stream.close(end, notes);
    waiting << stream.orphanResponses();
    return notes.text() + waiting.str();
}

/// Both directions of a conversation in order, with what happens to records on the way.
class Conversation {
public:
    explicit Conversation(unsigned seed) : m_random(seed) {}

    unsigned below(unsigned limit) { return static_cast<unsigned>(m_random() % limit); }

    void send(Direction direction, std::string_view bytes)
    {
        std::uint64_t& position = m_positions[static_cast<std::size_t>(direction)];
        m_texts.push_back(std::make_unique<std::string>(bytes));
        Chunk chunk;
        m_now += below(10) == 0 ? below(3) * 3'000'000'000u : 1000 + below(50'000);
        chunk.at = hostTime(m_now);
        chunk.direction = direction;
        chunk.position = position;
        chunk.tcpSequence = 0xffffff00u + static_cast<std::uint32_t>(position); // wraps on the way
        chunk.thread = 1 + below(3);
        chunk.bytes = asBytes(*m_texts.back());
        chunk.originalSize = static_cast<std::uint32_t>(bytes.size());
        position += bytes.size();
        m_chunks.push_back(chunk);
    }

    /// Whole, or in parts.
    void sendInParts(Direction direction, std::string_view bytes, bool cut)
    {
        while (cut && bytes.size() > 1 && below(2) == 0) {
            const std::size_t part = 1 + below(static_cast<unsigned>(bytes.size() - 1));
            send(direction, bytes.substr(0, part));
            bytes.remove_prefix(part);
        }
        send(direction, bytes);
    }

    /// Loses, shortens, doubles and exchanges records, one in `oneIn`.
    void damage(unsigned oneIn)
    {
        std::vector<Chunk> out;
        for (Chunk chunk : m_chunks) {
            const unsigned fate = below(oneIn);
            if (fate == 0)
                continue;
            if (fate == 1)
                chunk.bytes = chunk.bytes.first(below(static_cast<unsigned>(chunk.bytes.size() + 1)));
            out.push_back(chunk);
            if (fate == 2)
                out.push_back(chunk);
            if (fate == 3 && out.size() > 1)
                std::swap(out[out.size() - 1], out[out.size() - 2]);
        }
        m_chunks = std::move(out);
    }

    const std::vector<Chunk>& chunks() const { return m_chunks; }

    /// The same records, but each says the last byte before it again, which changes nothing and is no plain record.
    std::vector<Chunk> longWay()
    {
        std::vector<Chunk> out;
        std::uint64_t ends[2] = {0, 0};
        for (Chunk chunk : m_chunks) {
            std::uint64_t& end = ends[static_cast<std::size_t>(chunk.direction)];
            const bool joined = chunk.position == end && end > 0;
            end = std::max(end, chunk.position + chunk.originalSize);
            if (joined && !chunk.bytes.empty()) {
                m_texts.push_back(std::make_unique<std::string>('?' + std::string(asText(chunk.bytes))));
                chunk.bytes = asBytes(*m_texts.back());
                --chunk.position;
                --chunk.tcpSequence;
                ++chunk.originalSize;
            }
            out.push_back(chunk);
        }
        return out;
    }

    StreamEnd end() const { return {hostTime(m_now + 1), m_positions[0], m_positions[1]}; }

private:
    std::mt19937 m_random;
    std::vector<std::unique_ptr<std::string>> m_texts;
    std::vector<Chunk> m_chunks;
    std::uint64_t m_positions[2] = {0, 0};
    std::uint64_t m_now = 1'000'000'000;
};

struct Phrase {
    std::string_view request, response;
};

constexpr Phrase kRedis[] = {
    {"*2\r\n$3\r\nGET\r\n$5\r\nkey:1\r\n", "$5\r\nvalue\r\n"},
    {"*2\r\n$3\r\nGET\r\n$5\r\nkey:2\r\n", "$5\r\nother\r\n"},
    {"*2\r\n$3\r\nGET\r\n$6\r\nabsent\r\n", "$-1\r\n"},
    {"*2\r\n$3\r\nget\r\n$5\r\n\r\n*2$\r\n", "$8\r\n\r\n$5\r\n+x\r\n"},
    {"*3\r\n$3\r\nSET\r\n$5\r\nkey:1\r\n$5\r\nvalue\r\n", "+OK\r\n"},
    {"*3\r\n$3\r\nSET\r\n$1\r\na\r\n$9\r\nvaluevalu\r\n", "+OK\r\n"},
    {"*2\r\n$4\r\nINCR\r\n$1\r\nn\r\n", ":7\r\n"},
    {"*2\r\n$4\r\nINCR\r\n$1\r\nn\r\n", ":8\r\n"},
    {"*2\r\n$5\r\nLPUSH\r\n$1\r\nn\r\n", "-WRONGTYPE no list\r\n"},
    {"*1\r\n$4\r\nPING\r\n", "+PONG\r\n"},
    {"PING\r\n", "+PONG\r\n"},
    {"*3\r\n$6\r\nCONFIG\r\n$3\r\nGET\r\n$4\r\nsave\r\n", "*2\r\n$4\r\nsave\r\n$0\r\n\r\n"},
    {"*2\r\n$6\r\nLRANGE\r\n$1\r\nn\r\n", "*2\r\n$1\r\na\r\n$1\r\nb\r\n"},
    {"*2\r\n$9\r\nSUBSCRIBE\r\n$1\r\nc\r\n", "*3\r\n$9\r\nsubscribe\r\n$1\r\nc\r\n:1\r\n"},
    {"*3\r\n$6\r\nCLIENT\r\n$5\r\nREPLY\r\n$4\r\nSKIP\r\n", ""},
    {"*1\r\n$5\r\nMULTI\r\n", "+OK\r\n"},
    {"*2\r\n$5\r\nFCALL\r\n$1\r\nk\r\n", "*2\r\n:1\r\n:1\r\n"}, // what answers it is one thing or several
    {"*2\r\n$5\r\nFCALL\r\n$1\r\nk\r\n", ":1\r\n"},
    {"*2\r\n$5\r\nFCALL\r\n$1\r\nk\r\n", "*3\r\n$1\r\na\r\n$1\r\nb\r\n$1\r\nc\r\n"},
    {"*2\r\n$5\r\nFCALL\r\n$1\r\nk\r\n", "$1\r\nx\r\n"},
    {"*2\r\n$3\r\nGEX\r\n$5\r\nkey:1\r\n", "-ERR unknown command 'GEX'\r\n"},
};

constexpr Phrase kHttp[] = {
    {"GET /a/7 HTTP/1.1\r\nHost: x\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"},
    {"GET /a/8 HTTP/1.1\r\nHost: x\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nko"},
    {"GET /b HTTP/1.1\r\nx-request-id: 5\r\ntraceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01\r\n\r\n",
     "HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n"},
    {"HEAD /a HTTP/1.1\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n"},
    {"POST /a HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc", "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 201 Made\r\nContent-Length: 1\r\n\r\na"},
    {"GET /c HTTP/1.1\r\n\r\n", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"},
    {"GET /d HTTP/1.1\r\n\r\n", "HTTP/1.1 304 Same\r\n\r\n"},
};

/// What a client does, of which no two seeds do the same: one by one or many in one call, often the same, sometimes something else.
template <std::size_t Count>
void converse(Conversation& talk, const Phrase (&phrases)[Count], unsigned longest)
{
    const bool cuts = talk.below(3) == 0;
    const unsigned variety = 1 + talk.below(static_cast<unsigned>(Count));
    const unsigned first = talk.below(static_cast<unsigned>(Count));
    std::string owed; // by the server, of the batches before
    for (unsigned round = 3 + talk.below(20); round > 0; --round) {
        std::string asked, answered;
        const Phrase* phrase = &phrases[first];
        for (unsigned left = 1 + talk.below(longest); left > 0; --left) {
            if (talk.below(6) == 0)
                phrase = &phrases[(first + talk.below(variety)) % Count];
            asked += phrase->request;
            answered += phrase->response;
        }
        talk.sendInParts(Direction::Request, asked, cuts);
        owed += answered;
        if (talk.below(8) == 0)
            continue; // asks on before it is answered
        const std::size_t now = talk.below(8) == 0 ? talk.below(static_cast<unsigned>(owed.size() + 1)) : owed.size();
        if (now > 0)
            talk.sendInParts(Direction::Response, owed.substr(0, now), cuts);
        owed.erase(0, now);
    }
    if (!owed.empty())
        talk.send(Direction::Response, owed);
}

template <class Fast, class Slow, std::size_t Count>
std::size_t expectSame(const Phrase (&phrases)[Count], unsigned seed, unsigned longest)
{
    Conversation talk(seed);
    converse(talk, phrases, longest);
    if (seed % 2 == 1)
        talk.damage(5 + talk.below(40));
    const Start start = seed % 8 < 6 ? Start::FromFirstByte : Start::MidStream;
    Notes fast, slow;
    EXPECT_EQ(tellAll<Fast>(start, talk.chunks(), talk.end(), fast), tellAll<Slow>(start, talk.longWay(), talk.end(), slow)) << "seed " << seed;
    EXPECT_EQ(slow.runs, 0u);
    return fast.runs;
}

TEST(Runs, saysOfAPipelineWhatReadingEachCommandSays)
{
    std::size_t runs = 0;
    for (unsigned seed = 0; seed < 1500; ++seed) {
        runs += expectSame<Redis, SlowRedis>(kRedis, seed, 1 + seed % 40);
        ASSERT_FALSE(HasFailure());
    }
    EXPECT_GT(runs, 1500u); // else there was nothing to compare
}

TEST(Runs, saysOfAHeadThatCameBeforeWhatReadingItSays)
{
    for (unsigned seed = 0; seed < 1500; ++seed) {
        expectSame<Http, SlowHttp>(kHttp, seed, 1 + seed % 4);
        ASSERT_FALSE(HasFailure());
    }
}

TEST(Runs, areWhatOneRecordAskedAndOneAnswered)
{
    std::string request, response;
    for (int i = 0; i < 16; ++i) {
        request += kRedis[i % 2].request;   // other keys and values, same lengths
        response += kRedis[i % 2].response;
    }
    Conversation talk(1);
    talk.send(Direction::Request, request);
    talk.send(Direction::Response, response.substr(0, response.size() / 2));
    talk.send(Direction::Response, response.substr(response.size() / 2));
    Notes notes;
    tellAll<Redis>(Start::FromFirstByte, talk.chunks(), talk.end(), notes);
    EXPECT_EQ(notes.exchanges, 16u);
    EXPECT_EQ(notes.runs, 2u);
}

TEST(Runs, countEachOfThemAgainstTheLimit)
{
    std::string request;
    for (std::size_t i = 0; i < Redis::kMaxInFlight + 10; ++i)
        request += kRedis[0].request;
    Conversation talk(1);
    talk.send(Direction::Request, request);
    Notes fast, slow;
    EXPECT_EQ(tellAll<Redis>(Start::FromFirstByte, talk.chunks(), talk.end(), fast),
              tellAll<SlowRedis>(Start::FromFirstByte, talk.chunks(), talk.end(), slow));
    EXPECT_EQ(fast.exchanges, Redis::kMaxInFlight);
}

} // namespace
} // namespace binnacle::protocols::test
