// SPDX-License-Identifier: Apache-2.0
#include "core/analysis/snapshot.h"
#include "tests/core/analysis/shop.h"
#include "tests/core/analysis/snapshot_text.h"

#include <gtest/gtest.h>

#include <random>

using namespace binnacle;
using namespace binnacle::analysis;
using namespace binnacle::tests;

namespace {

Snapshot build(const BatchSource& source, TimeRange range, SnapshotOptions options = {})
{
    auto snapshot = buildSnapshot(source, range, options);
    EXPECT_TRUE(snapshot.has_value());
    return std::move(*snapshot);
}

Snapshot build(const HandMadeSource& source) { return build(source, source.covered()); }

} // namespace

TEST(Snapshot, ofNothingIsEmpty)
{
    const HandMadeSource source;
    const Snapshot snapshot = build(source, seconds(0, 10));
    EXPECT_TRUE(snapshot.nodes.empty());
    EXPECT_TRUE(snapshot.edges.empty());
    EXPECT_TRUE(snapshot.losses.empty());
    EXPECT_EQ(snapshot.range, seconds(0, 10));
}

TEST(Snapshot, joinsBothEndsIntoOneEdgeAndCountsExactly)
{
    const Snapshot snapshot = build(shop(10));
    EXPECT_EQ(edgesText(snapshot), "process:loadgen>process:web:80/http 1000 client 1000 server 1000 ok\n"
                                   "process:web>process:api:8000/http 1000 client 1000 server 1000 ok\n");
    EXPECT_EQ(nodesText(snapshot), "process:api 2/2 ok\n"
                                   "process:cache 1/1 unknown\n" // listens; nobody called it
                                   "process:loadgen 1/1 unknown\n"
                                   "process:web 1/1 ok\n");
    const Node* api = findNode(snapshot, "process:api");
    EXPECT_EQ(api->type, "python");
    EXPECT_EQ(api->hosts, std::vector<std::string>{"a"});
    EXPECT_EQ(api->clients, std::vector<std::string>{"process:web"});
    ASSERT_EQ(api->routes.size(), 1U);
    EXPECT_EQ(api->routes[0].route, "GET /orders/{id}");
    EXPECT_EQ(api->routes[0].requests, 1000U);
    EXPECT_EQ(api->inbound.statuses.at("200"), 1000U);
    ASSERT_EQ(api->listening.size(), 2U);
    EXPECT_EQ(api->listening[0].address, "0.0.0.0:8000");
}

TEST(Snapshot, isTheSameWhateverTheOrderOfBatches)
{
    const HandMadeSource sorted = shop(30, [](int s) { return ShopSecond{.orders = 50, .orderErrors = std::uint64_t(s % 3), .apis = 1 + s % 2}; });
    std::vector<Batch> batches = sorted.batches();
    std::mt19937 random(7); // seeded: the same shuffle in every run
    std::shuffle(batches.begin(), batches.end(), random);
    HandMadeSource shuffled;
    shuffled.addAgent(identity("a"));
    for (Batch& batch : batches)
        shuffled.add(std::move(batch));
    EXPECT_EQ(edgesText(build(sorted)), edgesText(build(shuffled)));
    EXPECT_EQ(nodesText(build(sorted)), nodesText(build(shuffled)));
}

TEST(Snapshot, rangeIsHalfOpen)
{
    const HandMadeSource source = shop(10, [](int s) { return ShopSecond{.pages = std::uint64_t(1) << s, .orders = 0}; });
    const Snapshot snapshot = build(source, seconds(3, 5));
    EXPECT_EQ(findEdge(snapshot, "process:loadgen", "process:web")->chosen.requests, 8U + 16U);
}

TEST(Snapshot, choosesTheServersLedgerAndNeverAdds)
{
    const Snapshot snapshot = build(shop(5));
    const Edge* edge = findEdge(snapshot, "process:web", "process:api");
    EXPECT_EQ(edge->chosen.requests, 500U);
    EXPECT_EQ(edge->chosen.latency.max(), 2'000'000U);
    EXPECT_EQ(edge->client->latency.max(), 3'000'000U);
    EXPECT_EQ(edge->server->latency.max(), 2'000'000U);
    EXPECT_EQ(edge->chosen.latency.count(), 500U);
}

