// SPDX-License-Identifier: GPL-3.0-or-later
// What is in a cluster, without any agent: the double of its API server, the real watch, recorder, file and frames.
#include "core/analysis/frame_store.h"
#include "core/session/session_reader.h"
#include "desktop/ingest/kube_runtime.h"
#include "desktop/ingest/recorder.h"
#include "tests/core/kube/objects/sample_objects.h"
#include "tests/desktop/ingest/fake_cluster.h"

#include <algorithm>
#include <gtest/gtest.h>

namespace binnacle::desktop {
namespace {

namespace samples_of = kube::objects::test;
using nlohmann::json;

json space(const std::string& name) { return {{"apiVersion", "v1"}, {"kind", "Namespace"}, {"metadata", {{"name", name}, {"uid", "uid-of-" + name}}}}; }

json podOf(const std::string& name, char container, const std::string& host, const std::string& nameSpace = "default")
{
    json object = samples_of::pod(name, "uid-" + name, "10.1.0." + std::to_string(container), host);
    object["metadata"]["namespace"] = nameSpace;
    object["status"]["containerStatuses"][0]["containerID"] = "containerd://" + std::string(64, container);
    return object;
}

json inDefault(json object)
{
    object["metadata"]["namespace"] = "default";
    return object;
}

/// Two replicas of `api` behind the Service `entry`; another workload in namespace `other`.
json cluster()
{
    json other = podOf("lonely", 'c', "node-a", "other");
    other["metadata"]["ownerReferences"] = samples_of::ownedBy("StatefulSet", "lonely");
    json endpoints = json::array({samples_of::endpoint("uid-api-1", "10.1.0.97"), samples_of::endpoint("uid-api-2", "10.1.0.98")});
    return {{"objects", {space("default"), space("kube-system"), space("binnacle"), space("other"), samples_of::node("node-a"), podOf("api-1", 'a', "node-a"),
                         podOf("api-2", 'b', "node-b"), inDefault(samples_of::service("entry", "10.96.0.20", 80)), inDefault(samples_of::slice("entry", endpoints)),
                         inDefault(samples_of::deployment("api", "x:1", 2, 1)), other}}};
}

/// A recording of one context, with the frames that a window would have.
class Recorded {
public:
    explicit Recorded(const FakeCluster& cluster, const std::string& context = "admin-token")
    {
        RecorderOptions options;
        options.file = m_folder.path() / "inventory.binnacle";
        options.kube = std::make_shared<KubeRuntime>();
        options.clusters.push_back({.context = context, .kubeconfig = cluster.kubeconfig()});
        RecorderListeners listeners;
        listeners.identity = [this](const telemetry::AgentIdentity& identity) { frames.addAgent(identity); };
        listeners.batch = [this](const std::shared_ptr<const telemetry::Batch>& batch) { frames.add(*batch); };
        listeners.gap = [this](const telemetry::Gap& gap) { frames.addGap(gap); };
        listeners.silent = [this](const std::vector<telemetry::Gap>& gaps) { frames.setSilent(gaps); };
        recorder = std::move(*Recorder::start(std::move(options), std::move(listeners)));
    }
    ~Recorded() { recorder.reset(); } // before what it tells

    analysis::SnapshotPtr now() const
    {
        const UtcTime end = frames.covered().to;
        return frames.snapshot({end - std::chrono::minutes(1), end});
    }
    /// -1: no such node.
    int instancesOf(const std::string& id) const
    {
        const auto snapshot = now();
        const auto found = std::ranges::find(snapshot->nodes, id, &analysis::Node::id);
        return found == snapshot->nodes.end() ? -1 : static_cast<int>(found->instances);
    }
    std::filesystem::path file() const { return m_folder.path() / "inventory.binnacle"; }

