// SPDX-License-Identifier: Apache-2.0
// What the corpus (tests/golden/protocols/redis) does not show.
#include "script.h"

#include <gtest/gtest.h>

namespace binnacle::protocols::test {
namespace {

std::string repeated(const std::string& text, int times)
{
    std::string out;
    for (int i = 0; i < times; ++i)
        out += text;
    return out;
}

TEST(Redis, pairsThousandsInFlightOneByOne)
{
    constexpr int kCount = 5003;
    const Result result = run("> " + repeated("*2\\r\\n$3\\r\\nGET\\r\\n$1\\r\\na\\r\\n", kCount - 1) + "*1\\r\\n$4\\r\\nPING\\r\\n\n< "
                              + repeated("$1\\r\\n1\\r\\n", kCount - 1) + "+PONG\\r\\n\n");
    ASSERT_EQ(result.exchanges.size(), static_cast<std::size_t>(kCount));
    EXPECT_EQ(result.exchanges.back().route, "PING");
    EXPECT_EQ(result.exchanges.front().route, "GET");
    EXPECT_EQ(result.gap, 0u);
}

TEST(Redis, countsWhatIsOverTheLimitInFlightAsLost)
{
    constexpr int kCount = 16 * 1024 + 100;
    const Result result = run("> " + repeated("*1\\r\\n$4\\r\\nPING\\r\\n", kCount) + "\n< " + repeated("+PONG\\r\\n", kCount)
                              + "\n> *1\\r\\n$4\\r\\nPING\\r\\n\n< +PONG\\r\\n\n");
    EXPECT_EQ(result.exchanges.size(), 16u * 1024u + 1u);
    EXPECT_EQ(result.gap, 100u);
}

/// Counts, and forgets.
struct Counting final : ExchangeSink {
    void onExchange(const Exchange&) override { ++exchanges; }
    void onLoss(Loss, std::uint64_t count, HostTime) override { lost += count; }
    int exchanges = 0;
    std::uint64_t lost = 0;
};

/// An old connection, watched from `watched` ms on, carries `requests` in one chunk at 1,000 ms and their replies after it.
Counting countOfOldConnection(int watched, int requests)
{
    RouteCache routes;
    StreamParser parser(Start::MidStream, Roles::Known, routes);
    parser.quietSince(HostTime(std::chrono::milliseconds(watched)));
    const std::string asked = repeated("*1\r\n$4\r\nPING\r\n", requests), replied = repeated("+PONG\r\n", requests);
    const auto chunk = [](Direction direction, const std::string& bytes, int ms) {
        return Chunk{HostTime(std::chrono::milliseconds(ms)), direction, 0, 1, 7, asBytes(bytes), static_cast<std::uint32_t>(bytes.size())};
    };
    Counting sink;
    parser.feed(chunk(Direction::Request, asked, 1000), sink);
    parser.feed(chunk(Direction::Response, replied, 1001), sink);
    return sink;
}

TEST(Redis, countsTheFirstExchangeOfAnOldConnectionThatWasQuiet)
{
    EXPECT_EQ(countOfOldConnection(700, 1).exchanges, 1);
    EXPECT_EQ(countOfOldConnection(700, 16).exchanges, 16);
    EXPECT_EQ(countOfOldConnection(700, 16).lost, 0u);
}

TEST(Redis, doesNotGuessOnAnOldConnectionThatMayBeWaiting)
{
    EXPECT_EQ(countOfOldConnection(950, 16).exchanges, 0);
    EXPECT_EQ(countOfOldConnection(950, 16).lost, 0u);
}

TEST(Redis, saysErrOfAnErrorThatHasNoSafeCode)
{
    const Result result = run("> *1\\r\\n$4\\r\\nPING\\r\\n\n< -My secret is 42\\r\\n\n");
    ASSERT_EQ(result.exchanges.size(), 1u);
    EXPECT_EQ(result.exchanges[0].status, "ERR");
    EXPECT_TRUE(result.exchanges[0].facts.error);
}

TEST(Redis, keepsNoNameThatIsNone)
{
    for (const char* name : {"$6\\r\\ns3cr3t", "$30\\r\\n{30*A}", "$3\\r\\na b"}) {
        const Result result = run(std::string("> *1\\r\\n$4\\r\\nPING\\r\\n\n< +PONG\\r\\n\n> *1\\r\\n") + name + "\\r\\n\n< -ERR no\\r\\n\n");
        ASSERT_EQ(result.exchanges.size(), 2u) << name;
        EXPECT_EQ(result.exchanges[1].route, "OTHER") << name;
    }
}

TEST(Redis, keepsTheSubcommandOfFamiliesOnly)
{
    const Result result = run("> *2\\r\\n$6\\r\\nCLIENT\\r\\n$2\\r\\nID\\r\\n*2\\r\\n$3\\r\\nGET\\r\\n$2\\r\\nID\\r\\n*2\\r\\n$6\\r\\nCONFIG\\r\\n$4\\r\\n4242\\r\\n\n"
                              "< :1\\r\\n$-1\\r\\n-ERR no\\r\\n\n");
    ASSERT_EQ(result.exchanges.size(), 3u);
    EXPECT_EQ(result.exchanges[0].route, "CLIENT ID");
    EXPECT_EQ(result.exchanges[0].method, "CLIENT");
    EXPECT_EQ(result.exchanges[1].route, "GET");
    EXPECT_EQ(result.exchanges[2].route, "CONFIG");
}

TEST(Redis, doesNotGetLostInDeepNesting)
{
    const Result result = run("> *1\\r\\n$4\\r\\nPING\\r\\n\n< " + repeated("*1\\r\\n", 20000) + ":1\\r\\n\n> *1\\r\\n$4\\r\\nPING\\r\\n\n< +PONG\\r\\n\n");
    EXPECT_EQ(result.exchanges.size(), 2u);
    EXPECT_EQ(result.resync, 0u);
}

TEST(Redis, refusesLengthsThatNobodyCanMean)
{
    for (const char* reply : {"$99999999999999999999\\r\\n", "*9999999999999\\r\\n", "$-2\\r\\n", "*-7\\r\\n", "%4294967296\\r\\n", "$1x\\r\\n", "?5\\r\\n"}) {
        const Result result = run(std::string("> *1\\r\\n$4\\r\\nPING\\r\\n\n< ") + reply + "\n> *1\\r\\n$4\\r\\nECHO\\r\\n\n< +PONG\\r\\n\n");
        EXPECT_GT(result.resync, 0u) << reply;
        EXPECT_EQ(result.exchanges.size() + result.gap, 2u) << reply << '\n' << result.print();
    }
}

TEST(Redis, aSubscriptionToNothingMoreIsConfirmedOnce)
{
    const Result result = run("> *1\\r\\n$11\\r\\nUNSUBSCRIBE\\r\\n\n< *3\\r\\n$11\\r\\nunsubscribe\\r\\n$-1\\r\\n:0\\r\\n\n> *1\\r\\n$4\\r\\nPING\\r\\n\n< +PONG\\r\\n\n");
    ASSERT_EQ(result.exchanges.size(), 2u);
    EXPECT_EQ(result.exchanges[1].route, "PING");
}

} // namespace
} // namespace binnacle::protocols::test