TEST(Snapshot, choosesTheClientsLedgerWhereTheServerLost)
{
    const Snapshot snapshot = build(shop(5, [](int s) { return ShopSecond{.orderLosses = s == 2 ? 4U : 0U}; }));
    const Edge* edge = findEdge(snapshot, "process:web", "process:api");
    EXPECT_EQ(edge->chosen.latency.max(), 3'000'000U);
    EXPECT_EQ(edge->losses, 8U);
    EXPECT_EQ(edge->server->lost, 8U);
    EXPECT_EQ(edge->client->lost, 0U);
    EXPECT_EQ(edge->health, Health::Unknown);
    ASSERT_EQ(snapshot.losses.size(), 1U);
    EXPECT_EQ(snapshot.losses[0].reason, "gap");
    EXPECT_EQ(snapshot.losses[0].range, seconds(2, 3));
    // Another edge has nothing to do with it.
    EXPECT_EQ(findEdge(snapshot, "process:loadgen", "process:web")->health, Health::Ok);
}

namespace {

/// web on host a calls api on host b; nobody knows the other one but by address.
Batch callerOn(const std::string& host, int offset)
{
    BatchBuilder b(host, offset);
    const auto web = b.instance("web-1");
    b.present(web, b.service("web"));
    b.requests(b.client(web, "10.1.0.2", endpoint("10.2.0.3", 8000), 11, Protocol::Http), 7, 0, 5'000'000);
    return b.build();
}

Batch calleeOn(const std::string& host, int offset)
{
    BatchBuilder b(host, offset);
    const auto api = b.instance("api-1");
    b.present(api, b.service("api"));
    b.listen(api, endpoint("::", 8000), 11); // a wildcard; the same inode number as the other host's by chance
    b.requests(b.server(api, endpoint("10.2.0.3", 8000), "10.1.0.2", 11, Protocol::Http), 7, 0, 4'000'000);
    return b.build();
}

} // namespace

TEST(Snapshot, joinsHostsByAddress)
{
    HandMadeSource source;
    for (int s = 0; s < 5; ++s) {
        source.add(callerOn("a", s));
        source.add(calleeOn("b", s));
    }
    EXPECT_EQ(edgesText(build(source)), "process:web>process:api:8000/http 35 client 35 server 35 ok\n");
}

TEST(Snapshot, choosesTheClientsLedgerWhereTheServersAgentStartedLater)
{
    HandMadeSource source;
    for (int s = 0; s < 10; ++s) {
        source.add(callerOn("a", s));
        if (s >= 6)
            source.add(calleeOn("b", s));
    }
    EXPECT_EQ(edgesText(build(source)), "process:web>process:api:8000/http 70 client 70 server 28 ok\n");
}

TEST(Snapshot, choosesTheClientsLedgerWhereTheServersAgentHasAHole)
{
    HandMadeSource source;
    for (int s = 0; s < 10; ++s) {
        source.add(callerOn("a", s));
        if (s < 3 || s > 5)
            source.add(calleeOn("b", s));
    }
    EXPECT_EQ(edgesText(build(source)), "process:web>process:api:8000/http 70 client 70 server 49 ok\n");
}

TEST(Snapshot, joinsByRemoteInstanceWhereTheHostSawBoth)
{
    BatchBuilder b("a", 0);
    const auto web = b.instance("web-1"), api = b.instance("api-1");
    b.present(web, b.service("web")).present(api, b.service("api"));
    // Addresses that tell nothing: both ends are behind one address translator.
    b.requests(b.client(web, "192.168.9.9", endpoint("192.168.9.9", 31000), 1, Protocol::Redis, api), 3);
    HandMadeSource source;
    source.add(b.build());
    EXPECT_EQ(edgesText(build(source)), "process:web>process:api:31000/redis 3 client 3 ok\n");
}

