// SPDX-License-Identifier: Apache-2.0
#include "tests/agent/support/scenario.h"

#include <gtest/gtest.h>
#include <map>
#include <set>
#include <utility>

namespace binnacle::agent::test {
namespace {

/// A shop that calls `web` (python) over loopback; both known from the start.
class CollectorTest : public ::testing::Test {
protected:
    void SetUp() override
    {
        s.program({.pid = 10, .comm = "shop", .executable = "/usr/bin/shop", .arguments = {"shop"}});
        s.program({.pid = 20, .comm = "python3", .executable = "/usr/bin/python3.11", .arguments = {"python3", "/srv/web.py"}});
        s.seed();
        s.listen(20, "127.0.0.1", 80);
    }
    Pair connectLoopback(std::uint16_t port = 40'000) { return s.connect(10, 20, endpoint("127.0.0.1", port), endpoint("127.0.0.1", 80)); }

    Scenario s;
};

TEST_F(CollectorTest, countsAnExchangeOnceAtEachEnd)
{
    Pair pair = connectLoopback();
    s.exchange(pair, "/orders/7?secret=1");
    const telemetry::Batch batch = s.seal();
    EXPECT_EQ(requestLines(batch), (Lines{
                                       "client shop -> 127.0.0.1:80 (web) | GET /orders/{id} | 1 requests 0 errors | 200:1",
                                       "server web at 127.0.0.1:80 <- 127.0.0.1:0 (shop) | GET /orders/{id} | 1 requests 0 errors | 200:1",
                                   }));
    EXPECT_TRUE(batch.overview->losses.empty());
    EXPECT_EQ(batch.overview->health.exchanges, 2u);
    EXPECT_EQ(s.collector->exchangesSinceStart(), 2u);
    const telemetry::RequestRow& row = batch.overview->requests.front();
    EXPECT_EQ(row.latency.count(), 1u);
    EXPECT_EQ(row.latency.max(), 2 * kMillisecond);
    EXPECT_EQ(row.requestBytes, Scenario::get("/orders/7?secret=1").size());
    EXPECT_EQ(row.responseBytes, Scenario::answer().size());
}

TEST_F(CollectorTest, nextSecondBeginsAtZero)
{
    Pair pair = connectLoopback();
    s.exchange(pair, "/");
    s.seal();
    const telemetry::Batch idle = s.seal();
    EXPECT_TRUE(idle.overview->requests.empty());
    EXPECT_TRUE(idle.detail->spans.empty());
    EXPECT_EQ(idle.overview->health.exchanges, 0u);
    s.exchange(pair, "/");
    const telemetry::Batch again = s.seal();
    ASSERT_EQ(again.overview->requests.size(), 2u);
    EXPECT_EQ(again.overview->requests[0].requests, 1u);
    EXPECT_EQ(again.overview->requests[0].reused, 1u) << "the connection had carried one before";
}

TEST_F(CollectorTest, countsInTheSecondInWhichTheExchangeEnded)
{
    Pair pair = connectLoopback();
    s.request(pair, Scenario::get("/late"));
    const TimeRange first = s.second();
    s.pass(kSecond); // the answer comes after the end, and is drained before the seal
    s.response(pair, Scenario::answer());
    const telemetry::Batch before = s.collector->seal(first, s.anchor());
    EXPECT_TRUE(before.overview->requests.empty());
    EXPECT_TRUE(before.detail->spans.empty());
    const telemetry::Batch after = s.seal();
    ASSERT_EQ(after.overview->requests.size(), 2u);
    EXPECT_EQ(after.detail->spans.size(), 2u);
}

TEST_F(CollectorTest, listenerIsAServiceBeforeAnyTraffic)
{
    const telemetry::Batch batch = s.seal();
    EXPECT_EQ(serviceLines(batch), (Lines{"web 1"})) << "shop neither listens nor talks";
    ASSERT_EQ(batch.overview->listening.size(), 1u);
    EXPECT_EQ(batch.overview->listening[0].local.toText(), "127.0.0.1:80");
    EXPECT_TRUE(batch.dictionary->ends.empty()) << "a pure listener makes no end";
    EXPECT_TRUE(batch.overview->tcp.empty());
}

TEST_F(CollectorTest, idleConnectionShowsNoRequests)
{
    connectLoopback();
    s.seal();
    const telemetry::Batch batch = s.seal();
    EXPECT_TRUE(batch.overview->requests.empty());
    EXPECT_TRUE(batch.overview->open.empty());
    ASSERT_EQ(batch.overview->tcp.size(), 2u);
    EXPECT_EQ(batch.overview->tcp[0].active, 1u);
    EXPECT_EQ(batch.overview->tcp[0].opened, 0u);
}

TEST_F(CollectorTest, hangShowsOpenExchangesThatGrowOlder)
{
    Pair pair = connectLoopback();
    s.request(pair, Scenario::get("/slow"));
    const telemetry::Batch first = s.seal();
    const telemetry::Batch second = s.seal();
    ASSERT_EQ(first.overview->open.size(), 2u);
    ASSERT_EQ(second.overview->open.size(), 2u);
    EXPECT_EQ(second.overview->open[0].count, 1u);
    EXPECT_EQ(second.overview->open[0].oldestAge - first.overview->open[0].oldestAge, std::chrono::seconds(1));
    EXPECT_EQ(second.dictionary->strings[second.overview->open[0].route], "GET /slow");
    ASSERT_EQ(second.overview->openExchanges.size(), 2u);
    EXPECT_EQ(ns(second.overview->openExchanges[0].startedAt), Scenario::kUtcOffset + static_cast<std::int64_t>(100 * kSecond + 10 * kMillisecond));
    EXPECT_TRUE(second.overview->requests.empty());
}

TEST_F(CollectorTest, breakingOffIsAnErrorWithoutLatency)
{
    Pair pair = connectLoopback();
    s.request(pair, Scenario::get("/cut"));
    s.pass(kMillisecond);
    s.close(pair);
    const telemetry::Batch batch = s.seal();
    EXPECT_EQ(requestLines(batch), (Lines{
                                       "client shop -> 127.0.0.1:80 (web) | GET /cut | 1 requests 1 errors | -:1",
                                       "server web at 127.0.0.1:80 <- 127.0.0.1:0 (shop) | GET /cut | 1 requests 1 errors | -:1",
                                   }));
    EXPECT_TRUE(batch.overview->requests[0].latency.empty());
}

TEST_F(CollectorTest, serverErrorsAreErrorsAndClientErrorsAreNot)
{
    Pair pair = connectLoopback();
    s.exchange(pair, "/", 500);
    s.exchange(pair, "/", 404);
    s.exchange(pair, "/", 200);
    const telemetry::Batch batch = s.seal();
    EXPECT_EQ(requestLines(batch)[0], "client shop -> 127.0.0.1:80 (web) | GET / | 3 requests 1 errors | 200:1 404:1 500:1");
}

TEST_F(CollectorTest, pipelinedRequestsAreCountedEach)
{
    Pair pair = connectLoopback();
    std::string requests, answers;
    for (int i = 0; i < 7; ++i) {
        requests += Scenario::get("/p");
        answers += Scenario::answer();
    }
    s.request(pair, requests);
    s.pass(kMillisecond);
    s.response(pair, answers);
    EXPECT_EQ(requestLines(s.seal())[0], "client shop -> 127.0.0.1:80 (web) | GET /p | 7 requests 0 errors | 200:7");
}

/// Alike commands of one record are counted together; what is told of each has to be its own.
TEST_F(CollectorTest, aPipelineOfAlikeCommandsIsToldAsItsExchanges)
{
    static constexpr std::uint64_t kCount = 16;
    static constexpr std::string_view kCommand = "*2\r\n$3\r\nGET\r\n$5\r\nkey:1\r\n", kReply = "$5\r\nvalue\r\n";
    Pair pair = connectLoopback();
    std::string requests, answers;
    for (std::uint64_t i = 0; i < kCount; ++i) {
        requests += kCommand;
        answers += kReply;
    }
    s.request(pair, requests);
    s.pass(3 * kMillisecond);
    s.response(pair, answers);
    const telemetry::Batch batch = s.seal();
    EXPECT_EQ(requestLines(batch)[0], "client shop -> 127.0.0.1:80 (web) | GET | 16 requests 0 errors | OK:16");
    EXPECT_EQ(batch.overview->health.exchanges, 2 * kCount);
    for (const telemetry::RequestRow& row : batch.overview->requests) {
        EXPECT_EQ(row.reused, kCount - 1) << "all but the first one of the connection";
        EXPECT_EQ(row.requestBytes, requests.size());
        EXPECT_EQ(row.responseBytes, answers.size());
        EXPECT_EQ(row.latency.count(), kCount);
        EXPECT_EQ(row.firstByte.count(), kCount);
        EXPECT_EQ(row.latency.sum(), kCount * 3 * kMillisecond);
        EXPECT_EQ(row.latency.max(), 3 * kMillisecond);
    }
    using Places = std::set<std::pair<std::uint64_t, std::uint64_t>>; // of request and response, counted in messages
    Places each;
    for (std::uint64_t i = 0; i < kCount; ++i)
        each.emplace(i * kCommand.size(), i * kReply.size());
    std::set<std::uint64_t> ids;
    std::map<EntityKey, Places> places;
    for (const telemetry::Span& span : batch.detail->spans) {
        ids.insert(span.id);
        EXPECT_EQ(span.requestBytes, kCommand.size());
        EXPECT_EQ(span.responseBytes, kReply.size());
        places[span.connection].emplace(span.requestSequence % 1'000, span.responseSequence % 1'000);
    }
    EXPECT_EQ(ids.size(), 2 * kCount);
    ASSERT_EQ(places.size(), 2u);
    for (const auto& [connection, seen] : places)
        EXPECT_EQ(seen, each);
}

TEST_F(CollectorTest, dataBeforeTheOpeningWaitForIt)
{
    const std::uint64_t client = 1, server = 2;
    s.data(ConnectionId{client}, true, 0, Scenario::get("/early"), 10);
    s.data(ConnectionId{server}, false, 0, Scenario::get("/early"), 20);
    s.data(ConnectionId{server}, true, 0, Scenario::answer(), 20);
    s.data(ConnectionId{client}, false, 0, Scenario::answer(), 10);
    s.drained();
    Pair pair = connectLoopback();
    ASSERT_EQ(pair.client.value, client);
    ASSERT_EQ(pair.server.value, server);
    s.drained();
    const telemetry::Batch batch = s.seal();
    EXPECT_EQ(requestLines(batch).size(), 2u);
    EXPECT_EQ(requestLines(batch)[0], "client shop -> 127.0.0.1:80 (web) | GET /early | 1 requests 0 errors | 200:1");
}

TEST_F(CollectorTest, dataOfConnectionsThatNeverOpenAreToldAsUnknown)
{
    s.data(ConnectionId{77}, true, 0, "0123456789");
    s.pass(3 * kSecond);
    s.listen(20, "127.0.0.1", 81); // time passes by events
    s.drained();
    s.data(ConnectionId{77}, true, 10, "01234");
    EXPECT_EQ(coverageOf(s.seal(), "connection_unknown"), (std::pair<std::uint64_t, std::uint64_t>(15, 15)));
    for (int i = 0; i < 70; ++i) {
        s.listen(20, "127.0.0.1", 81);
        s.seal();
    }
    EXPECT_EQ(s.collector->openConnections(), 0u);
}

TEST_F(CollectorTest, peerThatOpensLateIsStillMet)
{
    // The client's opening and data are drained before the server's opening arrives.
    const ConnectionId client = s.open(Side::Client, 10, endpoint("127.0.0.1", 40'001), endpoint("127.0.0.1", 80));
    s.data(client, true, 0, Scenario::get("/"), 10);
    s.data(client, false, 0, Scenario::answer(), 10);
    s.drained();
    const ConnectionId server = s.open(Side::Server, 0, endpoint("127.0.0.1", 80), endpoint("127.0.0.1", 40'001));
    s.own(server, 20);
    s.drained();
    EXPECT_EQ(requestLines(s.seal()), (Lines{"client shop -> 127.0.0.1:80 (web) | GET / | 1 requests 0 errors | 200:1"}));
}

TEST_F(CollectorTest, remotePeersHaveNoInstance)
{
    Pair pair;
    pair.client = s.open(Side::Client, 10, endpoint("10.0.0.1", 40'000), endpoint("10.0.0.9", 8080));
    s.exchange(pair, "/far");
    s.drained();
    s.drained();
    const telemetry::Batch batch = s.seal();
    EXPECT_EQ(requestLines(batch), (Lines{"client shop -> 10.0.0.9:8080 | GET /far | 1 requests 0 errors | 200:1"}));
    const telemetry::End& end = batch.dictionary->ends[batch.overview->requests[0].end];
    EXPECT_EQ(end.local.port, 0);
    EXPECT_EQ(end.dialled, end.remote);
}

TEST_F(CollectorTest, waitingExchangesAreNotMissingAtTheSeal)
{
    Pair pair;
    pair.client = s.open(Side::Client, 10, endpoint("10.0.0.1", 40'000), endpoint("10.0.0.9", 8080));
    s.exchange(pair, "/far");
    EXPECT_EQ(requestLines(s.seal()).size(), 1u) << "no round passed, yet the second is over";
}

TEST_F(CollectorTest, connectionsThatExistedAreJoinedByTheListener)
{
    Pair pair;
    pair.client = s.open(Side::Unknown, 10, endpoint("127.0.0.1", 40'000), endpoint("127.0.0.1", 80), 1, true);
    pair.server = s.open(Side::Unknown, 20, endpoint("127.0.0.1", 80), endpoint("127.0.0.1", 40'000), 1, true);
    s.drained();
    s.drained();
    s.exchange(pair, "/late");
    const telemetry::Batch batch = s.seal();
    EXPECT_EQ(requestLines(batch), (Lines{
                                       "client shop -> 127.0.0.1:80 (web) | GET /late | 1 requests 0 errors | 200:1",
                                       "server web at 127.0.0.1:80 <- 127.0.0.1:0 (shop) | GET /late | 1 requests 0 errors | 200:1",
                                   }));
    for (const telemetry::TcpRow& row : batch.overview->tcp)
        EXPECT_EQ(row.opened, 0u);
    for (const telemetry::ConnectionRow& row : batch.overview->connections)
        EXPECT_TRUE(row.existed);
}

TEST_F(CollectorTest, rolesOfExistingConnectionsAreLearnedFromTheirBytes)
{
    // Nobody listens on 9000 any more, yet this end answers requests: it is the server.
    const ConnectionId id = s.open(Side::Unknown, 20, endpoint("10.0.0.1", 9000), endpoint("10.0.0.7", 50'000), 1, true);
    s.drained();
    s.drained();
    s.data(id, false, 0, Scenario::get("/x"), 20);
    s.pass(kMillisecond);
    s.data(id, true, 0, Scenario::answer(), 20);
    EXPECT_EQ(requestLines(s.seal()), (Lines{"server web at 10.0.0.1:9000 <- 10.0.0.7:0 | GET /x | 1 requests 0 errors | 200:1"}));
}

TEST_F(CollectorTest, whatNobodyAcceptedBelongsToTheListenerThatEnded)
{
    s.seal();
    const ConnectionId client = s.open(Side::Client, 10, endpoint("127.0.0.1", 41'000), endpoint("127.0.0.1", 80));
    const ConnectionId waiting = s.open(Side::Server, 0, endpoint("127.0.0.1", 80), endpoint("127.0.0.1", 41'000));
    s.collector->on(ListenEnded{s.at(), endpoint("127.0.0.1", 80), NetworkNamespace{1}, {}});
    s.close(waiting);
    s.close(client);
    s.drained();
    const telemetry::Batch batch = s.seal();
    Lines ends;
    for (std::uint32_t i = 0; i < batch.dictionary->ends.size(); ++i)
        ends.push_back(endText(batch, i));
    std::ranges::sort(ends);
    EXPECT_EQ(ends, (Lines{"client shop -> 127.0.0.1:80 (web)", "server web at 127.0.0.1:80 <- 127.0.0.1:0 (shop)"}));
}

TEST_F(CollectorTest, refusedConnectsAreCountedByErrno)
{
    for (int i = 0; i < 3; ++i) {
        ConnectFailed event{};
        event.at = s.at();
        event.addresses = {endpoint("127.0.0.1", 41'000), endpoint("127.0.0.1", 81), NetworkNamespace{1}};
        event.task = s.task(10);
        event.error = i < 2 ? 111 : 110;
        event.synRetransmits = i < 2 ? 0 : 5;
        s.collector->on(event);
    }
    const telemetry::Batch batch = s.seal();
    ASSERT_EQ(batch.overview->tcp.size(), 1u);
    const telemetry::TcpRow& row = batch.overview->tcp[0];
    EXPECT_EQ(row.failed, (std::vector<telemetry::ErrnoCount>{{110, 1}, {111, 2}}));
    EXPECT_EQ(row.synRetransmits, 5u);
    EXPECT_EQ(endText(batch, row.end), "client shop -> 127.0.0.1:81");
    EXPECT_TRUE(batch.overview->requests.empty()) << "a failed connect is no request";
    EXPECT_EQ(serviceLines(batch), (Lines{"shop 1", "web 1"}));
}

TEST_F(CollectorTest, connectionIdsKeepReusedTuplesApart)
{
    // The same four numbers again before the first connection's close was drained.
    s.program({.pid = 30, .comm = "other", .executable = "/usr/bin/other", .arguments = {"other"}});
    Pair first = connectLoopback();
    s.exchange(first, "/a");
    s.pass(kMillisecond);
    Pair second = s.connect(30, 20, endpoint("127.0.0.1", 40'000), endpoint("127.0.0.1", 80));
    s.exchange(second, "/b");
    s.close(first);
    s.exchange(second, "/b");
    s.close(second);
    EXPECT_EQ(requestLines(s.seal()), (Lines{
                                          "client other -> 127.0.0.1:80 (web) | GET /b | 2 requests 0 errors | 200:2",
                                          "client shop -> 127.0.0.1:80 (web) | GET /a | 1 requests 0 errors | 200:1",
                                          "server web at 127.0.0.1:80 <- 127.0.0.1:0 (other) | GET /b | 2 requests 0 errors | 200:2",
                                          "server web at 127.0.0.1:80 <- 127.0.0.1:0 (shop) | GET /a | 1 requests 0 errors | 200:1",
                                      }));
}

TEST_F(CollectorTest, thousandsOfShortConnectionsAreExactAndLeaveNothing)
{
    constexpr int kConnections = 5'003;
    std::uint64_t requests = 0, opened = 0, closed = 0;
    const auto sum = [&](const telemetry::Batch& batch) {
        for (const telemetry::RequestRow& row : batch.overview->requests)
            requests += row.requests;
        for (const telemetry::TcpRow& row : batch.overview->tcp) {
            opened += row.opened;
            closed += row.closed;
        }
        EXPECT_TRUE(batch.overview->losses.empty());
        EXPECT_LE(batch.dictionary->ends.size(), 4u);
    };
    for (int i = 0; i < kConnections; ++i) {
        Pair pair = connectLoopback(static_cast<std::uint16_t>(40'000 + i % 10));
        s.exchange(pair, "/short", 200, 100'000);
        s.close(pair);
        s.drained();
        if (i % 1'000 == 999)
            sum(s.seal());
    }
    sum(s.seal());
    EXPECT_EQ(requests, 2u * kConnections);
    EXPECT_EQ(opened, 2u * kConnections);
    EXPECT_EQ(closed, 2u * kConnections);
    EXPECT_EQ(s.collector->openConnections(), 0u);
}

TEST_F(CollectorTest, unknownProtocolsAreCountedOnlyAndToldAsCoverage)
{
    Pair pair = connectLoopback();
    const std::string noise(8'192, '\x16');
    s.request(pair, noise);
    s.response(pair, noise);
    s.request(pair, noise);
    s.response(pair, noise);
    ASSERT_TRUE(s.verdicts.verdicts.contains(pair.client.value));
    EXPECT_EQ(s.verdicts.verdicts[pair.client.value], CaptureControl::Verdict::CountOnly);
    s.close(pair);
    const telemetry::Batch batch = s.seal();
    EXPECT_TRUE(batch.overview->requests.empty());
    const auto [part, whole] = coverageOf(batch, "unknown_protocol");
    EXPECT_EQ(part, whole);
    EXPECT_EQ(whole, 4u * noise.size());
}

TEST_F(CollectorTest, ignoredProcessesAreNotTold)
{
    s.collector->ignoreProcess(ProcessId{10});
    Pair pair = connectLoopback();
    s.exchange(pair, "/mine");
    const telemetry::Batch batch = s.seal();
    EXPECT_EQ(s.verdicts.verdicts[pair.client.value], CaptureControl::Verdict::Off);
    EXPECT_EQ(serviceLines(batch), (Lines{"web 1"}));
    for (const std::string& line : requestLines(batch))
        EXPECT_FALSE(line.starts_with("client")) << line;
}

TEST_F(CollectorTest, ourOwnProgramsAreNotToldWhereverTheyRun)
{
    s.program({.pid = 30, .comm = "binnacle-agent", .executable = "/usr/bin/binnacle-agent", .arguments = {"binnacle-agent", "gateway"}, .netns = 2});
    s.seed(); // once more: there from the start
    s.listen(30, "10.88.0.9", 9465, 2);
    Pair asked = s.connect(10, 30, endpoint("10.88.0.7", 40'001), endpoint("10.88.0.9", 9465), 1, 2); // somebody at the gateway's door
    Pair asks = s.connect(30, 20, endpoint("10.88.0.9", 40'002), endpoint("10.88.0.2", 80), 2, 1);    // the gateway at a server's
    s.exchange(asked, "/asked");
    s.exchange(asks, "/asks");
    const telemetry::Batch batch = s.seal();
    EXPECT_EQ(s.verdicts.verdicts[asked.server.value], CaptureControl::Verdict::Off);
    EXPECT_EQ(s.verdicts.verdicts[asked.client.value], CaptureControl::Verdict::Off);
    EXPECT_EQ(s.verdicts.verdicts[asks.client.value], CaptureControl::Verdict::Off);
    EXPECT_EQ(requestLines(batch), (Lines{"server web at 10.88.0.2:80 <- 10.88.0.9:0 | GET /asks | 1 requests 0 errors | 200:1"}))
        << "what they ask is in the counts of whom they ask";
}

TEST_F(CollectorTest, samplesBecomeBytesOfTheSecond)
{
    Pair pair = connectLoopback();
    s.drained();
    SocketSample sample{};
    sample.at = s.at();
    sample.connection = pair.client;
    sample.state = TcpState::Established;
    sample.tcp.bytesSent = 1'000;
    sample.tcp.bytesReceived = 300;
    sample.tcp.segmentsOut = 7;
    sample.tcp.rtt = std::chrono::microseconds(50);
    sample.payload.seenSent = 1'000;
    sample.payload.seenReceived = 300;
    sample.payload.unseenReceived = 100;
    s.exchange(pair, "/");
    s.collector->on(sample);
    s.seal();
    sample.tcp.bytesSent = 1'500;
    sample.payload.seenSent = 1'500;
    sample.payload.lostSent = 200;
    s.collector->on(sample);
    s.collector->lost(Loss::DataRingFull, 250);
    const telemetry::Batch batch = s.seal();
    const auto row = std::ranges::find_if(batch.overview->tcp, [](const auto& tcp) { return tcp.bytesSent > 0; });
    ASSERT_NE(row, batch.overview->tcp.end());
    EXPECT_EQ(row->bytesSent, 500u);
    EXPECT_EQ(row->bytesReceived, 0u);
    EXPECT_EQ(row->payloadLost, 200u);
    EXPECT_EQ(row->rtt.count(), 1u);
    EXPECT_EQ(lossOf(batch, Loss::DataRingFull), 250u) << "what is known by connection is not counted twice";
    ASSERT_EQ(batch.overview->losses.size(), 2u);
    EXPECT_NE(batch.overview->losses[0].end, telemetry::kNone);
    EXPECT_EQ(batch.overview->losses[0].count, 200u);
    const auto connection = std::ranges::find_if(batch.overview->connections, [](const auto& c) { return c.bytesSent > 0; });
    ASSERT_NE(connection, batch.overview->connections.end());
    EXPECT_EQ(connection->bytesSent, 1'500u);
    EXPECT_EQ(connection->localPort, 40'000);
    EXPECT_EQ(connection->remotePort, 80);
}

TEST_F(CollectorTest, bytesFromBeforeTheAgentCountInNoSecond)
{
    const ConnectionId id = s.open(Side::Unknown, 10, endpoint("10.0.0.1", 40'000), endpoint("10.0.0.9", 8080), 1, true);
    s.drained();
    s.drained();
    SocketSample sample{};
    sample.at = s.at();
    sample.connection = id;
    sample.state = TcpState::Established;
    sample.tcp.bytesSent = 1'000'000;
    sample.payload.seenSent = 40;
    s.collector->on(sample);
    const telemetry::Batch batch = s.seal();
    ASSERT_EQ(batch.overview->tcp.size(), 1u);
    EXPECT_EQ(batch.overview->tcp[0].bytesSent, 40u);
    EXPECT_EQ(batch.overview->connections[0].bytesSent, 1'000'000u) << "whole life, as ss says";
}

TEST_F(CollectorTest, gapsAreLossesOfTheirEndAndNeverALatency)
{
    Pair pair = connectLoopback();
    s.exchange(pair, "/");
    s.request(pair, Scenario::get("/cut"));
    pair.responsePosition += 500; // the answer was lost in the ring
    s.pass(kMillisecond);
    s.exchange(pair, "/after");
    s.exchange(pair, "/after");
    const telemetry::Batch batch = s.seal();
    std::uint64_t requests = 0;
    for (const telemetry::RequestRow& row : batch.overview->requests)
        requests += row.requests;
    const std::uint64_t gone = lossOf(batch, Loss::ParserGap);
    EXPECT_GE(gone, 2u);
    EXPECT_EQ(requests + gone, 8u);
    for (const telemetry::LossRow& row : batch.overview->losses)
        EXPECT_NE(row.end, telemetry::kNone);
}

TEST_F(CollectorTest, spansHoldTheEvidenceOfBothEnds)
{
    Pair pair = connectLoopback();
    s.request(pair, "GET /t HTTP/1.1\r\nHost: a\r\ntraceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01\r\n\r\n");
    s.pass(3 * kMillisecond);
    s.response(pair, Scenario::answer());
    const telemetry::Batch batch = s.seal();
    ASSERT_EQ(batch.detail->spans.size(), 2u);
    const telemetry::Span& one = batch.detail->spans[0];
    const telemetry::Span& two = batch.detail->spans[1];
    EXPECT_NE(one.id, two.id);
    EXPECT_NE(one.connection, two.connection);
    EXPECT_EQ(one.duration, std::chrono::milliseconds(3));
    EXPECT_EQ(one.traceId[0], 0x4b);
    EXPECT_EQ(one.parentSpanId[7], 0xb7);
    EXPECT_EQ(ns(one.start), Scenario::kUtcOffset + static_cast<std::int64_t>(100 * kSecond + 10 * kMillisecond));
    EXPECT_EQ(batch.dictionary->strings[one.route], "GET /t");
    EXPECT_EQ(batch.dictionary->strings[one.status], "200");
    EXPECT_EQ(one.requestThread + two.requestThread, 30u);
}

TEST_F(CollectorTest, connectionsWhoseCloseWasLostAreForgotten)
{
    connectLoopback(40'000);
    Pair alive = connectLoopback(40'001);
    s.drained();
    for (int i = 0; i < 40; ++i) {
        for (const ConnectionId id : {alive.client, alive.server}) {
            SocketSample sample{};
            sample.at = s.at();
            sample.connection = id;
            sample.state = TcpState::Established;
            s.collector->on(sample);
        }
        s.seal();
    }
    EXPECT_EQ(s.collector->openConnections(), 2u);
}

TEST_F(CollectorTest, sequenceRisesAndHostIsNamed)
{
    const telemetry::Batch one = s.seal(), two = s.seal();
    EXPECT_EQ(one.key.sequence + 1, two.key.sequence);
    EXPECT_EQ(one.range.to, two.range.from);
    EXPECT_EQ(one.dictionary->entities[0].kind, telemetry::EntityKind::Host);
    EXPECT_EQ(one.dictionary->entities[0].name, "host");
    s.collector->note(s.at(), EventKind::AgentStarted, "0.1.0");
    const telemetry::Batch three = s.seal();
    ASSERT_EQ(three.overview->events.size(), 1u);
    EXPECT_EQ(three.overview->events[0].subject, 0u);
}

} // namespace
} // namespace binnacle::agent::test
