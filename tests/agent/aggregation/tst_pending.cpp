// SPDX-License-Identifier: Apache-2.0
#include "tests/agent/support/scenario.h"

#include <gtest/gtest.h>

namespace binnacle::agent::test {
namespace {

const Endpoint kOwn = endpoint("10.88.0.7", 40'000);
const Endpoint kDead = endpoint("10.88.0.9", 6'379);
const Endpoint kService = endpoint("10.96.0.10", 80);

/// `client shop -> 10.88.0.9:6379 | 2 connects, oldest 1500 ms, SYN sent 3`, sorted.
Lines pendingLines(const telemetry::Batch& batch)
{
    Lines lines;
    for (const telemetry::PendingConnectRow& row : batch.overview->pendingConnects)
        lines.push_back(endText(batch, row.end) + " | " + std::to_string(row.count) + " connects, oldest " + std::to_string(row.oldestAge / std::chrono::milliseconds(1)) +
                        " ms, SYN sent " + std::to_string(row.synSent));
    std::ranges::sort(lines);
    return lines;
}

Lines failedLines(const telemetry::Batch& batch)
{
    Lines lines;
    for (const telemetry::TcpRow& row : batch.overview->tcp) {
        for (const telemetry::ErrnoCount& failed : row.failed)
            lines.push_back(batch.dictionary->ends[row.end].dialled.toText() + " > " + batch.dictionary->ends[row.end].remote.toText() + " errno " +
                            std::to_string(failed.error) + " x" + std::to_string(failed.count));
    }
    return lines;
}

struct OneAnswer final : NatLookup {
    bool ask(ConnectionId connection, const SocketAddresses&) override
    {
        asked.push_back(connection);
        return true;
    }
    void takeAnswers(std::vector<NatAnswer>& answers) override { answers.insert(answers.end(), ready.begin(), ready.end()), ready.clear(); }
    std::vector<ConnectionId> asked;
    std::vector<NatAnswer> ready;
};

class PendingTest : public ::testing::Test {
protected:
    void SetUp() override
    {
        s.program({.pid = 10, .comm = "shop", .executable = "/usr/bin/shop", .arguments = {"shop"}});
        s.program({.pid = 20, .comm = "other", .executable = "/usr/bin/other", .arguments = {"other"}});
        s.seed();
    }

    OneAnswer nat; // outlives the collector
    Scenario s;
};

TEST_F(PendingTest, areCountedByEndWithTheOldest)
{
    s.pass(950 * kMillisecond); // 40 ms before the second's end
    s.waits(ConnectionId{1}, 10, kOwn, kDead, 4'000 * kMillisecond, 2);
    s.waits(ConnectionId{2}, 10, kOwn, kDead, 1'460 * kMillisecond, 1);
    s.waits(ConnectionId{3}, 10, kOwn, kService, 2'000 * kMillisecond, 1);
    s.waits(ConnectionId{4}, 20, kOwn, kDead, 2'000 * kMillisecond, 1);
    const telemetry::Batch batch = s.seal();
    EXPECT_EQ(pendingLines(batch), (Lines{"client other -> 10.88.0.9:6379 | 1 connects, oldest 2040 ms, SYN sent 2",
                                          "client shop -> 10.88.0.9:6379 | 2 connects, oldest 4040 ms, SYN sent 3",
                                          "client shop -> 10.96.0.10:80 | 1 connects, oldest 2040 ms, SYN sent 2"}));
    EXPECT_TRUE(batch.overview->tcp.empty()) << "it is no connection and has not failed";
}

TEST_F(PendingTest, growOlderAndAreGoneOnceAnsweredOrFailed)
{
    const std::uint64_t began = s.now - 1'500 * kMillisecond;
    for (const char* age : {"2490", "3490", "4490"}) { // at the end of each second
        s.waits(ConnectionId{1}, 10, kOwn, kDead, s.now - began);
        EXPECT_EQ(pendingLines(s.seal()), (Lines{"client shop -> 10.88.0.9:6379 | 1 connects, oldest " + std::string(age) + " ms, SYN sent 2"}));
    }
    s.lastConnection = 0; // the same number: it is answered
    EXPECT_EQ(s.open(Side::Client, 10, kOwn, kDead), ConnectionId{1});
    EXPECT_TRUE(s.seal().overview->pendingConnects.empty());

    s.waits(ConnectionId{2}, 10, kOwn, kDead, 1'500 * kMillisecond);
    s.fails(ConnectionId{2}, 10, kOwn, kDead, 110);
    const telemetry::Batch batch = s.seal();
    EXPECT_TRUE(batch.overview->pendingConnects.empty());
    EXPECT_EQ(failedLines(batch), (Lines{"10.88.0.9:6379 > 10.88.0.9:6379 errno 110 x1"}));
}

TEST_F(PendingTest, whoseEndWasLostAreForgotten)
{
    s.waits(ConnectionId{1}, 10, kOwn, kDead, 1'500 * kMillisecond);
    EXPECT_EQ(s.seal().overview->pendingConnects.size(), 1u);
    for (int second = 0; second < 5; ++second) { // looks that find another one only
        s.waits(ConnectionId{2}, 20, kOwn, kService, 1'500 * kMillisecond);
        s.drained();
        s.seal();
    }
    s.waits(ConnectionId{2}, 20, kOwn, kService, 1'500 * kMillisecond);
    EXPECT_EQ(pendingLines(s.seal()).size(), 1u);
}

TEST_F(PendingTest, ofProgramsThatAreLeftOutAreNotTold)
{
    s.collector->ignoreProcess(ProcessId{10});
    s.waits(ConnectionId{1}, 10, kOwn, kDead, 1'500 * kMillisecond);
    EXPECT_TRUE(s.seal().overview->pendingConnects.empty());
}

TEST_F(PendingTest, goToTheBackendBehindAServiceAndFailThere)
{
    s.collector->setNatLookup(&nat);
    s.waits(ConnectionId{7}, 10, kOwn, kService, 1'500 * kMillisecond);
    s.waits(ConnectionId{7}, 10, kOwn, kService, 1'510 * kMillisecond);
    EXPECT_EQ(nat.asked, std::vector{ConnectionId{7}}) << "asked once";
    nat.ready = {{ConnectionId{7}, kDead}};
    s.drained();
    const telemetry::Batch batch = s.seal();
    ASSERT_EQ(batch.overview->pendingConnects.size(), 1u);
    const telemetry::End& end = batch.dictionary->ends[batch.overview->pendingConnects[0].end];
    EXPECT_EQ(end.remote, kDead);
    EXPECT_EQ(end.dialled, kService);
    s.fails(ConnectionId{7}, 10, kOwn, kService, 110);
    EXPECT_EQ(failedLines(s.seal()), (Lines{"10.96.0.10:80 > 10.88.0.9:6379 errno 110 x1"}));
}

TEST_F(PendingTest, untranslatedKeepTheirAddress)
{
    s.collector->setNatLookup(&nat);
    s.waits(ConnectionId{7}, 10, kOwn, kService, 1'500 * kMillisecond);
    nat.ready = {{ConnectionId{7}, std::nullopt}};
    s.drained();
    EXPECT_EQ(pendingLines(s.seal()), (Lines{"client shop -> 10.96.0.10:80 | 1 connects, oldest 2490 ms, SYN sent 2"}));
}

} // namespace
} // namespace binnacle::agent::test