TEST(Snapshot, tellsLoopbackOfTwoNamespacesApart)
{
    BatchBuilder b("a", 0);
    for (const auto& [name, netns] : {std::pair("one", 1U), std::pair("two", 2U)}) {
        const auto server = b.instance(std::string("redis-") + name), client = b.instance(std::string("app-") + name);
        b.present(server, b.service(std::string("redis-") + name)).present(client, b.service(std::string("app-") + name));
        b.listen(server, endpoint("127.0.0.1", 6379), netns);
        b.requests(b.client(client, "127.0.0.1", endpoint("127.0.0.1", 6379), netns, Protocol::Redis), 2);
        b.requests(b.server(server, endpoint("127.0.0.1", 6379), "127.0.0.1", netns, Protocol::Redis), 2);
    }
    HandMadeSource source;
    source.add(b.build());
    EXPECT_EQ(edgesText(build(source)), "process:app-one>process:redis-one:6379/redis 2 client 2 server 2 ok\n"
                                        "process:app-two>process:redis-two:6379/redis 2 client 2 server 2 ok\n");
}

TEST(Snapshot, prefersTheListenerOnTheVeryAddressToAWildcard)
{
    BatchBuilder b("a", 0);
    const auto general = b.instance("general-1"), special = b.instance("special-1"), client = b.instance("client-1");
    b.present(general, b.service("general")).present(special, b.service("special")).present(client, b.service("client"));
    b.listen(general, endpoint("0.0.0.0", 80), 1).listen(special, endpoint("10.0.0.8", 80), 1).listen(general, endpoint("10.0.0.9", 81), 1);
    b.requests(b.client(client, "10.0.0.1", endpoint("10.0.0.8", 80), 2, Protocol::Http), 1);
    b.requests(b.client(client, "10.0.0.1", endpoint("10.0.0.9", 80), 2, Protocol::Http), 1);
    HandMadeSource source;
    source.add(b.build());
    EXPECT_EQ(edgesText(build(source)), "process:client>process:general:80/http 1 client 1 ok\n"
                                        "process:client>process:special:80/http 1 client 1 ok\n");
}

TEST(Snapshot, namesWhatNoAgentSees)
{
    BatchBuilder b("a", 0);
    const auto web = b.instance("web-1");
    b.present(web, b.service("web"));
    b.listen(web, endpoint("10.0.0.2", 80), 1);
    b.requests(b.client(web, "10.0.0.2", endpoint("10.9.9.9", 5432), 1, Protocol::Http), 1); // a database somewhere
    b.requests(b.client(web, "10.0.0.2", endpoint("127.0.0.1", 99), 1, Protocol::Http), 1);  // nobody listens there
    b.requests(b.server(web, endpoint("10.0.0.2", 80), "8.8.8.8", 1, Protocol::Http), 1);
    b.requests(b.server(web, endpoint("10.0.0.2", 80), "2001:db8::1", 1, Protocol::Http), 1);
    b.requests(b.server(web, endpoint("10.0.0.2", 80), "172.20.1.1", 1, Protocol::Http), 1);
    HandMadeSource source;
    source.addAgent(identity("a"));
    source.add(b.build());
    EXPECT_EQ(edgesText(build(source)), "external:172.20.1.1:0>process:web:80/http 1 server 1 ok\n"
                                        "internet>process:web:80/http 2 server 2 ok\n"
                                        "process:web>external:10.9.9.9:5432:5432/http 1 client 1 ok\n"
                                        "process:web>external:a:99:99/http 1 client 1 ok\n");
}

TEST(Snapshot, leavesTheServersEndOutWhereOneAddressHidesSeveralCallers)
{
    // Two programs of one network namespace call api; api's host only sees their common address.
    BatchBuilder here("a", 0), there("b", 0);
    const auto one = here.instance("one-1"), two = here.instance("two-1");
    here.present(one, here.service("one")).present(two, here.service("two"));
    here.requests(here.client(one, "10.1.0.2", endpoint("10.2.0.3", 8000), 1, Protocol::Http), 3);
    here.requests(here.client(two, "10.1.0.2", endpoint("10.2.0.3", 8000), 1, Protocol::Http), 4);
    const auto api = there.instance("api-1");
    there.present(api, there.service("api")).listen(api, endpoint("10.2.0.3", 8000), 5);
    there.requests(there.server(api, endpoint("10.2.0.3", 8000), "10.1.0.2", 5, Protocol::Http), 7);
    HandMadeSource source;
    source.add(here.build());
    source.add(there.build());
    EXPECT_EQ(edgesText(build(source)), "process:one>process:api:8000/http 3 client 3 ok\n"
                                        "process:two>process:api:8000/http 4 client 4 ok\n");
}

