// SPDX-License-Identifier: Apache-2.0
#include "core/analysis/frame_store.h"
#include "core/analysis/internal/spells.h"
#include "core/analysis/snapshot.h"
#include "tests/core/analysis/batch_builder.h"
#include "tests/core/analysis/snapshot_text.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <random>

using namespace binnacle;
using namespace binnacle::analysis;
using namespace binnacle::tests;

namespace {

/// caller on host a calls 10.244.2.10:8080 every second.  The address is early's pod's first and late's afterwards, on host b.
struct Reuse {
    std::function<std::string(int)> owner = [](int s) { return s < 20 ? "early" : "late"; }; // empty: nobody
    std::function<std::uint64_t(int)> requests = [](int) { return 2; };                      // a second, while somebody is there
    bool addressesKnown = true;
    bool serverSeen = true; // an agent runs on host b
    std::function<void(BatchBuilder&, int)> alsoAtClient, alsoAtServer;
};

constexpr std::uint32_t kCallerNet = 11, kEarlyNet = 21, kLateNet = 22;
const std::string kCallerAddress = "10.244.1.5", kAddress = "10.244.2.10";

std::uint32_t workload(BatchBuilder& b, const std::string& name) { return b.service(name, "demo", ServiceKind::Workload); }

std::uint32_t pod(BatchBuilder& b, const std::string& workload)
{
    const auto index = b.instance(workload + "-1/main");
    b.entity(index).name = workload + "-1";
    b.entity(index).attributes = {{"container.id", "c-" + workload}, {"k8s.pod.uid", "uid-" + workload}};
    return index;
}

std::uint32_t netOf(const std::string& owner) { return owner == "early" ? kEarlyNet : kLateNet; }

std::uint32_t call(BatchBuilder& b, Protocol protocol) { return b.client(pod(b, "caller"), kCallerAddress, endpoint(kAddress, 8080), kCallerNet, protocol); }

void lead(BatchBuilder& b, Endpoint address, const std::string& to, const std::string& name = {})
{
    b.overview().addresses.push_back({address, workload(b, to), name.empty() ? telemetry::kNone : b.text(name), {}});
}

Batch clientSecond(int s, const Reuse& r)
{
    BatchBuilder b("a", s);
    const std::string owner = r.owner(s);
    b.present(pod(b, "caller"), workload(b, "caller"));
    if (r.requests(s) > 0 && !owner.empty()) {
        b.requests(call(b, Protocol::Http), r.requests(s));
        b.tcp(call(b, Protocol::Unknown), 1);
    }
    const bool said = s % 10 == 0 || owner != r.owner(s - 1); // as an agent says it
    if (r.addressesKnown && said && !owner.empty())
        lead(b, endpoint(kAddress, 0), owner);
    if (r.alsoAtClient)
        r.alsoAtClient(b, s);
    return b.build();
}

Batch serverSecond(int s, const Reuse& r)
{
    BatchBuilder b("b", s);
    if (const std::string owner = r.owner(s); !owner.empty()) {
        b.present(pod(b, owner), workload(b, owner)).listen(pod(b, owner), endpoint("0.0.0.0", 8080), netOf(owner));
        if (r.requests(s) > 0) {
            b.requests(b.server(pod(b, owner), endpoint(kAddress, 8080), kCallerAddress, netOf(owner), Protocol::Http), r.requests(s));
            b.tcp(b.server(pod(b, owner), endpoint(kAddress, 8080), kCallerAddress, netOf(owner), Protocol::Unknown), 1);
        }
    }
    if (r.alsoAtServer)
        r.alsoAtServer(b, s);
    return b.build();
}

HandMadeSource recorded(int count, const Reuse& r)
{
    HandMadeSource source;
    source.addAgent(identity("a"));
    source.addAgent(identity("b"));
    for (int s = 0; s < count; ++s) {
        source.add(clientSecond(s, r));
        if (r.serverSeen)
            source.add(serverSecond(s, r));
    }
    return source;
}

enum class Order { AsItWas, Backwards, Shuffled };

std::unique_ptr<FrameStore> stored(const HandMadeSource& source, Order order, std::size_t maxBytes = std::size_t{64} << 20)
{
    std::vector<Batch> batches = source.batches();
    std::mt19937 random(7); // seeded
    if (order == Order::Backwards)
        std::reverse(batches.begin(), batches.end());
    if (order == Order::Shuffled)
        std::shuffle(batches.begin(), batches.end(), random);
    auto store = std::make_unique<FrameStore>(FrameStore::Options{maxBytes, {}});
    for (const AgentIdentity& agent : source.agents())
        store->addAgent(agent);
    for (const Batch& batch : batches)
        store->add(batch);
    return store;
}

/// `caller>OWNER` with what both ledgers and the connections say.
std::string text(const Snapshot& snapshot)
{
    std::string text;
    for (const Edge& edge : snapshot.edges) {
        text += edge.from + ">" + edge.to + ":" + std::to_string(edge.port) + " client " + std::to_string(edge.client ? edge.client->requests : 0) + " server "
            + std::to_string(edge.server ? edge.server->requests : 0) + " opened " + std::to_string(edge.tcp.opened) + "\n";
    }
    return text;
}

std::string both(const std::string& owner, int requests, int opened)
{
    return "workload:demo/caller>workload:demo/" + owner + ":8080 client " + std::to_string(requests) + " server " + std::to_string(requests) + " opened "
        + std::to_string(opened) + "\n";
}

/// The same from the source and from frames, whatever the order in which batches came.
void expectEverywhere(const HandMadeSource& source, TimeRange range, const std::string& expected)
{
    SCOPED_TRACE("range " + std::to_string((range.from - second(0)).count() / 1'000'000'000) + " to " + std::to_string((range.to - second(0)).count() / 1'000'000'000));
    const auto direct = buildSnapshot(source, range);
    ASSERT_TRUE(direct.has_value());
    EXPECT_EQ(text(*direct), expected);
    for (const Order order : {Order::AsItWas, Order::Backwards, Order::Shuffled})
        EXPECT_EQ(text(*stored(source, order)->snapshot(range)), expected) << "order " << int(order);
}

} // namespace