    analysis::FrameStore frames;
    std::unique_ptr<Recorder> recorder;

private:
    samples::ScratchFolder m_folder;
};

std::string textOf(const analysis::Snapshot& snapshot)
{
    std::string text;
    for (const analysis::Node& node : snapshot.nodes) {
        text += node.id + ' ' + std::to_string(node.instances) + '/' + std::to_string(node.instancesMax) + (node.observed ? "" : " not observed");
        for (const std::string& host : node.hosts)
            text += ' ' + host;
        text += '\n';
    }
    for (const analysis::PossibleEdge& edge : snapshot.possible)
        text += edge.from.id + " > " + edge.to + ':' + std::to_string(edge.port) + '\n';
    for (const analysis::CoverageSummary& row : snapshot.coverage)
        text += row.subject + ": " + row.what + '\n';
    return text;
}

bool saysOf(const analysis::Snapshot& snapshot, const std::string& what, const std::string& part)
{
    return std::ranges::any_of(snapshot.coverage, [&](const analysis::CoverageSummary& row) { return row.what == what && row.advice.find(part) != std::string::npos; });
}

void put(FakeCluster& cluster, const json& object) { cluster.server().order("POST", "/object", {{"action", "put"}, {"object", object}}); }
void remove(FakeCluster& cluster, const json& object) { cluster.server().order("POST", "/object", {{"action", "delete"}, {"object", object}}); }

TEST(ClusterInventory, isThereBeforeAnyAgentAndTheFileShowsTheSame)
{
    const FakeCluster server(cluster());
    Recorded recorded(server);
    waitFor([&] { return recorded.recorder->status().batches >= 3; });
    const auto live = recorded.now();
    EXPECT_EQ(textOf(*live), "workload:default/api 2/2 not observed node-a node-b\n"
                             "workload:other/lonely 1/1 not observed node-a\n"
                             "service:default/entry > workload:default/api:80\n"
                             "node-a: not_observed\nnode-b: not_observed\n");
    const RecorderStatus status = recorded.recorder->status();
    EXPECT_TRUE(status.agents.empty());
    EXPECT_TRUE(status.clusters.front().isListed);
    EXPECT_TRUE(status.clusters.front().limits.empty());
    ASSERT_TRUE(recorded.recorder->stop().has_value());
    const auto end = recorded.now();
    const auto reader = session::SessionReader::open(recorded.file());
    ASSERT_TRUE(reader.has_value());
    ASSERT_EQ((*reader)->agents().size(), 1u);
    EXPECT_EQ((*reader)->agents().front().host, "cluster inventory (context admin-token)");
    analysis::FrameStore replay;
    ASSERT_TRUE(replay.load(**reader).has_value());
    EXPECT_EQ(replay.covered(), recorded.frames.covered());
    EXPECT_EQ(textOf(*replay.snapshot(end->range)), textOf(*end));
}

TEST(ClusterInventory, everySecondIsToldOnce)
{
    const FakeCluster server(cluster());
    Recorded recorded(server);
    waitFor([&] { return recorded.recorder->status().batches >= 4; });
    for (const analysis::SecondSummary& second : recorded.frames.seconds(recorded.frames.covered()))
        EXPECT_FALSE(second.gap) << ns(second.from);
}

TEST(ClusterInventory, followsScaling)
{
    FakeCluster server(cluster());
    Recorded recorded(server);
    waitFor([&] { return recorded.instancesOf("workload:default/api") == 2; });
    put(server, podOf("api-3", 'd', "node-a"));
    waitFor([&] { return recorded.instancesOf("workload:default/api") == 3; });
    remove(server, podOf("api-1", 'a', "node-a"));
    remove(server, podOf("api-2", 'b', "node-b"));
    remove(server, podOf("api-3", 'd', "node-a"));
    waitFor([&] { return recorded.instancesOf("workload:default/api") == 0; }); // its Deployment is still there
}

TEST(ClusterInventory, whoMayOnlySeeOneNamespaceIsShownThatOneAndToldSo)
{
    json script = cluster();
    script["authorization"]["rules"] = json::array(
        {{{"users", {"nobody"}}, {"verbs", {"get", "list", "watch"}}, {"api_groups", {"*"}}, {"resources", {"pods", "services", "endpointslices", "deployments", "replicasets"}}, {"namespaces", {"default"}}}});
    const FakeCluster server(script);
    Recorded recorded(server, "nobody-token");
    waitFor([&] { return recorded.instancesOf("workload:default/api") == 2; });
    const auto snapshot = recorded.now();
    EXPECT_TRUE(std::ranges::none_of(snapshot->nodes, [](const analysis::Node& node) { return node.id == "workload:other/lonely"; }));
    EXPECT_TRUE(saysOf(*snapshot, "kubernetes_pods", "only those of namespace default are shown")) << textOf(*snapshot);
    EXPECT_TRUE(saysOf(*snapshot, "kubernetes_nodes", "hosts are told by their pods alone")) << textOf(*snapshot);
    EXPECT_TRUE(saysOf(*snapshot, "kubernetes_statefulsets", "StatefulSets without a pod are not shown")) << textOf(*snapshot);
    EXPECT_TRUE(saysOf(*snapshot, "kubernetes_namespaces", "cannot be told from another's")) << textOf(*snapshot);
    EXPECT_FALSE(recorded.recorder->status().clusters.front().limits.empty());
}

TEST(ClusterInventory, isSilentWhileTheServerDoesNotAnswerAndSaysSo)
{
    FakeCluster server(cluster());
    Recorded recorded(server);
    waitFor([&] { return recorded.recorder->status().batches >= 2; });
    server.server().order("POST", "/script", {{"responses", {{{"match", json::object()}, {"cut", "reset"}}}}});
    server.server().order("POST", "/cut", {{"what", "connections"}, {"how", "reset"}});
    waitFor([&] { return !recorded.recorder->status().clusters.front().isListed; });
    std::this_thread::sleep_for(std::chrono::seconds(5)); // longer than an answer may be late
    server.server().order("POST", "/script", {{"responses", nullptr}});
    waitFor([&] { return recorded.recorder->status().clusters.front().isListed && saysOf(*recorded.now(), "kubernetes_unanswered", "was seen late"); });
    const auto seconds = recorded.frames.seconds(recorded.frames.covered());
    EXPECT_GE(std::ranges::count_if(seconds, &analysis::SecondSummary::gap), 3); // nobody spoke
    EXPECT_TRUE(recorded.now()->losses.empty());
    EXPECT_EQ(recorded.instancesOf("workload:default/api"), 2);
}

TEST(ClusterInventory, agentsAndTheListAreOneRecording)
{
    FakeCluster server(cluster());
    FakeHost host(samples::kAgent, "node-a", true);
    server.putPod("agent-a", "node-a", host);
    Recorded recorded(server);
    waitFor([&] { return host.server().readers() == 1; });
    host.feed(3);
    waitFor([&] { return recorded.recorder->status().agents.size() == 1 && recorded.recorder->status().agents.front().batches == 3; });
    waitFor([&] { return recorded.recorder->status().clusters.front().isListed; });
    ASSERT_TRUE(recorded.recorder->stop().has_value());
    const auto reader = session::SessionReader::open(recorded.file());
    ASSERT_TRUE(reader.has_value());
    EXPECT_EQ((*reader)->agents().size(), 2u);
    EXPECT_TRUE(std::ranges::any_of((*reader)->agents(), telemetry::isInventory));
}

} // namespace
} // namespace binnacle::desktop
