// SPDX-License-Identifier: Apache-2.0
#include "core/analysis/internal/health.h"
#include "core/analysis/snapshot.h"
#include "tests/core/analysis/shop.h"
#include "tests/core/analysis/snapshot_text.h"

#include <tuple>

#include <gtest/gtest.h>

using namespace binnacle;
using namespace binnacle::analysis;
using namespace binnacle::tests;
using internal::Attempts;
using internal::judge;
using internal::Judged;

namespace {

/// The edge web → api in the last 60 s before `to`.
Edge apiEdge(const HandMadeSource& source, int to)
{
    const auto snapshot = buildSnapshot(source, seconds(std::max(0, to - 60), to));
    EXPECT_TRUE(snapshot.has_value());
    const Edge* edge = findEdge(*snapshot, "process:web", "process:api");
    EXPECT_NE(edge, nullptr) << edgesText(*snapshot);
    return edge ? *edge : Edge{};
}

struct Case {
    const char* name;
    Attempts attempts;
    std::uint64_t failed;
    Health health;
};

} // namespace

TEST(Health, followsTheTable)
{
    const Case cases[]{
        {"nothing failed", {100, 0, 0}, 0, Health::Ok},
        {"below one per cent", {1000, 9, 0}, 0, Health::Ok},
        {"one per cent", {1000, 10, 0}, 0, Health::Warning},
        {"below five per cent", {1000, 49, 0}, 0, Health::Warning},
        {"five per cent", {1000, 50, 0}, 0, Health::Critical},
        {"many per cent but two only", {4, 2, 0}, 0, Health::Warning},
        {"three of three", {3, 3, 0}, 0, Health::Critical},
        {"connects count as attempts", {95, 0, 0}, 5, Health::Critical},
        {"connects and errors add up", {98, 2, 0}, 2, Health::Warning},
        {"nothing but refused connects", {0, 0, 0}, 3, Health::Critical},
        {"connections where there are no exchanges", {0, 0, 97}, 3, Health::Warning},
        {"idle", {0, 0, 0}, 0, Health::Ok},
    };
    for (const Case& each : cases) {
        Judged edge;
        edge.client = each.attempts;
        edge.failedConnects = each.failed;
        edge.batches = 5;
        const auto verdict = judge(edge);
        EXPECT_EQ(verdict.health, each.health) << each.name;
        EXPECT_EQ(verdict.reasons.empty(), each.health == Health::Ok) << each.name;
    }
}

TEST(Health, saysWhyInASentence)
{
    Judged edge;
    edge.client = Attempts{90, 2, 0};
    edge.failedConnects = 10;
    edge.failedBy = {{"ECONNREFUSED", 9}, {"ETIMEDOUT", 1}};
    edge.batches = 5;
    ASSERT_EQ(judge(edge).reasons.size(), 1U);
    EXPECT_EQ(judge(edge).reasons[0], "12 of 100 attempts failed in the last 5 batches (12 %): 2 errors, 10 connects came to nothing "
                                      "(ECONNREFUSED 9, ETIMEDOUT 1).");
}

TEST(Health, judgesEachSideByItself)
{
    Judged edge;
    edge.client = Attempts{100, 50, 0}; // broken off: a killed server never knew
    edge.server = Attempts{50, 0, 0};
    edge.batches = 5;
    EXPECT_EQ(judge(edge).health, Health::Critical);
}

TEST(Health, aHangIsCritical)
{
    Judged edge;
    edge.client = Attempts{};
    edge.batches = 5;
    edge.inFlight = 7;
    edge.oldest = std::chrono::milliseconds(4200);
    EXPECT_EQ(judge(edge).health, Health::Critical);
    EXPECT_EQ(judge(edge).reasons.at(0), "7 exchanges are in flight, the oldest for 4.20 s, and nothing completed in the last 5 batches.");
    edge.oldest = std::chrono::milliseconds(200); // began a moment ago on an edge that is seldom used
    EXPECT_EQ(judge(edge).health, Health::Ok);
    edge.oldest = std::chrono::seconds(60);
    edge.client->requests = 1; // something completes: slow, not stuck
    EXPECT_EQ(judge(edge).health, Health::Ok);
}