TEST(Snapshot, givesTheConnectionsFiguresToWhatIsSpokenOnThem)
{
    BatchBuilder b("a", 0);
    const auto web = b.instance("web-1"), api = b.instance("api-1");
    b.present(web, b.service("web")).present(api, b.service("api"));
    b.listen(api, endpoint("10.0.0.3", 8000), 2, 5);
    const Endpoint to = endpoint("10.0.0.3", 8000);
    b.requests(b.client(web, "10.0.0.2", to, 1, Protocol::Http), 4).reused = 3;
    b.requests(b.server(api, to, "10.0.0.2", 2, Protocol::Http), 4).reused = 3;
    TcpRow& client = b.tcp(b.client(web, "10.0.0.2", to, 1, Protocol::Unknown), 1, 1);
    client.bytesSent = 400;
    client.bytesReceived = 4000;
    client.retransmitsOut = 2;
    client.failed.push_back({110, 1});
    TcpRow& server = b.tcp(b.server(api, to, "10.0.0.2", 2, Protocol::Unknown), 1, 1);
    server.bytesSent = 4000;
    server.bytesReceived = 400;
    server.retransmitsOut = 5;
    const auto raw = b.client(web, "10.0.0.2", endpoint("10.0.0.3", 9999), 1, Protocol::Unknown); // nothing parsed there
    b.tcp(raw, 2, 0);
    HandMadeSource source;
    source.add(b.build());
    const Snapshot snapshot = build(source);
    ASSERT_EQ(snapshot.edges.size(), 2U) << edgesText(snapshot);
    const Edge* edge = findEdge(snapshot, "process:web", "process:api");
    ASSERT_NE(edge, nullptr);
    EXPECT_EQ(edge->protocol, Protocol::Http);
    EXPECT_EQ(edge->bytesSent, 400U);
    EXPECT_EQ(edge->bytesReceived, 4000U);
    EXPECT_EQ(edge->tcp.opened, 1U);
    EXPECT_EQ(edge->tcp.active, 1U);
    EXPECT_EQ(edge->tcp.retransmitsOut, 2U);
    EXPECT_EQ(edge->tcp.retransmitsIn, 5U);
    EXPECT_EQ(edge->tcp.segmentsOut, std::nullopt);
    EXPECT_EQ(edge->tcp.acceptQueueMax, 5U);
    EXPECT_EQ(edge->tcp.failedBy.at("ETIMEDOUT"), 1U);
    EXPECT_EQ(edge->failedConnects, 1U);
    EXPECT_DOUBLE_EQ(*edge->tcp.reuseRatio, 0.75);
    const Edge* other = findEdge(snapshot, "process:web", "external:10.0.0.3:9999");
    ASSERT_NE(other, nullptr) << edgesText(snapshot);
    EXPECT_EQ(other->protocol, Protocol::Unknown);
    EXPECT_EQ(other->tcp.opened, 2U);
    EXPECT_EQ(other->tcp.reuseRatio, std::nullopt);
}

TEST(Snapshot, lateAssignmentHoldsForTheWholeRange)
{
    HandMadeSource source;
    for (int s = 0; s < 6; ++s) {
        BatchBuilder b("a", s);
        const auto client = b.instance("client-1"), server = b.instance("8a7f");
        b.present(client, b.service("client")).present(server, b.service(s < 4 ? "python3.11" : "orders"));
        b.listen(server, endpoint("10.0.0.3", 80), 2);
        b.requests(b.client(client, "10.0.0.2", endpoint("10.0.0.3", 80), 1, Protocol::Http), 1);
        source.add(b.build());
    }
    EXPECT_EQ(edgesText(build(source)), "process:client>process:orders:80/http 6 client 6 ok\n");
    // Also for a range that ends before it was known.
    EXPECT_EQ(edgesText(build(source, seconds(0, 3))), "process:client>process:orders:80/http 3 client 3 ok\n");
}

