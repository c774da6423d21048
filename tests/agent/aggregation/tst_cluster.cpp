// SPDX-License-Identifier: Apache-2.0
#include "agent/aggregation/cluster_rows.h"
#include "core/telemetry/identity.h"
#include "tests/agent/support/scenario.h"

#include <gtest/gtest.h>

#include <memory>

using namespace binnacle;
using namespace binnacle::agent;
using namespace binnacle::agent::test;

namespace {

const std::string kContainerA(64, 'a'), kContainerB(64, 'b'), kSandbox(64, 'c');
const std::string kUid = "11111111-2222-3333-4444-555555555555";
const std::string kPodPath = "0::/kubepods/burstable/pod" + kUid + "/";
const WorkloadName kApi{"demo", "Deployment", "api"};

/// A cluster as the test says it is.
class FakeCluster final : public ClusterKnowledgeSource {
public:
    ClusterKnowledgePtr latest() const override { return m_latest; }
    std::vector<ClusterChange> takeChanges(std::uint64_t& dropped) override
    {
        dropped = std::exchange(droppedChanges, 0);
        return std::exchange(changes, {});
    }

    std::vector<KnowledgeLimit> limits() const override { return known; }

    void publish()
    {
        ++knowledge.version;
        m_latest = std::make_shared<const ClusterKnowledge>(knowledge);
    }
    void add(PodFacts pod)
    {
        const auto shared = std::make_shared<const PodFacts>(std::move(pod));
        knowledge.podsByUid[shared->uid] = shared;
        for (const auto& [id, name] : shared->containers)
            knowledge.podsByContainer[id] = shared;
    }

    ClusterKnowledge knowledge;
    std::vector<ClusterChange> changes;
    std::vector<KnowledgeLimit> known; // what keeps it from knowing more
    std::uint64_t droppedChanges = 0;

private:
    ClusterKnowledgePtr m_latest = std::make_shared<const ClusterKnowledge>();
};

PodFacts apiPod()
{
    return {.uid = kUid, .name = "api-7d9c-x2k8p", .workload = kApi, .host = "node-1", .zone = "eu-1a",
            .attributes = {{"k8s.pod.label.app", "api"}}, .containers = {{kContainerA, "api"}, {kContainerB, "proxy"}}};
}

FakeProcess inContainer(std::uint32_t pid, std::string program, const std::string& container, std::vector<std::string> environment = {})
{
    return {.pid = pid, .comm = program, .executable = "/usr/bin/" + program, .arguments = {program}, .environment = std::move(environment),
            .cgroup = kPodPath + container + "\n", .netns = 5};
}

/// `demo/api Workload` and its like of every presence row, sorted and once each.
Lines presentServices(const telemetry::Batch& batch)
{
    Lines lines;
    for (const telemetry::PresenceRow& row : batch.overview->presence) {
        const telemetry::Entity& service = batch.dictionary->entities[row.service];
        lines.push_back((service.nameSpace.empty() ? "" : service.nameSpace + "/") + service.name +
                        (service.serviceKind == telemetry::ServiceKind::Workload ? " workload" : " process"));
    }
    std::ranges::sort(lines);
    lines.erase(std::unique(lines.begin(), lines.end()), lines.end());
    return lines;
}

const telemetry::Entity& serviceEntity(const telemetry::Batch& batch, std::size_t presence = 0)
{
    return batch.dictionary->entities[batch.overview->presence.at(presence).service];
}

Lines addressLines(const telemetry::Batch& batch)
{
    Lines lines;
    for (const telemetry::AddressRow& row : batch.overview->addresses) {
        const telemetry::Entity& service = batch.dictionary->entities[row.service];
        lines.push_back(row.address.toText() + " " + service.nameSpace + "/" + service.name +
                        (row.name == telemetry::kNone ? "" : " by " + batch.dictionary->strings[row.name]));
    }
    return lines;
}

struct ClusterTest : testing::Test {
    ClusterTest() { scenario.collector->setClusterKnowledge(&cluster); }

    FakeCluster cluster;
    Scenario scenario;
};

} // namespace