TEST(AddressReuse, eachSecondBelongsToWhoHadTheAddressThen)
{
    for (const bool addressesKnown : {true, false}) {
        const HandMadeSource source = recorded(40, Reuse{.addressesKnown = addressesKnown});
        expectEverywhere(source, seconds(0, 20), both("early", 40, 20));
        expectEverywhere(source, seconds(20, 40), both("late", 40, 20));
        expectEverywhere(source, seconds(0, 40), both("early", 40, 20) + both("late", 40, 20));
        expectEverywhere(source, seconds(13, 27), both("early", 14, 7) + both("late", 14, 7));
    }
}

TEST(AddressReuse, ofAHostWithoutAnAgentIsToldByKubernetesAlone)
{
    const HandMadeSource source = recorded(40, Reuse{.serverSeen = false});
    expectEverywhere(source, seconds(0, 40),
                     "workload:demo/caller>workload:demo/early:8080 client 40 server 0 opened 20\n"
                     "workload:demo/caller>workload:demo/late:8080 client 40 server 0 opened 20\n");
}

TEST(AddressReuse, onTheCallersOwnHostIsTheSame)
{
    HandMadeSource source;
    source.addAgent(identity("a"));
    for (int s = 0; s < 40; ++s) {
        BatchBuilder b("a", s);
        const std::string owner = s < 20 ? "early" : "late";
        b.present(pod(b, "caller"), workload(b, "caller")).present(pod(b, owner), workload(b, owner));
        b.listen(pod(b, owner), endpoint("0.0.0.0", 8080), netOf(owner));
        b.requests(call(b, Protocol::Http), 2);
        b.requests(b.server(pod(b, owner), endpoint(kAddress, 8080), kCallerAddress, netOf(owner), Protocol::Http), 2);
        source.add(b.build());
    }
    expectEverywhere(source, seconds(0, 40), both("early", 40, 0) + both("late", 40, 0));
    expectEverywhere(source, seconds(19, 21), both("early", 2, 0) + both("late", 2, 0));
}

