// SPDX-License-Identifier: Apache-2.0
// A cluster of more hosts than tunnels are good for, recorded through its gateway: agents, gateway, tunnels, gRPC and file are the real ones.
#include "agent/gateway/fleet.h"
#include "agent/gateway/gateway_server.h"
#include "agent/gateway/merger.h"
#include "core/analysis/snapshot.h"
#include "core/session/session_reader.h"
#include "desktop/ingest/agent_queries.h"
#include "desktop/ingest/cluster_agents.h"
#include "desktop/ingest/kube_runtime.h"
#include "desktop/ingest/recorder.h"
#include "tests/agent/gateway/fake_fleet.h"

#include <algorithm>
#include <gtest/gtest.h>
#include <map>
#include <mutex>
#include <set>

namespace binnacle::desktop {
namespace {

using agent::test::FakeAgent;
using agent::test::FakeApi;
using agent::test::kNamespace;
using agent::test::waitFor;

#define EXPECT_SAYS(text, part) EXPECT_NE((text).find(part), std::string::npos) << (text)

constexpr std::size_t kHosts = 60;

class LargeCluster : public testing::Test {
protected:
    void addAgents(std::size_t count)
    {
        for (std::size_t i = 0; i < count; ++i)
            m_agents.push_back(std::make_unique<FakeAgent>(m_api, m_agents.size() + 101)); // node-101 …: names sort as numbers do
    }
    void addPodsOnly(std::size_t count)
    {
        for (std::size_t i = 0; i < count; ++i)
            m_api.putPod("binnacle-agent", "agent-" + std::to_string(101 + i), "node-" + std::to_string(101 + i), {{{"name", "grpc"}, {"containerPort", 9465}}});
    }
    enum class Gateway { Plain, Merging };
    void startGateway(Gateway kind = Gateway::Plain)
    {
        putGatewayPod();
        m_identity = m_api.identity(agent::kGatewayAccount, "gateway-1");
        agent::Fleet::Options options;
        options.nameSpace = kNamespace;
        options.link.identity = m_identity.get();
        options.link.firstPause = std::chrono::milliseconds(20);
        options.link.longestPause = std::chrono::milliseconds(200);
        m_fleet = std::make_unique<agent::Fleet>(m_api.client(), options);
        waitFor([&] {
            const auto links = m_fleet->links();
            return links.size() == m_agents.size() && std::ranges::all_of(links, [](const auto& link) { return link->status().isConnected; });
        });
        agent::GatewayServerOptions server;
        server.listen = *agent::ListenAddress::parse("127.0.0.1:0");
        server.identity = {EntityKey::ofText("gateway"), "gateway-1", {}, "0.1.0", {}, 1, {}};
        server.anchor = [] { return ClockAnchor{hostTime(5), samples::secondRange(0).to, Nanoseconds(7)}; };
        if (kind == Gateway::Merging)
            m_merger = std::make_unique<agent::Merger>(*m_fleet, agent::Merger::Options{.identity = server.identity, .anchor = server.anchor});
        m_server = std::move(*agent::GatewayServer::start(std::move(server), *m_fleet, m_merger.get()));
        m_api.server().order("POST", "/script", {{"portforward", {{"ports", {{"binnacle/gateway-1:9465", m_server->address().endpoint.port}}}}}});
    }
    void putGatewayPod() { m_api.putPod("binnacle-gateway", "gateway-1", "node-101", {{{"name", "grpc"}, {"containerPort", 9465}}}); }

    ClusterWish wish() { return {.context = "admin-token", .kubeconfig = m_api.server()["kubeconfig"]}; }

    std::unique_ptr<Recorder> record(FleetReading fleet = FleetReading::Auto)
    {
        RecorderOptions options;
        options.file = m_scratch.path() / "cluster.binnacle";
        options.kube = std::make_shared<KubeRuntime>();
        options.clusters.push_back(wish());
        options.clusters.back().fleet = fleet;
        RecorderListeners listeners;
        listeners.batch = [this](const std::shared_ptr<const telemetry::Batch>& batch) {
            const std::lock_guard lock(m_mutex);
            if (!batch->overview)
                return;
            m_twice += !m_seen.emplace(batch->key.agent, batch->key.sequence).second;
            for (const telemetry::RequestRow& row : batch->overview->requests)
                m_requests[batch->key.agent] += row.requests;
        };
        listeners.gap = [this](const telemetry::Gap& gap) {
            const std::lock_guard lock(m_mutex);
            m_gaps.push_back(gap);
        };
        return std::move(*Recorder::start(std::move(options), std::move(listeners)));
    }
    std::uint64_t requestsOf(const FakeAgent& agent) const
    {
        const std::lock_guard lock(m_mutex);
        const auto found = m_requests.find(agent.key());
        return found == m_requests.end() ? 0 : found->second;
    }
    std::uint64_t mergedRequests() const
    {
        const std::lock_guard lock(m_mutex);
        const auto found = m_requests.find(EntityKey::ofText("gateway"));
        return found == m_requests.end() ? 0 : found->second;
    }
    std::uint64_t allRequestsFed() const
    {
        std::uint64_t all = 0;
        for (const auto& agent : m_agents)
            all += agent->requestsFed();
        return all;
    }
    bool areFollowed() const { return std::ranges::all_of(m_agents, [](const auto& agent) { return agent->isFollowed(); }); }
    bool hasAllOfAll() const
    {
        return std::ranges::all_of(m_agents, [this](const auto& agent) { return requestsOf(*agent) == agent->requestsFed(); });
    }
    static std::size_t count(const Recorder& recorder, AgentState state)
    {
        const auto agents = recorder.status().agents;
        return static_cast<std::size_t>(std::ranges::count_if(agents, [&](const AgentStatus& agent) { return agent.state == state && agent.identity; }));
    }

