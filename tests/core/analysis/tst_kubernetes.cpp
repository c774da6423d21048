// SPDX-License-Identifier: Apache-2.0
#include "core/analysis/internal/directory.h"
#include "core/analysis/snapshot.h"
#include "tests/core/analysis/batch_builder.h"
#include "tests/core/analysis/snapshot_text.h"

#include <gtest/gtest.h>

#include <functional>

using namespace binnacle;
using namespace binnacle::analysis;
using namespace binnacle::tests;

namespace {

/// frontend on host a calls api on host b through the Service 10.96.0.10:80, whose pods listen on 8080.  No translation is seen:
/// the client's socket holds the Service's address, the server's its own.
struct Cluster {
    std::uint16_t servicePort = 80, targetPort = 8080;
    int apiPods = 3;
    std::uint64_t requests = 30;     // a second, over all pods
    std::uint64_t refused = 0;       // connects to the Service
    bool addressesKnown = true;
    bool serverSeen = true;          // an agent runs on host b
    std::function<void(BatchBuilder&)> alsoAtClient, alsoAtServer;
};

constexpr std::uint32_t kFrontNet = 11, kApiNet = 20;
const std::string kFrontAddress = "10.244.1.5";

std::string apiAddress(int pod) { return "10.244.2." + std::to_string(10 + pod); }

std::uint32_t workload(BatchBuilder& b, const std::string& name) { return b.service(name, "demo", ServiceKind::Workload); }

std::uint32_t pod(BatchBuilder& b, const std::string& name, const std::string& container = "main")
{
    const auto index = b.instance(name + "/" + container);
    b.entity(index).name = name;
    b.entity(index).attributes = {{"container.id", "c-" + name + container}, {"k8s.pod.uid", "uid-" + name}};
    return index;
}

void lead(BatchBuilder& b, Endpoint address, std::uint32_t service, const std::string& name = {})
{
    b.overview().addresses.push_back({address, service, name.empty() ? telemetry::kNone : b.text(name), {}});
}

Batch clientSecond(int offset, const Cluster& c)
{
    BatchBuilder b("a", offset);
    const auto frontend = pod(b, "frontend-1");
    b.present(frontend, workload(b, "frontend")).listen(frontend, endpoint("0.0.0.0", 80), kFrontNet);
    const Endpoint service = endpoint("10.96.0.10", c.servicePort);
    if (c.requests > 0)
        b.requests(b.client(frontend, kFrontAddress, service, kFrontNet, Protocol::Http), c.requests);
    if (c.requests + c.refused > 0) {
        TcpRow& tcp = b.tcp(b.client(frontend, kFrontAddress, service, kFrontNet, Protocol::Unknown), c.requests);
        if (c.refused > 0)
            tcp.failed.push_back({111, c.refused});
    }
    if (c.addressesKnown) {
        lead(b, service, workload(b, "api"), "demo/api");
        for (int i = 0; i < c.apiPods; ++i)
            lead(b, endpoint(apiAddress(i), 0), workload(b, "api"));
        lead(b, endpoint(kFrontAddress, 0), workload(b, "frontend"));
    }
    if (c.alsoAtClient)
        c.alsoAtClient(b);
    return b.build();
}

Batch serverSecond(int offset, const Cluster& c)
{
    BatchBuilder b("b", offset);
    for (int i = 0; i < c.apiPods; ++i) {
        const auto api = pod(b, "api-" + std::to_string(i + 1));
        const auto netns = kApiNet + static_cast<std::uint32_t>(i);
        b.present(api, workload(b, "api")).listen(api, endpoint("0.0.0.0", c.targetPort), netns);
        const std::uint64_t share = c.requests / static_cast<std::uint64_t>(c.apiPods);
        if (share > 0)
            b.requests(b.server(api, endpoint(apiAddress(i), c.targetPort), kFrontAddress, netns, Protocol::Http), share);
    }
    if (c.alsoAtServer)
        c.alsoAtServer(b);
    return b.build();
}

Snapshot seen(int count, const std::function<Cluster(int)>& at, TimeRange range = {})
{
    HandMadeSource source;
    source.addAgent(identity("a"));
    source.addAgent(identity("b"));
    for (int offset = 0; offset < count; ++offset) {
        const Cluster now = at(offset);
        source.add(clientSecond(offset, now));
        if (now.serverSeen)
            source.add(serverSecond(offset, now));
    }
    auto snapshot = buildSnapshot(source, range == TimeRange{} ? source.covered() : range);
    EXPECT_TRUE(snapshot.has_value());
    return std::move(*snapshot);
}

Snapshot seen(int count, const Cluster& always)
{
    return seen(count, [&](int) { return always; });
}

} // namespace

