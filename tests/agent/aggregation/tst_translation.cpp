// SPDX-License-Identifier: Apache-2.0
#include "tests/agent/support/scenario.h"

#include <gtest/gtest.h>

namespace binnacle::agent::test {
namespace {

const Endpoint kService = endpoint("10.96.0.10", 80);
const Endpoint kBackend = endpoint("10.88.0.9", 8'080);

/// Keeps questions until the test answers them.
struct HeldAnswers final : NatLookup {
    bool ask(ConnectionId connection, const SocketAddresses& addresses) override
    {
        asked.emplace_back(connection, addresses.remote);
        return !refuses;
    }
    void takeAnswers(std::vector<NatAnswer>& answers) override
    {
        answers.insert(answers.end(), ready.begin(), ready.end());
        ready.clear();
    }
    std::vector<KnowledgeLimit> takeLimits() override { return limits; }
    std::vector<std::pair<ConnectionId, Endpoint>> asked;
    std::vector<KnowledgeLimit> limits;
    std::vector<NatAnswer> ready;
    bool refuses = false;
};

/// Rows of TCP in words: `10.96.0.10:80 > 10.88.0.9:8080 opened 1 closed 0`.
Lines tcpLines(const telemetry::Batch& batch)
{
    Lines lines;
    for (const telemetry::TcpRow& row : batch.overview->tcp) {
        const telemetry::End& end = batch.dictionary->ends[row.end];
        lines.push_back(end.dialled.toText() + " > " + end.remote.toText() + " opened " + std::to_string(row.opened) + " closed " +
                        std::to_string(row.closed) + " active " + std::to_string(row.active));
    }
    std::ranges::sort(lines);
    return lines;
}

class TranslationTest : public ::testing::Test {
protected:
    void SetUp() override
    {
        s.program({.pid = 10, .comm = "shop", .executable = "/usr/bin/shop", .arguments = {"shop"}});
        s.program({.pid = 20, .comm = "web", .executable = "/usr/bin/web", .arguments = {"web"}});
        s.seed();
        s.collector->setNatLookup(&nat);
    }
    Pair dial()
    {
        Pair pair;
        pair.client = s.open(Side::Client, 10, endpoint("10.88.0.7", 40'000), kService);
        pair.clientTid = 10;
        return pair;
    }
    void rounds(int count)
    {
        for (int i = 0; i < count; ++i)
            s.drained();
    }

    HeldAnswers nat; // outlives the collector
    Scenario s;
};

TEST_F(TranslationTest, whatCannotBeSeenIsCoverageForAsLongAsItCannot)
{
    using Share = std::pair<std::uint64_t, std::uint64_t>;
    nat.limits = {{"short_translations", "Very short ones may keep the address."}, {"translations_unasked", "More than can be asked about.", 7, 31}};
    s.collector->setLimits({{"translations_unread", "Addresses are shown as they were dialled."}});
    const telemetry::Batch batch = s.seal();
    EXPECT_EQ(coverageOf(batch, "short_translations"), Share(1, 1));
    EXPECT_EQ(coverageOf(batch, "translations_unasked"), Share(7, 31));
    EXPECT_EQ(coverageOf(batch, "translations_unread"), Share(1, 1));
    const auto& rows = batch.overview->coverage;
    const auto unasked = std::ranges::find(rows, "translations_unasked", [&](const telemetry::CoverageRow& row) { return batch.dictionary->strings[row.what]; });
    EXPECT_EQ(batch.dictionary->strings[unasked->advice], "More than can be asked about.");
    EXPECT_EQ(unasked->subject, telemetry::kNone) << "the host's";
    nat.limits.clear();
    const telemetry::Batch next = s.seal();
    EXPECT_EQ(coverageOf(next, "translations_unasked"), Share(0, 0));
    EXPECT_EQ(coverageOf(next, "translations_unread"), Share(1, 1));
}

TEST_F(TranslationTest, answerInTimeNamesBackendAndWhatWasDialled)
{
    Pair pair = dial();
    ASSERT_EQ(nat.asked.size(), 1u);
    s.exchange(pair, "/a"); // held meanwhile
    nat.ready = {{pair.client, kBackend}};
    s.drained();
    rounds(2);
    s.exchange(pair, "/a");
    const telemetry::Batch batch = s.seal();
    EXPECT_EQ(requestLines(batch), (Lines{"client shop -> 10.88.0.9:8080 | GET /a | 2 requests 0 errors | 200:2"}));
    EXPECT_EQ(tcpLines(batch), (Lines{"10.96.0.10:80 > 10.88.0.9:8080 opened 1 closed 0 active 1"}));
}

TEST_F(TranslationTest, connectionThatIsOverBeforeTheAnswerIsRight)
{
    Pair pair = dial();
    s.exchange(pair, "/a");
    s.close(pair);
    nat.ready = {{pair.client, kBackend}};
    rounds(9);
    const telemetry::Batch batch = s.seal();
    EXPECT_EQ(requestLines(batch), (Lines{"client shop -> 10.88.0.9:8080 | GET /a | 1 requests 0 errors | 200:1"}));
    EXPECT_EQ(tcpLines(batch), (Lines{"10.96.0.10:80 > 10.88.0.9:8080 opened 1 closed 1 active 0"}));
    EXPECT_EQ(s.collector->openConnections(), 0u);
}

TEST_F(TranslationTest, noAnswerHoldsNothingPastTheSeal)
{
    Pair pair = dial();
    s.exchange(pair, "/a");
    s.close(pair);
    const telemetry::Batch batch = s.seal();
    EXPECT_EQ(requestLines(batch), (Lines{"client shop -> 10.96.0.10:80 | GET /a | 1 requests 0 errors | 200:1"}));
    EXPECT_EQ(tcpLines(batch), (Lines{"10.96.0.10:80 > 10.96.0.10:80 opened 1 closed 1 active 0"}));
    EXPECT_EQ(s.collector->openConnections(), 0u);
    nat.ready = {{pair.client, kBackend}}; // for one that is gone
    EXPECT_TRUE(tcpLines(s.seal()).empty());
}

TEST_F(TranslationTest, lateAnswerCountsEachThingOnce)
{
    Pair pair = dial();
    s.exchange(pair, "/a");
    rounds(9); // settled without an answer
    nat.ready = {{pair.client, kBackend}};
    s.drained();
    s.exchange(pair, "/a");
    s.close(pair);
    const telemetry::Batch batch = s.seal();
    EXPECT_EQ(requestLines(batch), (Lines{"client shop -> 10.88.0.9:8080 | GET /a | 1 requests 0 errors | 200:1",
                                          "client shop -> 10.96.0.10:80 | GET /a | 1 requests 0 errors | 200:1"}));
    EXPECT_EQ(tcpLines(batch), (Lines{"10.96.0.10:80 > 10.88.0.9:8080 opened 0 closed 1 active 0", "10.96.0.10:80 > 10.96.0.10:80 opened 1 closed 0 active 0"}));
}

TEST_F(TranslationTest, findsTheOtherEndOnThisHost)
{
    s.listen(20, "10.88.0.9", 8'080, 2);
    Pair pair = dial();
    pair.server = s.open(Side::Server, 0, kBackend, endpoint("10.88.0.7", 40'000), 2);
    pair.serverTid = 20;
    s.own(pair.server, 20);
    nat.ready = {{pair.client, kBackend}};
    rounds(9);
    s.exchange(pair, "/a");
    EXPECT_EQ(requestLines(s.seal()), (Lines{"client shop -> 10.88.0.9:8080 (web) | GET /a | 1 requests 0 errors | 200:1",
                                             "server web at 10.88.0.9:8080 <- 10.88.0.7:0 (shop) | GET /a | 1 requests 0 errors | 200:1"}));
}

TEST_F(TranslationTest, untranslatedAndRefusedKeepTheirAddress)
{
    Pair first = dial();
    nat.ready = {{first.client, std::nullopt}};
    nat.refuses = true;
    Pair second = dial();
    rounds(9);
    s.exchange(first, "/a");
    s.exchange(second, "/a");
    EXPECT_EQ(tcpLines(s.seal()), (Lines{"10.96.0.10:80 > 10.96.0.10:80 opened 2 closed 0 active 2"}));
}

TEST_F(TranslationTest, asksForClientsWhoseOtherEndIsNotHere)
{
    s.open(Side::Server, 20, kBackend, endpoint("10.88.0.7", 40'001), 2);
    s.open(Side::Client, 10, endpoint("10.88.0.7", 40'001), kBackend); // its server is known
    s.open(Side::Client, 10, endpoint("127.0.0.1", 40'002), endpoint("127.0.0.1", 80));
    EXPECT_TRUE(nat.asked.empty());
    dial();
    ASSERT_EQ(nat.asked.size(), 1u);
    EXPECT_EQ(nat.asked[0].second, kService);
}

TEST_F(TranslationTest, closeOfTheNextSecondStaysThere)
{
    Pair pair = dial();
    const TimeRange first = s.second();
    s.pass(kSecond);
    s.close(pair); // drained before the seal of the second before
    EXPECT_EQ(tcpLines(s.collector->seal(first, s.anchor())), (Lines{"10.96.0.10:80 > 10.96.0.10:80 opened 1 closed 0 active 0"}));
    EXPECT_EQ(tcpLines(s.seal()), (Lines{"10.96.0.10:80 > 10.96.0.10:80 opened 0 closed 1 active 0"}));
}

} // namespace
} // namespace binnacle::agent::test
