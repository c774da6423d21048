// SPDX-License-Identifier: Apache-2.0
// Agents of a cluster, recorded through the double of its API server: credentials, watch, tunnels, gRPC and file are the real ones.
#include "desktop/ingest/kube_runtime.h"
#include "desktop/ingest/recorder.h"
#include "tests/desktop/ingest/fake_cluster.h"

#include <algorithm>
#include <cstdio>
#include <gtest/gtest.h>
#include <map>
#include <mutex>
#include <set>

namespace binnacle::desktop {
namespace {

#define EXPECT_SAYS(text, part) EXPECT_NE((text).find(part), std::string::npos) << (text)

constexpr EntityKey kOther{7, 8};

/// A recording of the agents of some contexts, and what it heard.
class Recording {
public:
    Recording(const FakeCluster& cluster, const std::filesystem::path& folder, const std::vector<std::string>& contexts)
    {
        RecorderOptions options;
        options.file = folder / "cluster.binnacle";
        options.kube = std::make_shared<KubeRuntime>();
        for (const std::string& context : contexts)
            options.clusters.push_back({.context = context, .kubeconfig = cluster.kubeconfig()});
        RecorderListeners listeners;
        listeners.batch = [this](const std::shared_ptr<const telemetry::Batch>& batch) {
            const std::lock_guard lock(m_mutex);
            if (batch->overview)
                ++m_seconds[{batch->key.agent, batch->range.from}];
        };
        listeners.gap = [this](const telemetry::Gap& gap) {
            const std::lock_guard lock(m_mutex);
            m_gaps.push_back(gap);
        };
        listeners.status = [](const RecorderStatus& status) { // a test that hangs has said why
            for (const ClusterStatus& cluster : status.clusters)
                std::printf("context %s: state %d, %zu agents, %s\n", cluster.context.c_str(), static_cast<int>(cluster.state), cluster.agents, cluster.trouble ? cluster.trouble->what.c_str() : "");
            for (const AgentStatus& agent : status.agents)
                std::printf("  %s: state %d, %s\n", agent.target.toWords().c_str(), static_cast<int>(agent.state), agent.trouble ? agent.trouble->what.c_str() : "");
        };
        recorder = std::move(*Recorder::start(std::move(options), std::move(listeners)));
    }

    std::size_t secondsOf(EntityKey agent) const
    {
        const std::lock_guard lock(m_mutex);
        return static_cast<std::size_t>(std::ranges::count_if(m_seconds, [&](const auto& entry) { return entry.first.first == agent; }));
    }
    bool hadDuplicates() const
    {
        const std::lock_guard lock(m_mutex);
        return std::ranges::any_of(m_seconds, [](const auto& entry) { return entry.second > 1; });
    }
    std::vector<telemetry::Gap> gaps() const
    {
        const std::lock_guard lock(m_mutex);
        return m_gaps;
    }
    std::set<std::string> names(AgentState state) const
    {
        std::set<std::string> names;
        for (const AgentStatus& agent : recorder->status().agents) {
            if (agent.state == state)
                names.insert(agent.target.toWords());
        }
        return names;
    }
    std::string troubleOf(const std::string& name) const
    {
        for (const AgentStatus& agent : recorder->status().agents) {
            if (agent.target.toWords() == name && agent.trouble)
                return agent.trouble->what;
        }
        return {};
    }