TEST_F(ClusterTest, aContainerOfAPodCountsForItsWorkload)
{
    cluster.knowledge.clusterUid = "uid-of-cluster";
    cluster.knowledge.hostName = "node-1";
    cluster.add(apiPod());
    cluster.publish();
    scenario.program(inContainer(100, "http-echo", kContainerA, {"OTEL_SERVICE_NAME=from-environment"}));
    scenario.seed();
    scenario.listen(100, "::", 5678, 5);
    const telemetry::Batch batch = scenario.seal();
    EXPECT_EQ(presentServices(batch), (Lines{"demo/api workload"})) << "the workload's name comes before the environment's";
    EXPECT_EQ(serviceEntity(batch).key, telemetry::serviceKey("uid-of-cluster", "demo", "Deployment", "api"));
    const telemetry::Entity& instance = batch.dictionary->entities[batch.overview->presence[0].instance];
    EXPECT_EQ(instance.name, "api-7d9c-x2k8p");
    EXPECT_EQ(instance.nameSpace, "demo");
    Lines attributes;
    for (const auto& [name, value] : instance.attributes)
        attributes.push_back(name + '=' + value);
    EXPECT_EQ(attributes, (Lines{"cloud.availability_zone=eu-1a", "container.id=" + kContainerA, "k8s.container.name=api", "k8s.deployment.name=api",
                                 "k8s.namespace.name=demo", "k8s.node.name=node-1", "k8s.pod.label.app=api", "k8s.pod.name=api-7d9c-x2k8p",
                                 "k8s.pod.uid=" + kUid, "process.executable.name=http-echo"}));
    EXPECT_EQ(batch.dictionary->entities[0].name, "node-1") << "the host is called as Kubernetes calls it";
}

TEST_F(ClusterTest, lateKnowledgeRenamesAndNeverSplits)
{
    scenario.program(inContainer(100, "http-echo", kContainerA));
    scenario.seed();
    scenario.listen(100, "::", 5678, 5);
    telemetry::Batch before = scenario.seal();
    EXPECT_EQ(presentServices(before), (Lines{"http-echo process"}));
    const EntityKey instance = before.dictionary->entities[before.overview->presence[0].instance].key;
    EXPECT_EQ(before.dictionary->entities[0].name, "host");

    cluster.add(apiPod());
    cluster.publish(); // the pods are known before the cluster's own name
    telemetry::Batch after = scenario.seal();
    EXPECT_EQ(presentServices(after), (Lines{"demo/api workload"}));
    ASSERT_EQ(after.overview->presence.size(), 1u);
    EXPECT_EQ(after.dictionary->entities[after.overview->presence[0].instance].key, instance);
    EXPECT_EQ(serviceEntity(after).key, telemetry::serviceKey("", "demo", "Deployment", "api"));
    EXPECT_GT(after.overview->presence[0].assignedSince, before.overview->presence[0].assignedSince);

    cluster.knowledge.clusterUid = "uid-of-cluster";
    cluster.publish();
    after = scenario.seal();
    ASSERT_EQ(after.overview->presence.size(), 1u);
    EXPECT_EQ(after.dictionary->entities[after.overview->presence[0].instance].key, instance);
    EXPECT_EQ(serviceEntity(after).key, telemetry::serviceKey("uid-of-cluster", "demo", "Deployment", "api"));

    cluster.knowledge.podsByUid.clear();
    cluster.knowledge.podsByContainer.clear();
    cluster.publish();
    EXPECT_EQ(presentServices(scenario.seal()), (Lines{"demo/api workload"})) << "a pod that Kubernetes forgot keeps its name";
}

TEST_F(ClusterTest, containersOfAPodKeepTheirIdentityAndShareTheWorkload)
{
    cluster.add(apiPod());
    cluster.publish();
    scenario.program(inContainer(100, "http-echo", kContainerA));
    scenario.program(inContainer(200, "envoy", kContainerB, {"SERVICE_NAME=mesh"}));
    scenario.seed();
    scenario.listen(100, "127.0.0.1", 5678, 5);
    scenario.listen(200, "0.0.0.0", 15001, 5);
    const telemetry::Batch batch = scenario.seal();
    EXPECT_EQ(presentServices(batch), (Lines{"demo/api workload"}));
    ASSERT_EQ(batch.overview->presence.size(), 2u);
    const auto& entities = batch.dictionary->entities;
    EXPECT_NE(entities[batch.overview->presence[0].instance].key, entities[batch.overview->presence[1].instance].key);
    EXPECT_EQ(entities[batch.overview->presence[0].instance].name, entities[batch.overview->presence[1].instance].name);
}