TEST(Snapshot, neverShowsOurOwnPrograms)
{
    BatchBuilder b("a", 0);
    const auto agent = b.instance("agent-1"), desktop = b.instance("desktop-1"), web = b.instance("web-1");
    b.present(agent, b.service("binnacle-agent")).present(desktop, b.service("binnacle")).present(web, b.service("web"));
    b.listen(agent, endpoint("127.0.0.1", 9465), 1);
    b.requests(b.client(desktop, "127.0.0.1", endpoint("127.0.0.1", 9465), 1, Protocol::Http), 5);
    b.requests(b.server(agent, endpoint("127.0.0.1", 9465), "127.0.0.1", 1, Protocol::Http), 5);
    HandMadeSource source;
    source.add(b.build());
    const Snapshot snapshot = build(source);
    EXPECT_EQ(edgesText(snapshot), "");
    EXPECT_EQ(nodesText(snapshot), "process:web 1/1 unknown\n");
    EXPECT_EQ(snapshot.instances.size(), 1U);
}

TEST(Snapshot, namesWorkloadsByNamespace)
{
    BatchBuilder b("a", 0);
    const auto pod = b.instance("orders-7d9-x");
    b.present(pod, b.service("orders", "shop", ServiceKind::Workload));
    HandMadeSource source;
    source.add(b.build());
    const Snapshot snapshot = build(source);
    ASSERT_EQ(snapshot.nodes.size(), 1U);
    EXPECT_EQ(snapshot.nodes[0].id, "workload:shop/orders");
    EXPECT_EQ(snapshot.nodes[0].nameSpace, "shop");
    EXPECT_EQ(snapshot.nodes[0].kind, NodeKind::Workload);
}

TEST(Snapshot, instancesAreUnknownWhereTheirAgentFellSilent)
{
    HandMadeSource source = shop(10);
    for (int s = 0; s < 30; ++s) {
        BatchBuilder b("b", s);
        b.present(b.instance("other-1"), b.service("other"));
        source.add(b.build());
    }
    const Snapshot snapshot = build(source);
    EXPECT_EQ(nodesText(snapshot), "process:api ?/2 unknown\n"
                                   "process:cache ?/1 unknown\n"
                                   "process:loadgen ?/1 unknown\n"
                                   "process:other 1/1 unknown\n"
                                   "process:web ?/1 unknown\n");
}

TEST(Snapshot, countsTheInstancesOfOneTimeTogether)
{
    // Two on one host, then one on each of two: never more than two at a time, though there were three instances.
    HandMadeSource source;
    for (int s = 0; s < 8; ++s) {
        BatchBuilder a("a", s), b("b", s);
        a.present(a.instance("api-1"), a.service("api"));
        if (s < 4)
            a.present(a.instance("api-2"), a.service("api"));
        else
            b.present(b.instance("api-3"), b.service("api"));
        source.add(a.build());
        source.add(b.build());
    }
    EXPECT_EQ(nodesText(build(source)), "process:api 2/2 unknown\n");
}

TEST(Snapshot, anInstanceWhoseLastProcessEndedIsNotAlive)
{
    HandMadeSource source;
    for (int s = 0; s < 3; ++s) {
        BatchBuilder batch("a", s);
        // The second names one that was replaced within it: gone and successor are not two at once.
        batch.present(batch.instance("api-1"), batch.service("api"), s == 0 ? 1 : 0);
        if (s == 1)
            batch.present(batch.instance("api-2"), batch.service("api"));
        batch.present(batch.instance("curl"), batch.service("curl"), 0);
        source.add(batch.build());
    }
    EXPECT_EQ(nodesText(build(source)), "process:api 0/1 unknown\n"
                                        "process:curl 0/1 unknown\n");
}