    FakeApi m_api;
    samples::ScratchFolder m_scratch;
    std::vector<std::unique_ptr<FakeAgent>> m_agents;
    std::unique_ptr<agent::ChannelIdentity> m_identity;
    std::unique_ptr<agent::Fleet> m_fleet;
    std::unique_ptr<agent::Merger> m_merger;
    std::unique_ptr<agent::GatewayServer> m_server;
    mutable std::mutex m_mutex;
    std::map<EntityKey, std::uint64_t> m_requests; // guarded by m_mutex, as below
    std::set<std::pair<EntityKey, std::uint64_t>> m_seen;
    std::vector<telemetry::Gap> m_gaps;
    std::uint64_t m_twice = 0;
};

TEST_F(LargeCluster, isReadThroughItsGatewayWithExactCounts)
{
    addAgents(kHosts);
    startGateway();
    const auto recorder = record();
    waitFor([&] { return recorder->status().agents.size() == kHosts && areFollowed(); });
    for (int second = 0; second < 12; ++second) {
        for (const auto& agent : m_agents)
            agent->feed(1);
    }
    waitFor([&] { return hasAllOfAll(); });
    waitFor([&] { return count(*recorder, AgentState::Live) == kHosts; });
    const RecorderStatus status = recorder->status();
    EXPECT_TRUE(status.clusters.front().isThroughGateway);
    EXPECT_EQ(status.clusters.front().agents, kHosts);
    EXPECT_EQ(status.clusters.front().leftOut, "");
    EXPECT_EQ(status.agents.front().target.toWords(), "node-101 (through the gateway of context admin-token)");
    EXPECT_EQ(m_api.server().log("tunnel").size(), 2u) << "one for calls and one for streams, whatever the number of hosts";
    EXPECT_EQ(m_twice, 0u);
    waitFor([&] { return std::ranges::all_of(recorder->status().agents, [](const AgentStatus& agent) { return agent.clock.has_value(); }); });
    ASSERT_TRUE(recorder->stop().has_value());
    EXPECT_TRUE(m_gaps.empty());
}

TEST_F(LargeCluster, anAgentThatIsAwayAtTheEndIsAGapAndTheOthersGoOn)
{
    addAgents(kHosts);
    startGateway();
    const auto recorder = record();
    waitFor([&] { return recorder->status().agents.size() == kHosts && areFollowed(); });
    for (const auto& agent : m_agents)
        agent->feed(1);
    waitFor([&] { return hasAllOfAll(); });
    m_agents[7]->stopServing();
    waitFor([&] { return count(*recorder, AgentState::Away) == 1; });
    for (const auto& agent : m_agents) {
        if (agent != m_agents[7])
            agent->feed(10);
    }
    waitFor([&] { return std::ranges::all_of(m_agents, [this](const auto& agent) { return agent == m_agents[7] || requestsOf(*agent) == agent->requestsFed(); }); });
    ASSERT_TRUE(recorder->stop().has_value());
    ASSERT_EQ(m_gaps.size(), 1u);
    EXPECT_EQ(m_gaps.front().agent, m_agents[7]->key());
    EXPECT_SAYS(m_gaps.front().what, "the agent on node-108");
    EXPECT_EQ(m_gaps.front().range.from, samples::secondRange(1).to);
    EXPECT_GE(m_gaps.front().range.to, samples::secondRange(11).to) << "up to the last that anybody told, the cluster's own list among them";
}

TEST_F(LargeCluster, goesOnByEachAgentsCursorWhenTunnelsAreCut)
{
    addAgents(kHosts);
    startGateway();
    const auto recorder = record();
    waitFor([&] { return recorder->status().agents.size() == kHosts && areFollowed(); });
    for (const auto& agent : m_agents)
        agent->feed(3);
    waitFor([&] { return hasAllOfAll(); });
    m_api.server().order("POST", "/cut", {{"what", "tunnels"}, {"how", "eof"}});
    for (const auto& agent : m_agents)
        agent->feed(4);
    waitFor([&] { return hasAllOfAll(); });
    ASSERT_TRUE(recorder->stop().has_value());
    EXPECT_EQ(m_twice, 0u);
    EXPECT_TRUE(m_gaps.empty());
}

TEST_F(LargeCluster, aQuestionIsAnsweredByAllAndWhoDoesNotIsAGapByName)
{
    addAgents(kHosts);
    for (const auto& agent : m_agents)
        agent->feed(30);
    startGateway();
    m_agents[59]->stopServing();
    waitFor([&] { return !m_fleet->links()[59]->status().isConnected; });
    const auto reached = ClusterAgents::find(std::make_shared<KubeRuntime>(), {wish()});
    ASSERT_TRUE(reached.has_value()) << reached.error().what;
    ASSERT_EQ((*reached)->targets().size(), 1u);
    const HistoryQuery query{std::to_string(ns(samples::secondRange(11).from)), std::to_string(ns(samples::secondRange(20).to)), true};
    const auto snapshot = snapshotAgents((*reached)->targets(), query);
    ASSERT_TRUE(snapshot.has_value()) << snapshot.error().what;
    std::map<EntityKey, std::pair<std::uint64_t, std::uint64_t>> found; // batches, spans
    const auto read = snapshot->source->read(snapshot->range, true, [&](const telemetry::Batch& batch) {
        found[batch.key.agent].first += batch.overview.has_value();
        found[batch.key.agent].second += batch.detail ? batch.detail->spans.size() : 0;
        return true;
    });
    ASSERT_TRUE(read.has_value());
    EXPECT_EQ(found.size(), kHosts - 1);
    for (const auto& [agent, counts] : found)
        EXPECT_EQ(counts, (std::pair<std::uint64_t, std::uint64_t>{10, 20}));
    ASSERT_EQ(snapshot->source->gaps().size(), 1u);
    EXPECT_SAYS(snapshot->source->gaps().front().what, "node-160");
    EXPECT_EQ(snapshot->source->agents().size(), kHosts);
}

TEST_F(LargeCluster, aRecordingThatEndsHasTheSpansOfAllHostsToo)
{
    addAgents(kHosts);
    startGateway();
    const auto recorder = record();
    waitFor([&] { return recorder->status().agents.size() == kHosts && areFollowed(); });
    for (const auto& agent : m_agents)
        agent->feed(12);
    waitFor([&] { return hasAllOfAll(); });
    const auto fetched = recorder->fetchDetail();
    ASSERT_TRUE(fetched.has_value()) << fetched.error().what;
    ASSERT_TRUE(recorder->stop().has_value());
    const auto reader = session::SessionReader::open(m_scratch.path() / "cluster.binnacle");
    ASSERT_TRUE(reader.has_value()) << reader.error().what;
    std::map<EntityKey, std::pair<std::uint64_t, std::uint64_t>> found; // overviews, spans
    ASSERT_TRUE((*reader)->read((*reader)->covered(), true, [&](const telemetry::Batch& batch) {
        found[batch.key.agent].first += batch.overview.has_value();
        found[batch.key.agent].second += batch.detail ? batch.detail->spans.size() : 0;
        return true;
    }).has_value());
    EXPECT_EQ(found.size(), kHosts + 1) << "the cluster's own list is one more";
    for (const auto& agent : m_agents)
        EXPECT_EQ(found[agent->key()], (std::pair<std::uint64_t, std::uint64_t>{12, 24}));
    EXPECT_TRUE(m_gaps.empty());
}

TEST_F(LargeCluster, isReadMergedWhereItsGatewayCanAndAMissingHostIsAGapByName)
{
    addAgents(kHosts);
    startGateway(Gateway::Merging);
    const auto recorder = record();
    waitFor([&] { return recorder->status().agents.size() == kHosts && areFollowed(); });
    for (int second = 0; second < 5; ++second) {
        for (const auto& agent : m_agents)
            agent->feed(1);
        waitFor([&] { return mergedRequests() == allRequestsFed(); });
    }
    waitFor([&] { return count(*recorder, AgentState::Live) == kHosts; });
    m_agents[7]->stopServing();
    waitFor([&] { return count(*recorder, AgentState::Away) == 1; });
    for (int second = 0; second < 3; ++second) {
        for (const auto& agent : m_agents) {
            if (agent != m_agents[7])
                agent->feed(1);
        }
        waitFor([&] { return mergedRequests() == allRequestsFed(); });
    }
    for (const auto& agent : m_agents)
        EXPECT_EQ(requestsOf(*agent), 0u) << "not beside the merged seconds";
    ASSERT_TRUE(recorder->stop().has_value());
    const auto reader = session::SessionReader::open(m_scratch.path() / "cluster.binnacle");
    ASSERT_TRUE(reader.has_value()) << reader.error().what;
    const auto snapshot = analysis::buildSnapshot(**reader, (*reader)->covered());
    ASSERT_TRUE(snapshot.has_value());
    EXPECT_TRUE(snapshot->isMerged);
    EXPECT_EQ(snapshot->agents.size(), kHosts);
    ASSERT_EQ(snapshot->edges.size(), 1u);
    EXPECT_EQ(snapshot->edges.front().chosen.requests, allRequestsFed());
    EXPECT_EQ(snapshot->edges.front().chosen.latency.count(), allRequestsFed());
    std::set<EntityKey> missing;
    for (const telemetry::Gap& gap : snapshot->gaps)
        missing.insert(gap.agent);
    EXPECT_EQ(missing, std::set<EntityKey>{m_agents[7]->key()});
    ASSERT_FALSE(snapshot->gaps.empty());
    EXPECT_SAYS(snapshot->gaps.front().what, m_agents[7]->node());
}

TEST_F(LargeCluster, isReadHostByHostWhenToldTo)
{
    addAgents(kHosts);
    startGateway(Gateway::Merging);
    const auto recorder = record(FleetReading::Hosts);
    waitFor([&] { return recorder->status().agents.size() == kHosts && areFollowed(); });
    for (const auto& agent : m_agents)
        agent->feed(3);
    waitFor([&] { return hasAllOfAll(); });
    EXPECT_EQ(mergedRequests(), 0u);
    ASSERT_TRUE(recorder->stop().has_value());
}

TEST_F(LargeCluster, aFewHostsAreReadMergedWhenToldTo)
{
    addAgents(3);
    startGateway(Gateway::Merging);
    const auto recorder = record(FleetReading::Merged);
    waitFor([&] { return recorder->status().agents.size() == 3 && areFollowed(); });
    for (int second = 0; second < 3; ++second) {
        for (const auto& agent : m_agents)
            agent->feed(1);
        waitFor([&] { return mergedRequests() == allRequestsFed(); });
    }
    EXPECT_TRUE(recorder->status().clusters.front().isThroughGateway);
    ASSERT_TRUE(recorder->stop().has_value());

    ClusterWish merged = wish();
    merged.fleet = FleetReading::Merged;
    const auto reached = ClusterAgents::find(std::make_shared<KubeRuntime>(), {merged});
    ASSERT_TRUE(reached.has_value()) << reached.error().what;
    const auto horizons = bufferOf((*reached)->targets().front());
    ASSERT_TRUE(horizons.has_value()) << horizons.error().what;
    std::string buffers;
    for (const telemetry::BufferHorizon& horizon : *horizons)
        buffers += horizon.signal == "overview_1s" ? horizon.host + (horizon.isMerged ? " merged " : " ") : std::string();
    EXPECT_EQ(buffers, "node-101 node-102 node-103 gateway-1 merged ");
}

TEST_F(LargeCluster, withoutAGatewaySomeAreReadAndTheOthersAreNamed)
{
    addPodsOnly(kHosts);
    const auto recorder = record();
    waitFor([&] { return recorder->status().agents.size() == 50; });
    const ClusterStatus cluster = recorder->status().clusters.front();
    EXPECT_FALSE(cluster.isThroughGateway);
    EXPECT_EQ(cluster.agents, kHosts);
    EXPECT_SAYS(cluster.leftOut, "10 of the 60 hosts of context admin-token are not read, because more than 50 tunnels are too many: node-151, node-152");
    EXPECT_SAYS(cluster.leftOut, "gateway.enabled=true");
    putGatewayPod(); // turned on
    waitFor([&] { return recorder->status().clusters.front().isThroughGateway && recorder->status().agents.size() == 1; });
    EXPECT_EQ(recorder->status().clusters.front().leftOut, "");
}

TEST_F(LargeCluster, fiftyAreReadByTunnelsEvenBesideAGateway)
{
    addPodsOnly(50);
    putGatewayPod();
    const auto recorder = record();
    waitFor([&] { return recorder->status().agents.size() == 50; });
    EXPECT_FALSE(recorder->status().clusters.front().isThroughGateway);
    EXPECT_EQ(recorder->status().clusters.front().leftOut, "");
}

} // namespace
} // namespace binnacle::desktop