TEST(Kubernetes, bothEndsOfACallThroughAServiceAreOneEdgeAtTheServersPort)
{
    const Snapshot snapshot = seen(10, Cluster{});
    EXPECT_EQ(edgesText(snapshot), "workload:demo/frontend>workload:demo/api:8080/http 300 client 300 server 300 ok\n");
    EXPECT_EQ(nodesText(snapshot), "workload:demo/api 3/3 ok\n"
                                   "workload:demo/frontend 1/1 unknown\n");
    const Node* api = findNode(snapshot, "workload:demo/api");
    EXPECT_EQ(api->kind, NodeKind::Workload);
    EXPECT_EQ(api->nameSpace, "demo");
    EXPECT_EQ(api->hosts, std::vector<std::string>{"b"});
}

TEST(Kubernetes, aProcessOfAPodWithoutItsNameDoesNotHideWhatTheServerCounted)
{
    Cluster c;
    c.alsoAtClient = [](BatchBuilder& b) {
        const auto curl = b.instance("curl");
        b.present(curl, b.service("curl"));
        b.requests(b.client(curl, kFrontAddress, endpoint("10.96.0.10", 80), kFrontNet, Protocol::Http), 1);
    };
    EXPECT_EQ(edgesText(seen(4, c)), "process:curl>workload:demo/api:8080/http 4 client 4 ok\n"
                                     "workload:demo/frontend>workload:demo/api:8080/http 120 client 120 server 120 ok\n");
}

TEST(Kubernetes, aServiceOfTheSamePortAsItsPodsNeedsNoTranslation)
{
    const Snapshot snapshot = seen(4, Cluster{.servicePort = 80, .targetPort = 80});
    EXPECT_EQ(edgesText(snapshot), "workload:demo/frontend>workload:demo/api:80/http 120 client 120 server 120 ok\n");
}

TEST(Kubernetes, theServicesOwnPortIsPreferredWhereThePodListensOnItToo)
{
    Cluster c{.servicePort = 8080, .targetPort = 8080};
    c.alsoAtServer = [](BatchBuilder& b) { b.listen(pod(b, "api-1"), endpoint("0.0.0.0", 9090), kApiNet); };
    EXPECT_EQ(edgesText(seen(4, c)), "workload:demo/frontend>workload:demo/api:8080/http 120 client 120 server 120 ok\n");
}

TEST(Kubernetes, twoServicesOfOneWorkloadStayTwoEdges)
{
    Cluster c; // 80 → 8080, and beside it 9090 → 9090
    c.alsoAtClient = [](BatchBuilder& b) {
        lead(b, endpoint("10.96.0.11", 9090), workload(b, "api"), "demo/api-admin");
        b.requests(b.client(pod(b, "frontend-1"), kFrontAddress, endpoint("10.96.0.11", 9090), kFrontNet, Protocol::Http), 2);
    };
    c.alsoAtServer = [](BatchBuilder& b) {
        b.listen(pod(b, "api-1"), endpoint("0.0.0.0", 9090), kApiNet);
        b.requests(b.server(pod(b, "api-1"), endpoint(apiAddress(0), 9090), kFrontAddress, kApiNet, Protocol::Http), 2);
    };
    EXPECT_EQ(edgesText(seen(5, c)), "workload:demo/frontend>workload:demo/api:8080/http 150 client 150 server 150 ok\n"
                                     "workload:demo/frontend>workload:demo/api:9090/http 10 client 10 server 10 ok\n");
}

TEST(Kubernetes, aTranslationThatWasSeenDecidesThePort)
{
    Cluster c{.requests = 0, .serverSeen = false};
    c.alsoAtClient = [](BatchBuilder& b) { // one connection whose real peer the host's connection tracking told
        End end{Side::Client, pod(b, "frontend-1"), endpoint(kFrontAddress), endpoint(apiAddress(1), 8080), endpoint("10.96.0.10", 80), kNone, kFrontNet, Protocol::Http, false};
        b.requests(b.end(end), 4);
        b.requests(b.client(pod(b, "frontend-1"), kFrontAddress, endpoint("10.96.0.10", 80), kFrontNet, Protocol::Http), 6);
    };
    EXPECT_EQ(edgesText(seen(1, c)), "workload:demo/frontend>workload:demo/api:8080/http 10 client 10 ok\n");
}

TEST(Kubernetes, whatWasDialledTellsWhereAnUnknownPeerBelongs)
{
    Cluster c{.apiPods = 0, .requests = 0, .serverSeen = false};
    c.alsoAtClient = [](BatchBuilder& b) {
        End end{Side::Client, pod(b, "frontend-1"), endpoint(kFrontAddress), endpoint("10.244.9.9", 8080), endpoint("10.96.0.10", 80), kNone, kFrontNet, Protocol::Http, false};
        b.requests(b.end(end), 4);
    };
    EXPECT_EQ(edgesText(seen(1, c)), "workload:demo/frontend>workload:demo/api:8080/http 4 client 4 ok\n");
}