TEST(Snapshot, aSuccessorAndTheOneThatEndedAreNotTwoAtOnce)
{
    HandMadeSource source;
    for (int s = 0; s < 8; ++s) {
        BatchBuilder a("a", s), b("b", s); // a second host, so that seconds are put together of two batches
        a.present(a.instance(s < 4 ? "api-1" : "api-2"), a.service("api"));
        if (s == 4) { // the second in which one took over from the other
            a.present(a.instance("api-1"), a.service("api"));
            a.overview().presence.back().processes = 0;
        }
        b.present(b.instance("web-1"), b.service("web"));
        source.add(b.build());
        source.add(a.build());
    }
    EXPECT_EQ(nodesText(build(source)), "process:api 1/1 unknown\nprocess:web 1/1 unknown\n");
    EXPECT_EQ(build(source).instances.size(), 3U);
    // Those that came and went within one second are not known to have been there together.
    BatchBuilder c("a", 8);
    for (const char* name : {"curl-1", "curl-2", "curl-3"}) {
        c.present(c.instance(name), c.service("curl"));
        c.overview().presence.back().processes = 0;
    }
    source.add(c.build());
    EXPECT_EQ(findNode(build(source), "process:curl")->instancesMax, 1U);
    EXPECT_EQ(findNode(build(source), "process:curl")->instances, 0U);
}

TEST(Snapshot, listsOpenExchangesOldestFirst)
{
    BatchBuilder b("a", 5);
    const auto web = b.instance("web-1"), api = b.instance("api-1");
    b.present(web, b.service("web")).present(api, b.service("api")).listen(api, endpoint("10.0.0.3", 8000), 2);
    const auto end = b.client(web, "10.0.0.2", endpoint("10.0.0.3", 8000), 1, Protocol::Http);
    const auto here = b.server(api, endpoint("10.0.0.3", 8000), "10.0.0.2", 2, Protocol::Http);
    b.overview().openExchanges = {{end, b.text("GET /b"), {}, second(5.5), 0}, {here, b.text("GET /a"), {}, second(2), 77}};
    HandMadeSource source;
    source.add(b.build());
    const Snapshot snapshot = build(source);
    ASSERT_EQ(snapshot.inFlight.size(), 2U);
    EXPECT_EQ(snapshot.inFlight[0].route, "GET /a");
    EXPECT_EQ(snapshot.inFlight[0].service, "process:api");
    EXPECT_EQ(snapshot.inFlight[0].peer, "process:web");
    EXPECT_EQ(snapshot.inFlight[0].age, std::chrono::seconds(4));
    EXPECT_EQ(snapshot.inFlight[0].thread, 77U);
    EXPECT_EQ(snapshot.inFlight[0].waitsOn, std::nullopt);
    EXPECT_EQ(snapshot.inFlight[1].service, "process:web");
    EXPECT_EQ(snapshot.inFlight[1].waitsOn, "peer");
    EXPECT_EQ(snapshot.inFlight[1].thread, std::nullopt);
}

TEST(Snapshot, listsConnectsThatWaitAmongWhatIsInFlight)
{
    BatchBuilder b("a", 5);
    const auto web = b.instance("web-1"), api = b.instance("api-1");
    b.present(web, b.service("web")).present(api, b.service("api")).listen(api, endpoint("10.0.0.3", 8000), 2);
    b.pending(b.client(web, "10.0.0.2", endpoint("10.0.0.3", 8000), 1, Protocol::Unknown), 3, std::chrono::seconds(12), 4);
    telemetry::End led{telemetry::Side::Client, web, endpoint("10.0.0.2"), endpoint("10.0.0.9", 8080), endpoint("10.96.0.1", 80), telemetry::kNone, 1, Protocol::Unknown, false};
    b.pending(b.end(led), 1, std::chrono::seconds(2), 2);
    HandMadeSource source;
    source.add(b.build());
    const Snapshot snapshot = build(source);
    ASSERT_EQ(snapshot.inFlight.size(), 2U);
    const OpenExchange& first = snapshot.inFlight[0];
    EXPECT_EQ(first.kind, OpenKind::Connect);
    EXPECT_EQ(first.service, "process:web");
    EXPECT_EQ(first.instance, "web-1");
    EXPECT_EQ(first.peer, "process:api");
    EXPECT_EQ(first.route, "connect to 10.0.0.3:8000");
    EXPECT_EQ(first.count, 3U);
    EXPECT_EQ(first.synSent, 4U);
    EXPECT_EQ(first.age, std::chrono::seconds(12));
    EXPECT_EQ(first.startedAt, second(6) - std::chrono::seconds(12));
    EXPECT_EQ(first.waitsOn, "peer");
    EXPECT_EQ(snapshot.inFlight[1].route, "connect to 10.0.0.9:8080 (dialled 10.96.0.1:80)");
    EXPECT_EQ(snapshot.inFlight[1].peer, "external:10.0.0.9:8080");
    EXPECT_EQ(findEdge(snapshot, "process:web", "process:api")->pending.synSent, 4U);
}

