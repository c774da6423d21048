// SPDX-License-Identifier: Apache-2.0
// Lost bytes cost exchanges, each counted, and never give a wrong answer.  Random conversations, cut at random, with random losses; seeds are fixed.
#include "script.h"

#include <algorithm>
#include <functional>
#include <gtest/gtest.h>
#include <random>

namespace binnacle::protocols::test {
namespace {

using Random = std::mt19937;

/// Appends transfers to a script, with the positions and times that they have.
class Writer {
public:
    explicit Writer(Random& random) : m_random(random) {}

    /// In one to three chunks.
    void write(Direction direction, const std::string& bytes)
    {
        std::size_t from = 0;
        for (unsigned parts = 1 + m_random() % 3; parts > 0 && from < bytes.size(); --parts) {
            const std::size_t size = parts == 1 ? bytes.size() - from : 1 + m_random() % (bytes.size() - from);
            std::uint64_t& position = m_positions[static_cast<std::size_t>(direction)];
            script.pieces.push_back({direction, bytes.substr(from, size), position, ++m_at});
            position += size;
            from += size;
        }
    }

    Script script;

private:
    Random& m_random;
    std::uint64_t m_positions[2] = {0, 0};
    int m_at = 0;
};

std::string httpRequest(Random& random, int number)
{
    const std::string path = "/n" + std::string(1 + static_cast<std::size_t>(number % 7), 'a');
    switch (random() % 4) {
    case 0: return "POST " + path + " HTTP/1.1\r\nHost: x\r\nContent-Length: 30\r\n\r\n" + std::string(30, 'b');
    case 1: return "PUT " + path + " HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n1f\r\n" + std::string(31, 'c') + "\r\n0\r\n\r\n";
    default: return "GET " + path + " HTTP/1.1\r\nHost: x\r\nAccept: */*\r\n\r\n";
    }
}

std::string httpResponse(Random& random)
{
    const std::string status = random() % 5 == 0 ? "500 No" : "200 OK";
    if (random() % 3 == 0)
        return "HTTP/1.1 " + status + "\r\nTransfer-Encoding: chunked\r\n\r\na\r\n0123456789\r\n0\r\n\r\n";
    const std::size_t length = random() % 3 * 40;
    return "HTTP/1.1 " + status + "\r\nServer: x\r\nContent-Length: " + std::to_string(length) + "\r\n\r\n" + std::string(length, 'd');
}

std::string redisRequest(Random& random)
{
    switch (random() % 3) {
    case 0: return "*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$40\r\n" + std::string(40, 'v') + "\r\n";
    case 1: return "*2\r\n$3\r\nGET\r\n$5\r\nabcde\r\n";
    default: return "*1\r\n$4\r\nPING\r\n";
    }
}

std::string redisReply(Random& random)
{
    switch (random() % 5) {
    case 0: return "-ERR no\r\n";
    case 1: return "$30\r\n" + std::string(30, 'r') + "\r\n";
    case 2: return "*2\r\n:1\r\n$-1\r\n";
    default: return "+OK\r\n";
    }
}

/// Asks one by one.
Script httpOneByOne(Random& random)
{
    Writer writer(random);
    for (int i = 0; i < 12; ++i) {
        writer.write(Direction::Request, httpRequest(random, i));
        writer.write(Direction::Response, httpResponse(random));
    }
    return writer.script;
}

/// Sends a batch, reads all its answers, sends the next.
Script redisBatches(Random& random)
{
    Writer writer(random);
    for (int batch = 0; batch < 6; ++batch) {
        const unsigned size = 1 + random() % 5;
        std::string requests, replies;
        for (unsigned i = 0; i < size; ++i) {
            requests += redisRequest(random);
            replies += redisReply(random);
        }
        writer.write(Direction::Request, requests);
        writer.write(Direction::Response, replies);
    }
    return writer.script;
}

/// Sends when it likes.
Script redisWithoutTurns(Random& random)
{
    Writer writer(random);
    int outstanding = 0;
    for (int i = 0; i < 60; ++i) {
        if (outstanding < 2 || (outstanding < 5 && random() % 2 == 0)) {
            writer.write(Direction::Request, redisRequest(random));
            ++outstanding;
        } else {
            writer.write(Direction::Response, redisReply(random));
            --outstanding;
        }
    }
    for (; outstanding > 0; --outstanding)
        writer.write(Direction::Response, redisReply(random));
    return writer.script;
}

bool isPartOf(const Result& part, const Result& whole)
{
    const auto all = whole.essence();
    const auto some = part.essence();
    return std::includes(all.begin(), all.end(), some.begin(), some.end());
}

std::vector<Piece> without(const Script& script, std::size_t first, std::size_t count)
{
    std::vector<Piece> pieces = script.pieces;
    const auto begin = pieces.begin() + static_cast<std::ptrdiff_t>(std::min(first, pieces.size()));
    const auto end = pieces.begin() + static_cast<std::ptrdiff_t>(std::min(first + count, pieces.size()));
    pieces.erase(begin, end);
    return pieces;
}

std::vector<Piece> withoutAny(const Script& script, std::size_t from, Random& random, unsigned percent)
{
    std::vector<Piece> pieces;
    for (std::size_t i = 0; i < script.pieces.size(); ++i) {
        if (i < from || random() % 100 >= percent)
            pieces.push_back(script.pieces[i]);
    }
    return pieces;
}

/// How a client works is learned from what it did: one that never waits has to be seen doing so before its losses can be judged.
struct Habit {
    const char* name;
    Script (*talk)(Random&);
    bool seenFirst;
};

class Gaps : public ::testing::TestWithParam<Habit> {
protected:
    std::size_t firstLoss(const Script& conversation) const { return GetParam().seenFirst ? conversation.pieces.size() / 2 : 0; }
    Script script(unsigned seed) const
    {
        Random random(seed);
        return GetParam().talk(random);
    }
};

TEST_P(Gaps, oneLostChunkIsAccountedForExactly)
{
    for (unsigned seed = 0; seed < 60; ++seed) {
        const Script conversation = script(seed);
        const Result truth = run(conversation);
        ASSERT_EQ(truth.gap + truth.resync + truth.orphans, 0u) << truth.print();
        // The first chunk tells the protocol, and nothing can be said of a chunk of a conversation that is never recognised.
        for (std::size_t i = std::max<std::size_t>(1, firstLoss(conversation)); i < conversation.pieces.size(); ++i) {
            const Result partial = run(conversation, without(conversation, i, 1));
            ASSERT_TRUE(isPartOf(partial, truth)) << "seed " << seed << " without " << i << "\nhave\n" << partial.print() << "truth\n" << truth.print();
            ASSERT_EQ(truth.exchanges.size(), partial.exchanges.size() + partial.gap)
                << "seed " << seed << " without " << i << "\nhave\n" << partial.print() << "truth\n" << truth.print();
        }
    }
}

TEST_P(Gaps, aRunOfLostChunksNeverGivesAWrongAnswer)
{
    for (unsigned seed = 0; seed < 60; ++seed) {
        const Script conversation = script(seed);
        const Result truth = run(conversation);
        for (std::size_t i = firstLoss(conversation); i < conversation.pieces.size(); ++i) {
            for (std::size_t count : {2u, 3u, 5u, 9u}) {
                const Result partial = run(conversation, without(conversation, i, count));
                ASSERT_TRUE(isPartOf(partial, truth))
                    << "seed " << seed << " without " << i << '+' << count << "\nhave\n" << partial.print() << "truth\n" << truth.print();
            }
        }
    }
}

TEST_P(Gaps, scatteredLossesNeverGiveAWrongAnswer)
{
    for (unsigned seed = 0; seed < 1500; ++seed) {
        const Script conversation = script(seed);
        const Result truth = run(conversation);
        Random random(seed + 1);
        const Result partial = run(conversation, withoutAny(conversation, firstLoss(conversation), random, 2 + seed % 30));
        ASSERT_TRUE(isPartOf(partial, truth)) << "seed " << seed << "\nhave\n" << partial.print() << "truth\n" << truth.print();
    }
}

INSTANTIATE_TEST_SUITE_P(Conversations, Gaps,
                         ::testing::Values(Habit{"httpOneByOne", &httpOneByOne, false}, Habit{"redisBatches", &redisBatches, false},
                                           Habit{"redisWithoutTurns", &redisWithoutTurns, true}),
                         [](const auto& info) { return std::string(info.param.name); });

TEST(GapsOfAWholeExchange, areFollowedByExactCounting)
{
    Random random(1);
    const Script conversation = httpOneByOne(random);
    const Result truth = run(conversation);
    // Everything between two moments: request and response of several exchanges together.
    for (std::size_t from = 8; from + 14 < conversation.pieces.size(); ++from) {
        const Result partial = run(conversation, without(conversation, from, 6));
        EXPECT_TRUE(isPartOf(partial, truth));
        EXPECT_GE(partial.exchanges.size() + 6, truth.exchanges.size()) << "reading went on";
        EXPECT_GT(partial.gap, 0u);
    }
}

TEST(GapsInABody, costNothing)
{
    const Script script = parseScript("> POST /a HTTP/1.1\\r\\nContent-Length: 3000\\r\\n\\r\\n{1000*a}\n> {1000*b}\n> {1000*c}\n"
                                      "< HTTP/1.1 200 OK\\r\\nContent-Length: 3000\\r\\n\\r\\n{1000*a}\n< {1000*b}\n< {1000*c}\n");
    const Result truth = run(script);
    for (const std::size_t middle : {1u, 4u}) {
        const Result partial = run(script, without(script, middle, 1));
        EXPECT_EQ(partial.print(), truth.print());
    }
    const Result withoutEndOfRequest = run(script, without(script, 2, 1));
    EXPECT_EQ(withoutEndOfRequest.essence(), truth.essence()) << "only its own end is not known";
    const Result withoutEndOfResponse = run(script, without(script, 5, 1));
    EXPECT_EQ(withoutEndOfResponse.gap, 1u) << "no latency without the last byte";
    EXPECT_TRUE(withoutEndOfResponse.exchanges.empty());
}

TEST(GapsAtTheEnd, areNoBrokenExchanges)
{
    const Script script = parseScript("> GET /a HTTP/1.1\\r\\n\\r\\n\n< HTTP/1.1 200 OK\\r\\nContent-Length: 0\\r\\n\\r\\n\n");
    const Result partial = run(script, without(script, 1, 1));
    EXPECT_TRUE(partial.exchanges.empty()) << partial.print();
    EXPECT_EQ(partial.gap, 1u);
}

} // namespace
} // namespace binnacle::protocols::test