TEST_F(ClusterTest, theSandboxAndTheHostsOwnProgramsMakeNoInstanceOfAWorkload)
{
    cluster.add(apiPod());
    cluster.publish();
    scenario.program(inContainer(90, "pause", kSandbox));
    scenario.program(inContainer(100, "http-echo", kContainerA));
    scenario.program({.pid = 300, .comm = "kubelet", .executable = "/usr/bin/kubelet", .arguments = {"kubelet"}, .cgroup = "0::/system.slice/kubelet.service\n"});
    scenario.seed();
    scenario.listen(100, "::", 5678, 5);
    // A probe of the kubelet, by HTTP.
    Pair probe = scenario.connect(300, 100, endpoint("10.244.1.1", 40000), endpoint("10.244.1.7", 5678), 1, 5);
    scenario.exchange(probe, "/healthz");
    const telemetry::Batch batch = scenario.seal();
    EXPECT_EQ(presentServices(batch), (Lines{"demo/api workload", "kubelet process"}));
    EXPECT_EQ(batch.overview->presence.size(), 2u);
    EXPECT_EQ(requestLines(batch), (Lines{"client kubelet -> 10.244.1.7:5678 (api) | GET /healthz | 1 requests 0 errors | 200:1",
                                          "server api at 10.244.1.7:5678 <- 10.244.1.1:0 (kubelet) | GET /healthz | 1 requests 0 errors | 200:1"}));
}

TEST_F(ClusterTest, aStaticPodIsFoundByTheHashInItsCgroup)
{
    const std::string hash = "0123456789abcdef0123456789abcdef";
    PodFacts pod = apiPod();
    pod.workload = {"kube-system", "Pod", "etcd-node-1"};
    pod.name = "etcd-node-1";
    pod.containers.clear(); // the status was not read yet
    cluster.knowledge.podsByUid[hash] = std::make_shared<const PodFacts>(pod);
    cluster.publish();
    FakeProcess etcd = inContainer(100, "etcd", kContainerA);
    etcd.cgroup = "0::/kubepods/burstable/pod" + hash + "/" + kContainerA + "\n";
    scenario.program(etcd);
    scenario.seed();
    scenario.listen(100, "0.0.0.0", 2379, 1);
    EXPECT_EQ(presentServices(scenario.seal()), (Lines{"kube-system/etcd-node-1 workload"}));
}

TEST_F(ClusterTest, allAddressesAreSaidEveryTenSecondsAndAtOnceWhenOneChanged)
{
    cluster.knowledge.addresses = {{endpoint("10.96.0.10", 80), kApi, "demo/api"}, {endpoint("10.244.1.7", 0), kApi, ""}};
    cluster.publish();
    const Lines all{"10.96.0.10:80 demo/api by demo/api", "10.244.1.7:0 demo/api"};
    EXPECT_EQ(addressLines(scenario.seal()), all);
    for (int second = 101; second < 110; ++second)
        EXPECT_EQ(addressLines(scenario.seal()), Lines{}) << second;
    EXPECT_EQ(addressLines(scenario.seal()), all) << "the clock's next ten seconds, thus the next segment";
    EXPECT_EQ(addressLines(scenario.seal()), Lines{});
    cluster.publish(); // something else changed
    EXPECT_EQ(addressLines(scenario.seal()), Lines{});
    cluster.knowledge.addresses.pop_back();
    cluster.publish();
    EXPECT_EQ(addressLines(scenario.seal()), (Lines{"10.96.0.10:80 demo/api by demo/api"}));
}

TEST_F(ClusterTest, addressesOverTheBoundAreCoverage)
{
    for (std::uint32_t i = 0; i < ClusterRows::kMaxAddresses + 7; ++i)
        cluster.knowledge.addresses.push_back({{InternetAddress::fromV4(i), 0}, kApi, ""});
    cluster.publish();
    const telemetry::Batch batch = scenario.seal();
    EXPECT_EQ(batch.overview->addresses.size(), ClusterRows::kMaxAddresses);
    EXPECT_EQ(coverageOf(batch, "addresses_unlisted"), (std::pair<std::uint64_t, std::uint64_t>(7, ClusterRows::kMaxAddresses + 7)));
}

TEST_F(ClusterTest, whatKubernetesKeepsToItselfIsCoverageForAsLongAsItDoes)
{
    cluster.known = {{"kubernetes_nodes", "list and watch nodes: forbidden; node ports have no name"}, {"kubernetes_services", "list and watch services: forbidden"}};
    const telemetry::Batch batch = scenario.seal();
    EXPECT_EQ(coverageOf(batch, "kubernetes_nodes"), (std::pair<std::uint64_t, std::uint64_t>(1, 1)));
    EXPECT_EQ(coverageOf(batch, "kubernetes_services"), (std::pair<std::uint64_t, std::uint64_t>(1, 1)));
    const auto& rows = batch.overview->coverage;
    const auto nodes = std::ranges::find(rows, "kubernetes_nodes", [&](const telemetry::CoverageRow& row) { return batch.dictionary->strings[row.what]; });
    EXPECT_EQ(batch.dictionary->strings[nodes->advice], "list and watch nodes: forbidden; node ports have no name");
    EXPECT_EQ(nodes->subject, telemetry::kNone) << "the host's";
    cluster.known.clear();
    EXPECT_EQ(coverageOf(scenario.seal(), "kubernetes_nodes"), (std::pair<std::uint64_t, std::uint64_t>(0, 0)));
}