TEST(Kubernetes, podsOfAHostWithoutAnAgentAreKnownByTheirAddresses)
{
    Cluster c{.requests = 0, .serverSeen = false};
    c.alsoAtClient = [](BatchBuilder& b) {
        b.requests(b.client(pod(b, "frontend-1"), kFrontAddress, endpoint(apiAddress(2), 8080), kFrontNet, Protocol::Http), 5);
        b.requests(b.server(pod(b, "frontend-1"), endpoint(kFrontAddress, 80), apiAddress(0), kFrontNet, Protocol::Http), 3);
    };
    const Snapshot snapshot = seen(1, c);
    EXPECT_EQ(edgesText(snapshot), "workload:demo/api>workload:demo/frontend:80/http 3 server 3 ok\n"
                                   "workload:demo/frontend>workload:demo/api:8080/http 5 client 5 ok\n");
    EXPECT_EQ(findNode(snapshot, "workload:demo/api")->instances, 0U);
}

TEST(Kubernetes, aWorkloadThatOnlyAddressesNameAppears)
{
    const Snapshot snapshot = seen(1, Cluster{.apiPods = 0, .requests = 0, .serverSeen = false});
    EXPECT_EQ(nodesText(snapshot), "workload:demo/api 0/0 unknown\n"
                                   "workload:demo/frontend 1/1 unknown\n");
}

TEST(Kubernetes, aServiceWithNothingOfTheClusterBehindItIsANodeOfItsOwn)
{
    Cluster c{.requests = 0, .serverSeen = false};
    c.alsoAtClient = [](BatchBuilder& b) {
        lead(b, endpoint("10.96.0.1", 443), telemetry::kNone, "default/kubernetes");
        b.tcp(b.client(pod(b, "frontend-1"), kFrontAddress, endpoint("10.96.0.1", 443), kFrontNet, Protocol::Unknown), 1);
    };
    const Snapshot snapshot = seen(1, c);
    const Node* node = findNode(snapshot, "service:default/kubernetes");
    ASSERT_TRUE(node);
    EXPECT_EQ(node->kind, NodeKind::Service);
    EXPECT_EQ(node->name, "kubernetes");
    EXPECT_EQ(node->nameSpace, "default");
}

TEST(Kubernetes, oneBackendDownIsSeenOnTheOneEdge)
{
    const Snapshot snapshot = seen(10, [](int s) { return s < 5 ? Cluster{} : Cluster{.apiPods = 2, .requests = 28, .refused = 4}; });
    ASSERT_EQ(snapshot.edges.size(), 1U);
    const Edge& edge = snapshot.edges[0];
    EXPECT_EQ(edgeId(edge), "workload:demo/frontend>workload:demo/api:8080/http");
    EXPECT_EQ(edge.client->requests, 5U * 30 + 5U * 28);
    EXPECT_EQ(edge.server->requests, 5U * 30 + 5U * 28);
    EXPECT_EQ(edge.failedConnects, 20U);
    EXPECT_EQ(edge.health, Health::Critical);
    const Node* api = findNode(snapshot, "workload:demo/api");
    EXPECT_EQ(api->instances, 2U);
    EXPECT_EQ(api->instancesMax, 3U);
    EXPECT_EQ(api->health, Health::Critical);
}

TEST(Kubernetes, aServiceScaledToZeroStaysAndTurnsRed)
{
    const auto scaled = [](int s) { return s < 10 ? Cluster{} : Cluster{.apiPods = 0, .requests = 0, .refused = 8}; };
    // Host b has nothing more to tell of api, but it is there.
    HandMadeSource source;
    source.addAgent(identity("a"));
    source.addAgent(identity("b"));
    for (int offset = 0; offset < 20; ++offset) {
        source.add(clientSecond(offset, scaled(offset)));
        source.add(offset < 10 ? serverSecond(offset, scaled(offset)) : BatchBuilder("b", offset).build());
    }
    for (const TimeRange range : {seconds(0, 20), seconds(12, 20)}) {
        auto snapshot = buildSnapshot(source, range, {});
        ASSERT_TRUE(snapshot);
        const Edge* edge = findEdge(*snapshot, "workload:demo/frontend", "workload:demo/api");
        ASSERT_TRUE(edge);
        EXPECT_EQ(snapshot->edges.size(), 1U) << "no second edge at the Service's port";
        EXPECT_EQ(edge->port, 8080);
        EXPECT_EQ(edge->tcp.failedBy.at("ECONNREFUSED"), range == seconds(0, 20) ? 80U : 64U);
        EXPECT_EQ(edge->health, Health::Critical);
        const Node* api = findNode(*snapshot, "workload:demo/api");
        ASSERT_TRUE(api);
        EXPECT_EQ(api->instances, 0U);
        EXPECT_EQ(api->health, Health::Critical);
    }
}