TEST(AddressReuse, afterAQuietGapIsTheNextOwners)
{
    Reuse r;
    r.owner = [](int s) { return s < 20 ? "early" : s < 50 ? "" : "late"; };
    r.alsoAtClient = [](BatchBuilder& b, int s) {
        if (s >= 30 && s < 40) // nobody is there: it is meant for who was
            b.tcp(call(b, Protocol::Unknown)).failed.push_back({113, 1});
    };
    const HandMadeSource source = recorded(70, r);
    expectEverywhere(source, seconds(0, 70), both("early", 40, 20) + both("late", 40, 20));
    expectEverywhere(source, seconds(50, 70), both("late", 40, 20));
    for (const Order order : {Order::AsItWas, Order::Backwards, Order::Shuffled}) {
        const SnapshotPtr whole = stored(source, order)->snapshot(seconds(0, 70));
        EXPECT_EQ(findEdge(*whole, "workload:demo/caller", "workload:demo/early")->failedConnects, 10U);
        EXPECT_EQ(findEdge(*whole, "workload:demo/caller", "workload:demo/late")->failedConnects, 0U);
    }
}

TEST(AddressReuse, givenBackToItsFirstOwnerIsItsAgain)
{
    for (const bool addressesKnown : {true, false}) {
        Reuse r{.addressesKnown = addressesKnown};
        r.owner = [](int s) { return s < 30 || s >= 60 ? "early" : "late"; };
        const HandMadeSource source = recorded(90, r);
        expectEverywhere(source, seconds(0, 90), both("early", 120, 60) + both("late", 60, 30));
        expectEverywhere(source, seconds(0, 60), both("early", 60, 30) + both("late", 60, 30));
        expectEverywhere(source, seconds(60, 90), both("early", 60, 30));
        expectEverywhere(source, seconds(30, 60), both("late", 60, 30));
    }
}

TEST(AddressReuse, insideFramesOfEveryLengthIsExact)
{
    Reuse r;
    r.owner = [](int s) { return s < 305 ? "early" : "late"; };
    const HandMadeSource source = recorded(1300, r);
    const std::string whole = both("early", 610, 305) + both("late", 1990, 995);
    for (const Order order : {Order::AsItWas, Order::Backwards, Order::Shuffled}) {
        const auto store = stored(source, order);
        EXPECT_EQ(text(*store->snapshot(seconds(0, 1300))), whole);
        EXPECT_EQ(text(*store->snapshot(seconds(0, 600))), both("early", 610, 305) + both("late", 590, 295)) << "one frame of ten minutes";
        EXPECT_EQ(text(*store->snapshot(seconds(300, 360))), both("early", 10, 5) + both("late", 110, 55)) << "one frame of a minute";
        EXPECT_EQ(text(*store->snapshot(seconds(300, 310))), both("early", 10, 5) + both("late", 10, 5)) << "one frame of ten seconds";
        EXPECT_EQ(text(*store->snapshot(seconds(305, 306))), both("late", 2, 1));
        std::uint64_t early = 0, late = 0;
        for (const SeriesPoint& point : store->series("workload:demo/early", seconds(0, 1200), 20))
            early += point.requests;
        for (const SeriesPoint& point : store->series("workload:demo/late", seconds(0, 1200), 20))
            late += point.requests;
        EXPECT_EQ(early, 610U);
        EXPECT_EQ(late, 1790U);
    }
}