TEST(Health, connectsThatWaitAreCriticalWhenNothingComesThrough)
{
    Judged edge;
    edge.client = Attempts{};
    edge.batches = 5;
    edge.waiting = {.connects = 3, .oldest = std::chrono::seconds(12), .synSent = 4, .address = "10.77.0.30:6379"};
    EXPECT_EQ(judge(edge).health, Health::Critical);
    ASSERT_EQ(judge(edge).reasons.size(), 1U);
    EXPECT_EQ(judge(edge).reasons[0], "3 connects to 10.77.0.30:6379 wait for an answer, the oldest for 12.0 s (SYN sent 4 times), "
                                      "and nothing came through in the last 5 batches.");
    for (const Attempts& other : {Attempts{1, 0, 0}, Attempts{0, 0, 1}}) { // others come through
        edge.client = other;
        EXPECT_EQ(judge(edge).health, Health::Warning);
        EXPECT_EQ(judge(edge).reasons.at(0), "3 connects to 10.77.0.30:6379 wait for an answer, the oldest for 12.0 s (SYN sent 4 times).");
    }
    edge.client = Attempts{2, 2, 0}; // broken off with the connections before
    EXPECT_EQ(judge(edge).health, Health::Critical);
    edge.client = Attempts{};
    edge.waiting = {.connects = 1, .oldest = std::chrono::milliseconds(3200), .synSent = 2, .address = "10.77.0.30:6379", .moreAddresses = 1};
    EXPECT_EQ(judge(edge).health, Health::Warning) << "not since the first of the judged batches";
    EXPECT_EQ(judge(edge).reasons.at(0), "1 connect to 10.77.0.30:6379 and 1 more address waits for an answer, for 3.20 s (SYN sent 2 times).");
    edge.waiting.oldest = std::chrono::milliseconds(1900); // one lost packet
    EXPECT_EQ(judge(edge).health, Health::Ok);
    EXPECT_TRUE(judge(edge).reasons.empty());
}

TEST(Health, connectsThatWaitComeOnTopOfWhatFailed)
{
    Judged edge;
    edge.client = Attempts{100, 1, 0};
    edge.batches = 5;
    edge.waiting = {.connects = 1, .oldest = std::chrono::seconds(9), .synSent = 1, .address = "10.0.0.1:80"};
    EXPECT_EQ(judge(edge).health, Health::Warning);
    EXPECT_EQ(judge(edge).reasons.size(), 2U);
    EXPECT_EQ(judge(edge).reasons.at(1), "1 connect to 10.0.0.1:80 waits for an answer, for 9.00 s (SYN sent once).");
    edge.client->errors = 50; // what is worse stays
    EXPECT_EQ(judge(edge).health, Health::Critical);
}

TEST(Health, isUnknownWithoutDataOrWithLosses)
{
    Judged edge;
    edge.batches = 5;
    EXPECT_EQ(judge(edge).health, Health::Unknown);
    edge.client = Attempts{100, 0, 0};
    EXPECT_EQ(judge(edge).health, Health::Ok);
    edge.losses = 1;
    EXPECT_EQ(judge(edge).health, Health::Unknown);
    edge.client->errors = 50; // what is known to be bad stays bad
    EXPECT_EQ(judge(edge).health, Health::Critical);
    edge.told = false;
    EXPECT_EQ(judge(edge).health, Health::Unknown);
}

TEST(Health, scaledToZeroIsCriticalByTheFifthBatchAndOkWithinFiveAfterRecovery)
{
    constexpr int kBroken = 60, kMended = 80, kEnd = 100;
    const HandMadeSource source = shop(kEnd, [](int s) {
        const bool broken = s >= kBroken && s < kMended;
        return ShopSecond{.orders = broken ? 0U : 50U, .refused = broken ? 20U : 0U, .apis = broken ? 0 : 2};
    });
    EXPECT_EQ(apiEdge(source, kBroken).health, Health::Ok);
    EXPECT_EQ(apiEdge(source, kBroken + 5).health, Health::Critical);
    EXPECT_EQ(apiEdge(source, kMended).health, Health::Critical);
    EXPECT_EQ(apiEdge(source, kMended + 5).health, Health::Ok);

    // While it is gone it stays on the map, with no instance, and the failed connects are its own.
    const auto gone = buildSnapshot(source, seconds(kBroken + 5, kBroken + 10));
    const Node* api = findNode(*gone, "process:api");
    ASSERT_NE(api, nullptr) << nodesText(*gone);
    EXPECT_EQ(api->instances, 0U);
    EXPECT_TRUE(api->instancesKnown);
    EXPECT_EQ(api->health, Health::Critical);
    const Edge* edge = findEdge(*gone, "process:web", "process:api");
    ASSERT_NE(edge, nullptr) << edgesText(*gone);
    EXPECT_EQ(edge->failedConnects, 100U);
    EXPECT_EQ(edge->protocol, Protocol::Http) << "what was spoken there is known from before";
    EXPECT_EQ(gone->edges.size(), 2U) << edgesText(*gone);
}