TEST(Kubernetes, aServiceThatNeverRanIsRedAtItsOwnPort)
{
    const Snapshot snapshot = seen(6, Cluster{.apiPods = 0, .requests = 0, .refused = 5, .serverSeen = false});
    const Edge* edge = findEdge(snapshot, "workload:demo/frontend", "workload:demo/api");
    ASSERT_TRUE(edge);
    EXPECT_EQ(edge->port, 80);
    EXPECT_EQ(edge->health, Health::Critical);
    EXPECT_EQ(findNode(snapshot, "workload:demo/api")->health, Health::Critical);
}

TEST(Kubernetes, aPodAddressUsedAgainBelongsToWhoHadItThen)
{
    HandMadeSource source;
    source.addAgent(identity("a"));
    for (int offset = 0; offset < 20; ++offset) {
        BatchBuilder b("a", offset);
        const auto frontend = pod(b, "frontend-1");
        b.present(frontend, workload(b, "frontend"));
        lead(b, endpoint("10.244.2.10", 0), workload(b, offset < 10 ? "old" : "new"));
        if (offset < 5) // called under its first owner only
            b.requests(b.client(frontend, kFrontAddress, endpoint("10.244.2.10", 8080), kFrontNet, Protocol::Http), 1);
        source.add(b.build());
    }
    auto snapshot = buildSnapshot(source, source.covered(), {});
    ASSERT_TRUE(snapshot);
    EXPECT_EQ(edgesText(*snapshot), "workload:demo/frontend>workload:demo/old:8080/http 5 client 5 ok\n");
}

TEST(Kubernetes, containersOfAPodCountAsOneInstance)
{
    HandMadeSource source;
    source.addAgent(identity("a"));
    for (int offset = 0; offset < 2; ++offset) {
        BatchBuilder b("a", offset);
        for (const std::string name : {"api-1", "api-2"}) {
            for (const std::string container : {"api", "proxy"})
                b.present(pod(b, name, container), workload(b, "api"));
        }
        source.add(b.build());
    }
    auto snapshot = buildSnapshot(source, source.covered(), {});
    ASSERT_TRUE(snapshot);
    EXPECT_EQ(nodesText(*snapshot), "workload:demo/api 2/2 unknown\n");
    EXPECT_EQ(snapshot->instances.size(), 4U) << "each container is still told of";
}

TEST(Kubernetes, addressesNotSaidForLongestAreForgottenFirst)
{
    const auto address = [](std::size_t i) { return Endpoint{InternetAddress::fromV4(static_cast<std::uint32_t>(i)), 0}; };
    internal::Directory directory;
    const auto say = [&](int offset, std::size_t from, std::size_t to) {
        BatchBuilder b("a", offset);
        const auto service = workload(b, "api");
        const Batch batch = b.build();
        internal::Directory::Batch names(directory, batch);
        for (std::size_t i = from; i < to; ++i)
            names.address({address(i), service, telemetry::kNone, {}});
    };
    say(0, 0, internal::kMaxLeads);
    say(1, 0, internal::kMaxLeads / 2);
    say(2, internal::kMaxLeads, internal::kMaxLeads + 1);
    EXPECT_TRUE(directory.findLeads(address(0)));
    EXPECT_TRUE(directory.findLeads(address(internal::kMaxLeads)));
    EXPECT_FALSE(directory.findLeads(address(internal::kMaxLeads - 1)));
}

TEST(Kubernetes, changesAreEventsOfTheWorkloadOrTheHost)
{
    BatchBuilder b("a", 0);
    const auto api = workload(b, "api");
    Entity other{EntityKey::ofText("node-2"), EntityKind::Host, "node-2", {}, {}, ServiceKind::Process, {}};
    Entity self{agentKey("a"), EntityKind::Host, "a", {}, {}, ServiceKind::Process, {}};
    b.overview().events = {{second(0.1), EventKind::Scale, api, b.text("3 → 0 replicas")},
                           {second(0.2), EventKind::NodeCondition, b.entityIndex(other), b.text("NotReady")},
                           {second(0.3), EventKind::NodeCondition, b.entityIndex(self), b.text("Ready")}};
    HandMadeSource source;
    source.addAgent(identity("a"));
    source.add(b.build());
    auto snapshot = buildSnapshot(source, source.covered(), {});
    ASSERT_TRUE(snapshot);
    std::string text;
    for (const Event& event : snapshot->events)
        text += std::string(factsOf(event.kind)->name) + " " + event.subject + " " + event.detail + "\n";
    EXPECT_EQ(text, "scale workload:demo/api 3 → 0 replicas\n"
                    "node_condition node-2 NotReady\n"
                    "node_condition a Ready\n");
}