TEST(Snapshot, connectsToSeveralAddressesOfAServiceAreOneSentence)
{
    BatchBuilder b("a", 5);
    const auto web = b.instance("web-1"), api = b.instance("api-1"), other = b.instance("api-2");
    b.present(web, b.service("web")).present(api, b.service("api")).present(other, b.service("api"));
    b.listen(api, endpoint("10.0.0.3", 8000), 2).listen(other, endpoint("10.0.0.4", 8000), 3);
    b.pending(b.client(web, "10.0.0.2", endpoint("10.0.0.4", 8000), 1, Protocol::Unknown), 2, std::chrono::seconds(3), 2);
    b.pending(b.client(web, "10.0.0.2", endpoint("10.0.0.3", 8000), 1, Protocol::Unknown), 1, std::chrono::seconds(8), 4);
    HandMadeSource source;
    source.add(b.build());
    const Snapshot snapshot = build(source);
    ASSERT_EQ(snapshot.edges.size(), 1U) << edgesText(snapshot);
    EXPECT_EQ(snapshot.edges[0].pending.count, 3U);
    EXPECT_EQ(snapshot.edges[0].pending.synSent, 4U);
    EXPECT_EQ(snapshot.edges[0].healthReasons.at(0), "3 connects to 10.0.0.3:8000 and 1 more address wait for an answer, the oldest for 8.00 s "
                                                     "(SYN sent 4 times), and nothing came through in the last batch.");
    EXPECT_EQ(snapshot.inFlight.size(), 2U) << "one an address";
}

TEST(Snapshot, gapIsALossOnce)
{
    HandMadeSource source = shop(10);
    source.addGap({agentKey("a"), seconds(3, 5), Loss::AgentGap, "the agent was stopped"});
    source.addGap({agentKey("a"), seconds(90, 95), Loss::AgentGap, "later"});
    const Snapshot snapshot = build(source);
    ASSERT_EQ(snapshot.losses.size(), 1U);
    EXPECT_EQ(snapshot.losses[0].place, "agent");
    EXPECT_EQ(snapshot.losses[0].count, 1U);
    EXPECT_TRUE(snapshot.losses[0].advice.ends_with(" the agent was stopped")) << snapshot.losses[0].advice;
    EXPECT_EQ(snapshot.gaps.size(), 1U);
}

TEST(Snapshot, gapsSayWhoWasAwayAndNotEndlessly)
{
    HandMadeSource source = shop(10);
    for (const char* host : {"e", "a", "c", "a", "b", "d"})
        source.addGap({agentKey(host), seconds(3, 5), Loss::AgentGap, std::string("the agent on ") + host + " does not answer"});
    const std::string advice = build(source).losses.at(0).advice;
    EXPECT_TRUE(advice.ends_with(" the agent on a does not answer; the agent on b does not answer; the agent on c does not answer; and 2 more")) << advice;
}

TEST(Snapshot, percentilesAreNearestRank)
{
    BatchBuilder b("a", 0);
    const auto web = b.instance("web-1");
    b.present(web, b.service("web")).listen(web, endpoint("10.0.0.2", 80), 1);
    const auto end = b.server(web, endpoint("10.0.0.2", 80), "10.7.7.7", 1, Protocol::Http);
    b.requests(end, 90, 0, 1'000'000);
    b.requests(end, 10, 0, 64'000'000);
    HandMadeSource source;
    source.add(b.build());
    const Snapshot snapshot = build(source);
    const Histogram& latency = snapshot.edges.at(0).chosen.latency;
    const auto near = [](std::uint64_t is, double should) { return std::abs(static_cast<double>(is) - should) <= should * 0.011; };
    EXPECT_TRUE(near(*latency.quantile(0.90), 1e6)) << *latency.quantile(0.90);
    EXPECT_TRUE(near(*latency.quantile(0.91), 64e6)) << *latency.quantile(0.91);
    EXPECT_EQ(latency.max(), 64'000'000U);
}