TEST(AddressReuse, staysExactWhereSecondsWereForgotten)
{
    Reuse r;
    r.owner = [](int s) { return s < 305 ? "early" : "late"; };
    const HandMadeSource source = recorded(1300, r);
    const auto store = stored(source, Order::AsItWas, 200'000);
    EXPECT_GT(store->snapshot(seconds(305, 306))->range.length(), std::chrono::seconds(1)) << "the store had room for all: this test tests nothing";
    EXPECT_EQ(text(*store->snapshot(seconds(0, 1300))), both("early", 610, 305) + both("late", 1990, 995));
}

TEST(AddressReuse, anOwnerThatIsKnownOnlyLaterTakesWhatIsItsOwn)
{
    Reuse r;
    r.addressesKnown = false;
    r.owner = [](int s) { return s < 305 ? "early" : "late"; };
    const HandMadeSource source = recorded(700, r);
    FrameStore store;
    for (const bool clients : {true, false}) {
        for (const Batch& batch : source.batches()) {
            if ((batch.key.agent == agentKey("a")) == clients)
                store.add(batch);
        }
        store.snapshot(seconds(0, 700)); // makes frames of every length before the owners are known
    }
    EXPECT_EQ(text(*store.snapshot(seconds(0, 700))), both("early", 610, 305) + both("late", 790, 395));
}

TEST(AddressReuse, aConnectionBelongsToWhomItWasOpenedTo)
{
    Reuse r;
    r.alsoAtClient = [](BatchBuilder& b, int s) {
        ConnectionRow old, fresh;
        old.connection = EntityKey::ofText("old");
        fresh.connection = EntityKey::ofText("fresh");
        old.end = fresh.end = call(b, Protocol::Unknown);
        old.localPort = 40001;
        fresh.localPort = 40002;
        old.openedAt = second(10.5); // and nobody closes it
        fresh.openedAt = second(25.5);
        b.overview().connections.push_back(old);
        if (s >= 25)
            b.overview().connections.push_back(fresh);
    };
    const HandMadeSource source = recorded(40, r);
    const auto check = [](const Snapshot& snapshot) {
        ASSERT_EQ(snapshot.connections.size(), 2U);
        EXPECT_EQ(snapshot.connections[0].local + " " + snapshot.connections[0].to, kCallerAddress + ":40001 workload:demo/early");
        EXPECT_EQ(snapshot.connections[1].local + " " + snapshot.connections[1].to, kCallerAddress + ":40002 workload:demo/late");
    };
    for (const TimeRange range : {seconds(0, 40), seconds(30, 40)}) {
        check(*buildSnapshot(source, range));
        for (const Order order : {Order::AsItWas, Order::Backwards, Order::Shuffled})
            check(*stored(source, order)->snapshot(range));
    }
}

TEST(AddressReuse, whatFailsWaitsAndIsLostBelongsToWhoHadTheAddressThen)
{
    Reuse r;
    r.alsoAtClient = [](BatchBuilder& b, int s) {
        if (s == 15 || s == 16 || s == 30)
            b.tcp(call(b, Protocol::Unknown)).failed.push_back({111, 1});
        if (s == 12 || s == 33)
            b.lose(Loss::ParserGap, s == 12 ? 3 : 4, call(b, Protocol::Http));
        b.pending(call(b, Protocol::Unknown), 2, std::chrono::seconds(1));
        b.overview().openExchanges.push_back({.end = call(b, Protocol::Http), .route = b.text("GET /slow"), .startedAt = second(18.5), .thread = 0});
    };
    const HandMadeSource source = recorded(40, r);
    for (const Order order : {Order::AsItWas, Order::Backwards, Order::Shuffled}) {
        const auto store = stored(source, order);
        const SnapshotPtr whole = store->snapshot(seconds(0, 40)), before = store->snapshot(seconds(0, 19));
        const Edge* early = findEdge(*whole, "workload:demo/caller", "workload:demo/early");
        const Edge* late = findEdge(*whole, "workload:demo/caller", "workload:demo/late");
        ASSERT_TRUE(early && late);
        EXPECT_EQ(early->tcp.failedBy.at("ECONNREFUSED"), 2U);
        EXPECT_EQ(late->tcp.failedBy.at("ECONNREFUSED"), 1U);
        EXPECT_EQ(early->losses, 3U);
        EXPECT_EQ(late->losses, 4U);
        EXPECT_EQ(early->pending.count, 0U);
        EXPECT_EQ(late->pending.count, 2U);
        EXPECT_EQ(findEdge(*before, "workload:demo/caller", "workload:demo/early")->pending.count, 2U);
        std::string inFlight;
        for (const OpenExchange& open : whole->inFlight)
            inFlight += open.route + " " + open.peer + "\n";
        EXPECT_EQ(inFlight, "GET /slow workload:demo/early\nconnect to 10.244.2.10:8080 workload:demo/late\n");
    }
}

TEST(AddressReuse, aClientsAddressThatPassesOnTellsItsCallersApart)
{
    HandMadeSource source;
    source.addAgent(identity("a"));
    source.addAgent(identity("b"));
    for (int s = 0; s < 40; ++s) {
        const std::string caller = s < 20 ? "early" : "late";
        BatchBuilder a("a", s), b("b", s);
        a.present(pod(a, caller), workload(a, caller));
        a.requests(a.client(pod(a, caller), kCallerAddress, endpoint(kAddress, 8080), netOf(caller), Protocol::Http), 3);
        b.present(pod(b, "server"), workload(b, "server")).listen(pod(b, "server"), endpoint("0.0.0.0", 8080), 30);
        b.requests(b.server(pod(b, "server"), endpoint(kAddress, 8080), kCallerAddress, 30, Protocol::Http), 3);
        source.add(a.build());
        source.add(b.build());
    }
    expectEverywhere(source, seconds(0, 40),
                     "workload:demo/early>workload:demo/server:8080 client 60 server 60 opened 0\n"
                     "workload:demo/late>workload:demo/server:8080 client 60 server 60 opened 0\n");
    expectEverywhere(source, seconds(0, 20), "workload:demo/early>workload:demo/server:8080 client 60 server 60 opened 0\n");
}

TEST(AddressReuse, behindAServiceIsThePodsThatItLedTo)
{
    Reuse r{.requests = [](int) { return 0; }};
    r.alsoAtClient = [](BatchBuilder& b, int) { // the translation was seen
        End led{Side::Client, pod(b, "caller"), endpoint(kCallerAddress), endpoint(kAddress, 8080), endpoint("10.96.0.10", 80), telemetry::kNone, kCallerNet, Protocol::Http, false};
        b.requests(b.end(led), 2);
    };
    r.alsoAtServer = [&r](BatchBuilder& b, int s) {
        const std::string owner = r.owner(s);
        b.requests(b.server(pod(b, owner), endpoint(kAddress, 8080), kCallerAddress, netOf(owner), Protocol::Http), 2);
    };
    const HandMadeSource source = recorded(40, r);
    expectEverywhere(source, seconds(0, 40), both("early", 40, 0) + both("late", 40, 0));
    expectEverywhere(source, seconds(0, 20), both("early", 40, 0));
}

TEST(AddressReuse, aServiceThatIsLedElsewhereIsTwoEdgesEachAtItsOwnPort)
{
    HandMadeSource source;
    source.addAgent(identity("a"));
    source.addAgent(identity("b"));
    for (int s = 0; s < 40; ++s) {
        const std::string owner = s < 20 ? "early" : "late";
        const std::uint16_t port = s < 20 ? 8080 : 9090;
        BatchBuilder a("a", s), b("b", s);
        a.present(pod(a, "caller"), workload(a, "caller"));
        if (s % 10 == 0)
            lead(a, endpoint("10.96.0.10", 80), owner, "demo/service");
        a.requests(a.client(pod(a, "caller"), kCallerAddress, endpoint("10.96.0.10", 80), kCallerNet, Protocol::Http), 2);
        for (const std::string each : {"early", "late"})
            b.present(pod(b, each), workload(b, each)).listen(pod(b, each), endpoint("0.0.0.0", each == "early" ? 8080 : 9090), netOf(each));
        const std::string address = owner == "early" ? kAddress : "10.244.2.11";
        b.requests(b.server(pod(b, owner), endpoint(address, port), kCallerAddress, netOf(owner), Protocol::Http), 2);
        source.add(a.build());
        source.add(b.build());
    }
    expectEverywhere(source, seconds(0, 40),
                     "workload:demo/caller>workload:demo/early:8080 client 40 server 40 opened 0\n"
                     "workload:demo/caller>workload:demo/late:9090 client 40 server 40 opened 0\n");
}

TEST(AddressReuse, aRollUpOfAnAgentBelongsToTheOwnerAtItsEnd)
{
    HandMadeSource source;
    source.addAgent(identity("a"));
    source.addAgent(identity("b"));
    for (int s = 0; s < 40; ++s)
        source.add(serverSecond(s, Reuse{.owner = [](int at) { return at < 25 ? "early" : "late"; }}));
    for (int s = 0; s < 40; s += 10) { // the client's host has no seconds any more
        BatchBuilder b("a", s);
        b.batch().range = seconds(s, s + 10);
        b.present(pod(b, "caller"), workload(b, "caller"));
        b.requests(call(b, Protocol::Http), 20);
        source.add(b.build());
    }
    for (const Order order : {Order::AsItWas, Order::Backwards})
        EXPECT_EQ(text(*stored(source, order)->snapshot(seconds(0, 40))),
                  "workload:demo/caller>workload:demo/early:8080 client 40 server 50 opened 25\n"
                  "workload:demo/caller>workload:demo/late:8080 client 40 server 30 opened 15\n");
}

TEST(AddressReuse, spellsAreTheSameInEveryOrderAndBounded)
{
    const auto spelled = [](std::vector<std::pair<int, int>> ranges, bool backwards) {
        if (backwards)
            std::reverse(ranges.begin(), ranges.end());
        internal::Spells spells;
        for (const auto& [from, to] : ranges)
            spells.extend(seconds(from, to));
        std::string text;
        for (const internal::Seen& spell : spells.all())
            text += std::to_string((spell.first - second(0)).count() / 1'000'000'000) + "-" + std::to_string((spell.last - second(0)).count() / 1'000'000'000) + " ";
        return text;
    };
    for (const bool backwards : {false, true}) {
        EXPECT_EQ(spelled({{0, 1}, {10, 11}, {26, 27}, {43, 44}, {44, 50}}, backwards), "0-27 43-50 ");
        EXPECT_EQ(spelled({{0, 1}, {40, 41}, {20, 21}, {1, 40}}, backwards), "0-41 ");
        EXPECT_EQ(spelled({{0, 1}, {100, 101}, {200, 201}, {300, 301}, {400, 401}, {500, 501}, {600, 601}, {700, 701}, {800, 801}}, backwards),
                  "0-101 200-201 300-301 400-401 500-501 600-601 700-701 800-801 ");
    }
    internal::Spells early, late;
    early.extend(seconds(10, 20));
    early.extend(seconds(60, 70));
    late.extend(seconds(30, 40));
    const auto owner = [&](double at) { return internal::holdsBefore(early, late, second(at)) ? "early" : "late"; };
    EXPECT_STREQ(owner(5), "early") << "the next";
    EXPECT_STREQ(owner(25), "early") << "the one before";
    EXPECT_STREQ(owner(30), "late");
    EXPECT_STREQ(owner(59), "late");
    EXPECT_STREQ(owner(60), "early") << "it is back";
    EXPECT_STREQ(owner(90), "early");
}

TEST(AddressReuse, anAddressThatEveryHostHasStaysEachHostsOwn)
{
    HandMadeSource source;
    const std::string bridge = "172.17.0.1";
    for (const std::string host : {"a", "b"}) {
        source.addAgent(identity(host));
        for (int s = 0; s < 80; ++s) {
            BatchBuilder b(host, s);
            const auto client = b.instance("client-" + host), server = b.instance("server-" + host);
            b.present(client, b.service("client-" + host)).present(server, b.service("server-" + host)).listen(server, endpoint("0.0.0.0", 9000), 1);
            const auto there = b.client(client, "172.17.0.2", endpoint(bridge, 9000), 2, Protocol::Http);
            if (host == "b" || s % 40 == 0) { // on host a it is seldom used
                b.requests(there, 1);
                b.requests(b.server(server, endpoint(bridge, 9000), "172.17.0.2", 1, Protocol::Http), 1);
            } else if (s % 40 == 30) {
                b.tcp(there).failed.push_back({111, 1});
            }
            source.add(b.build());
        }
    }
    expectEverywhere(source, seconds(0, 80),
                     "process:client-a>process:server-a:9000 client 2 server 2 opened 0\n"
                     "process:client-b>process:server-b:9000 client 80 server 80 opened 0\n");
    EXPECT_EQ(findEdge(*buildSnapshot(source, seconds(0, 80)), "process:client-a", "process:server-a")->failedConnects, 2U);
}

TEST(AddressReuse, askedWhileItGrowsTellsAsMuchAsAskedOnce)
{
    for (const bool addressesKnown : {true, false}) {
        Reuse r{.addressesKnown = addressesKnown};
        r.owner = [](int s) { return s < 30 || s >= 60 ? "early" : "late"; };
        const HandMadeSource whole = recorded(90, r);
        HandMadeSource grown;
        FrameStore store;
        for (const AgentIdentity& agent : whole.agents()) {
            grown.addAgent(agent);
            store.addAgent(agent);
        }
        for (const Batch& batch : whole.batches()) {
            grown.add(batch);
            store.add(batch);
            EXPECT_EQ(text(*store.snapshot(grown.covered())), text(*buildSnapshot(grown, grown.covered()))) << "at " << batch.key.sequence;
        }
        EXPECT_EQ(text(*store.snapshot(seconds(0, 90))), both("early", 120, 60) + both("late", 60, 30));
    }
}