TEST(Health, aStoppedProcessIsCriticalWithinFiveBatches)
{
    constexpr int kStopped = 20;
    const HandMadeSource source = shop(40, [](int s) {
        const bool stopped = s >= kStopped;
        return ShopSecond{.orders = stopped ? 0U : 50U, .hanging = stopped ? 4U : 0U, .hangingFor = std::chrono::milliseconds(stopped ? (s - kStopped) * 1000 + 900 : 0)};
    });
    const Edge edge = apiEdge(source, kStopped + 5);
    EXPECT_EQ(edge.health, Health::Critical);
    EXPECT_EQ(edge.inFlight, 4U);
    EXPECT_EQ(edge.oldestInFlight, std::chrono::milliseconds(4900));
    EXPECT_EQ(apiEdge(source, kStopped).health, Health::Ok);
}

TEST(Health, aDropOfSynsIsCriticalByTheFifthBatchAndOkWithinFiveAfterIt)
{
    constexpr int kDropped = 20, kMended = 40, kEnd = 60;
    const HandMadeSource source = shop(kEnd, [](int s) {
        const bool dropped = s >= kDropped && s < kMended;
        return ShopSecond{.orders = dropped ? 0U : 50U, .connecting = dropped && s > kDropped ? 3U : 0U,
                          .connectingFor = std::chrono::milliseconds(dropped ? (s - kDropped) * 1000 + 900 : 0)};
    });
    EXPECT_EQ(apiEdge(source, kDropped).health, Health::Ok);
    const Edge edge = apiEdge(source, kDropped + 5);
    EXPECT_EQ(edge.health, Health::Critical);
    EXPECT_EQ(edge.pending.count, 3U);
    EXPECT_EQ(edge.pending.oldest, std::chrono::milliseconds(4900));
    EXPECT_EQ(edge.protocol, Protocol::Http) << "what was spoken there is known from before";
    EXPECT_EQ(edge.failedConnects, 0U);
    EXPECT_EQ(edge.inFlight, 0U);
    EXPECT_EQ(edge.healthReasons.at(0), "3 connects to 10.0.0.3:8000 wait for an answer, the oldest for 4.90 s (SYN sent 3 times), "
                                        "and nothing came through in the last 5 batches.");
    EXPECT_EQ(apiEdge(source, kMended + 5).health, Health::Ok);
    EXPECT_EQ(apiEdge(source, kMended + 5).pending.count, 0U);

    const auto snapshot = buildSnapshot(source, seconds(kDropped, kDropped + 6));
    EXPECT_EQ(findNode(*snapshot, "process:api")->health, Health::Critical);
    EXPECT_EQ(findNode(*snapshot, "process:api")->pending.count, 3U);
}

TEST(Health, errorsThatAreOldAreForgiven)
{
    const HandMadeSource source = shop(30, [](int s) { return ShopSecond{.orderErrors = s < 20 ? 25U : 0U}; });
    EXPECT_EQ(apiEdge(source, 20).health, Health::Critical);
    EXPECT_EQ(apiEdge(source, 25).health, Health::Ok);
}

TEST(Health, callersAreNamedAsTheirNeighboursNameThem)
{
    HandMadeSource source;
    for (int offset = 0; offset < 10; ++offset) {
        BatchBuilder b("a", offset);
        const auto api = b.instance("api-1");
        b.present(api, b.service("api", "demo", ServiceKind::Workload)).listen(api, endpoint("0.0.0.0", 8000), kApiNet);
        for (const auto& [name, nameSpace, address, netns] : {std::tuple("near", "demo", "10.0.0.1", 11u), std::tuple("far", "tools", "10.0.0.2", 12u)}) {
            const auto caller = b.instance(std::string(name) + "-1");
            b.present(caller, b.service(name, nameSpace, ServiceKind::Workload));
            b.requests(b.client(caller, address, endpoint("10.0.0.3", 8000), netns, Protocol::Http), 10, 10);
            b.requests(b.server(api, endpoint("10.0.0.3", 8000), address, kApiNet, Protocol::Http), 10, 10);
        }
        source.add(b.build());
    }
    const auto snapshot = buildSnapshot(source, seconds(0, 10));
    const auto& reasons = findNode(*snapshot, "workload:demo/api")->healthReasons;
    ASSERT_EQ(reasons.size(), 2u);
    EXPECT_EQ(reasons[0].substr(0, 11), "From near: ");
    EXPECT_EQ(reasons[1].substr(0, 16), "From tools/far: ");
}

TEST(Health, aNodeIsAsBadAsItsWorstCaller)
{
    const HandMadeSource source = shop(10, [](int) { return ShopSecond{.orderErrors = 10}; });
    const auto snapshot = buildSnapshot(source, seconds(0, 10));
    EXPECT_EQ(findNode(*snapshot, "process:api")->health, Health::Critical);
    EXPECT_EQ(findNode(*snapshot, "process:web")->health, Health::Ok);
    EXPECT_EQ(findNode(*snapshot, "process:api")->healthReasons.at(0).substr(0, 10), "From web: ");
}