    std::unique_ptr<Recorder> recorder;

private:
    mutable std::mutex m_mutex;
    std::map<std::pair<EntityKey, UtcTime>, int> m_seconds;
    std::vector<telemetry::Gap> m_gaps;
};

TEST(ClusterLink, recordsTheAgentsOfAllNodesAsTheyCome)
{
    FakeCluster cluster;
    FakeHost a(samples::kAgent, "host-a", true), b(kOther, "host-b", true);
    cluster.putPod("agent-a", "node-a", a);
    const Recording recording(cluster, a.folder(), {"admin-token"});
    waitFor([&] { return a.server().readers() == 1; });
    a.feed(5);
    waitFor([&] { return recording.secondsOf(samples::kAgent) == 5; });
    EXPECT_EQ(recording.names(AgentState::Live), std::set<std::string>{"node-a (context admin-token)"});
    cluster.putPod("agent-b", "node-b", b);
    waitFor([&] { return b.server().readers() == 1; });
    b.feed(3);
    waitFor([&] { return recording.secondsOf(kOther) == 3; });
    const RecorderStatus status = recording.recorder->status();
    ASSERT_EQ(status.clusters.size(), 1u);
    EXPECT_EQ(status.clusters.front().state, ClusterState::Watching);
    EXPECT_EQ(status.clusters.front().agents, 2u);
    EXPECT_FALSE(status.clusters.front().trouble);
    EXPECT_FALSE(recording.hadDuplicates());
}

TEST(ClusterLink, callsAndStreamsHaveATunnelEach)
{
    FakeCluster cluster;
    FakeHost host(samples::kAgent, "host-a", true);
    cluster.putPod("agent-a", "node-a", host);
    const Recording recording(cluster, host.folder(), {"admin-token"});
    waitFor([&] { return host.server().readers() == 1; });
    EXPECT_EQ(cluster.server().log("tunnel").size(), 2u);
}

TEST(ClusterLink, goesOnByItsCursorInThePodThatReplacesAnother)
{
    FakeCluster cluster;
    FakeHost host(samples::kAgent, "host-a", true);
    cluster.putPod("agent-1", "node-a", host);
    const Recording recording(cluster, host.folder(), {"admin-token"});
    waitFor([&] { return host.server().readers() == 1; });
    host.feed(4);
    waitFor([&] { return recording.secondsOf(samples::kAgent) == 4; });
    cluster.removePod("agent-1");
    host.stopServing();
    host.feed(6);
    host.serve();
    cluster.putPod("agent-2", "node-a", host);
    host.feed(2);
    waitFor([&] { return recording.secondsOf(samples::kAgent) == 12; });
    EXPECT_FALSE(recording.hadDuplicates());
    EXPECT_TRUE(recording.gaps().empty()); // the buffer had it all
    EXPECT_EQ(recording.recorder->status().agents.size(), 1u);
}

TEST(ClusterLink, comesBackByItselfWhenTunnelsAreCut)
{
    FakeCluster cluster;
    FakeHost host(samples::kAgent, "host-a", true);
    cluster.putPod("agent-1", "node-a", host);
    const Recording recording(cluster, host.folder(), {"admin-token"});
    waitFor([&] { return host.server().readers() == 1; });
    host.feed(3);
    waitFor([&] { return recording.secondsOf(samples::kAgent) == 3; });
    cluster.cutTunnels();
    host.feed(4);
    waitFor([&] { return recording.secondsOf(samples::kAgent) == 7; });
    EXPECT_FALSE(recording.hadDuplicates());
}

TEST(ClusterLink, anAgentThatGoesIsAwayWithASentenceAndTheMissingTimeIsAGap)
{
    FakeCluster cluster;
    FakeHost a(samples::kAgent, "host-a", true), b(kOther, "host-b", true);
    cluster.putPod("agent-a", "node-a", a);
    cluster.putPod("agent-b", "node-b", b);
    Recording recording(cluster, a.folder(), {"admin-token"});
    waitFor([&] { return a.server().readers() == 1 && b.server().readers() == 1; });
    a.feed(5);
    b.feed(5);
    waitFor([&] { return recording.secondsOf(samples::kAgent) == 5 && recording.secondsOf(kOther) == 5; });
    b.stopServing();
    a.feed(20);
    waitFor([&] { return recording.secondsOf(samples::kAgent) == 25 && recording.names(AgentState::Away).contains("node-b (context admin-token)"); });
    EXPECT_FALSE(recording.troubleOf("node-b (context admin-token)").empty());
    ASSERT_TRUE(recording.recorder->stop().has_value());
    ASSERT_EQ(recording.gaps().size(), 1u);
    EXPECT_EQ(recording.gaps().front().agent, kOther);
    EXPECT_EQ(recording.gaps().front().range.from, samples::secondRange(5).to);
    EXPECT_GE(recording.gaps().front().range.to, samples::secondRange(25).to); // up to what the cluster's inventory covers
}

TEST(ClusterLink, whoMayNotForwardPortsIsToldWhichRightIsMissing)
{
    FakeCluster cluster;
    FakeHost host(samples::kAgent, "host-a", true);
    cluster.putPod("agent-a", "node-a", host);
    const Recording recording(cluster, host.folder(), {"viewer-token"});
    waitFor([&] { return recording.names(AgentState::Refused).contains("node-a (context viewer-token)"); });
    EXPECT_SAYS(recording.troubleOf("node-a (context viewer-token)"), "pods/portforward");
}

TEST(ClusterLink, severalContextsAtOnceAreToldApart)
{
    FakeCluster cluster;
    FakeHost host(samples::kAgent, "host-a", true);
    cluster.putPod("agent-a", "node-a", host);
    const Recording recording(cluster, host.folder(), {"admin-token", "admin-certificate", "nobody-token", "no-such"});
    waitFor([&] { return recording.names(AgentState::Live).size() == 2; });
    EXPECT_TRUE(recording.names(AgentState::Live).contains("node-a (context admin-certificate)"));
    waitFor([&] { return recording.recorder->status().clusters[2].state == ClusterState::Refused; });
    const RecorderStatus status = recording.recorder->status();
    EXPECT_SAYS(status.clusters[2].trouble->what, "may not watch pods in namespace binnacle");
    EXPECT_EQ(status.clusters[3].state, ClusterState::Refused);
    EXPECT_SAYS(status.clusters[3].trouble->what, "no-such");
}

TEST(ClusterLink, aRecordingOfAClusterWithoutAgentsSaysHowToGetThem)
{
    FakeCluster cluster;
    samples::ScratchFolder folder;
    RecordJob job;
    job.duration = std::chrono::seconds(1);
    job.file = folder.path() / "r.binnacle";
    job.clusters = {{.context = "admin-token", .kubeconfig = cluster.kubeconfig()}};
    job.kube = std::make_shared<KubeRuntime>();
    const std::atomic<bool> cancel{false};
    const auto recorded = recordFor(job, {}, cancel);
    ASSERT_FALSE(recorded);
    EXPECT_SAYS(recorded.error().what, "no agent runs in namespace binnacle of context admin-token");
    EXPECT_FALSE(std::filesystem::exists(job.file));
}

} // namespace
} // namespace binnacle::desktop