TEST(ClusterOwnPodTest, theAgentsOwnWorkloadAndItsGatewaysAreNotToldOf)
{
    FakeCluster cluster;
    cluster.add(apiPod());
    cluster.knowledge.addresses = {{endpoint("10.96.0.10", 80), kApi, "demo/api"}, {endpoint("10.96.0.11", 80), {"demo", "Deployment", "web"}, "demo/web"},
                                   {endpoint("10.88.0.4", 0), {"demo", "Deployment", "binnacle-gateway"}, ""},
                                   {endpoint("10.88.0.5", 0), {"else", "Deployment", "binnacle-gateway"}, ""}};
    cluster.publish();
    FakeProc proc;
    proc.add(inContainer(77, "binnacle-agent", kContainerA));
    Collector::Options options;
    options.self = ProcessId{77};
    options.procRoot = proc.root();
    Collector collector(options);
    collector.setClusterKnowledge(&cluster);
    const TimeRange second{utcTime(Scenario::kUtcOffset), utcTime(Scenario::kUtcOffset) + std::chrono::seconds(1)};
    EXPECT_EQ(addressLines(collector.seal(second, {hostTime(0), second.from, {}})), (Lines{"10.96.0.11:80 demo/web by demo/web", "10.88.0.5:0 else/binnacle-gateway"}));
}

TEST_F(ClusterTest, changesBecomeEventsOfTheWorkloadOrTheHost)
{
    cluster.knowledge.hostName = "node-1";
    cluster.publish();
    const UtcTime at = scenario.second().from + std::chrono::milliseconds(5);
    cluster.changes = {{at, EventKind::Scale, kApi, "3 → 0 replicas"}, {at + Nanoseconds(1), EventKind::NodeCondition, {"", "Node", "node-1"}, "NotReady"},
                       {at + Nanoseconds(2), EventKind::NodeCondition, {"", "Node", "node-2"}, "Ready"}, {{}, EventKind::Rollout, kApi, ""}};
    cluster.droppedChanges = 3;
    const telemetry::Batch batch = scenario.seal();
    Lines lines;
    for (const telemetry::EventRow& row : batch.overview->events) {
        const telemetry::Entity& subject = batch.dictionary->entities[row.subject];
        lines.push_back(std::string(factsOf(row.kind)->name) + ' ' + (subject.nameSpace.empty() ? "" : subject.nameSpace + '/') + subject.name + ' ' +
                        (row.detail == telemetry::kNone ? "-" : batch.dictionary->strings[row.detail]));
    }
    EXPECT_EQ(lines, (Lines{"rollout demo/api -", "scale demo/api 3 → 0 replicas", "node_condition node-1 NotReady", "node_condition node-2 Ready"}));
    EXPECT_EQ(batch.overview->events[2].subject, 0u) << "this host";
    EXPECT_EQ(coverageOf(batch, "cluster_events_unlisted"), (std::pair<std::uint64_t, std::uint64_t>(3, 7)));
    EXPECT_TRUE(scenario.seal().overview->events.empty());
}

/// kind: several hosts share a kernel.  The sockets of another host's tasks have no owner here, whatever the kernel tells of them.
TEST_F(ClusterTest, theOtherEndOnAHostOfTheSameKernelIsNotOurs)
{
    scenario.program({.pid = 100, .comm = "shop", .executable = "/usr/bin/shop", .arguments = {"shop"}, .netns = 5});
    scenario.seed();
    Pair pair;
    pair.client = scenario.open(Side::Client, 100, endpoint("10.244.1.7", 40000), endpoint("10.244.2.9", 80), 5);
    pair.server = scenario.open(Side::Server, 0, endpoint("10.244.2.9", 80), endpoint("10.244.1.7", 40000), 6); // a task that our /proc does not show
    scenario.drained();
    scenario.drained();
    scenario.exchange(pair, "/");
    const telemetry::Batch batch = scenario.seal();
    for (const telemetry::End& end : batch.dictionary->ends)
        EXPECT_EQ(end.remoteInstance, end.side == telemetry::Side::Client ? telemetry::kNone : end.remoteInstance);
    ASSERT_FALSE(requestLines(batch).empty());
    EXPECT_EQ(requestLines(batch)[0], "client shop -> 10.244.2.9:80 | GET / | 1 requests 0 errors | 200:1");
}
