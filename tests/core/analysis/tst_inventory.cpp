// SPDX-License-Identifier: Apache-2.0
// What a cluster's API lists and what agents observe, in one picture: the same things by the same keys, each once.
#include "core/analysis/frame_store.h"
#include "core/kube/objects/entities.h"
#include "core/kube/objects/inventory_model.h"
#include "core/telemetry/identity.h"
#include "tests/core/analysis/batch_builder.h"
#include "tests/core/analysis/snapshot_text.h"
#include "tests/core/kube/objects/sample_objects.h"

#include <gtest/gtest.h>

#include <random>

using namespace binnacle;
using namespace binnacle::analysis;
using namespace binnacle::tests;
namespace objects = binnacle::kube::objects;

namespace {

const std::string kUid = "cluster-1";

AgentIdentity inventoryIdentity()
{
    AgentIdentity identity{EntityKey::ofText("inventory"), "cluster inventory (context test)", {}, "0.1.0", {}, 1, kInventorySource};
    return identity;
}

/// Two replicas of `api` behind the Service `entry`, on two hosts; one of `redis` on the first.
class Cluster {
public:
    Cluster()
    {
        m_model.setClusterUid(kUid);
        pod("api-1", "u1", 'a', "10.1.0.7", "node-a");
        pod("api-2", "u2", 'b', "10.1.0.8", "node-b");
        nlohmann::json redis = podObject("redis-0", "u3", 'c', "10.1.0.9", "node-a");
        redis["metadata"]["ownerReferences"] = objects::test::ownedBy("StatefulSet", "redis");
        m_model.set(objects::Listed::Pods, redis, {});
        m_model.set(objects::Listed::Services, objects::test::service("entry", "10.96.0.20", 80), {});
        m_model.set(objects::Listed::EndpointSlices,
                    objects::test::slice("entry", {objects::test::endpoint("u1", "10.1.0.7"), objects::test::endpoint("u2", "10.1.0.8")}), {});
    }
    static nlohmann::json podObject(const std::string& name, const std::string& uid, char container, const std::string& address, const std::string& host)
    {
        nlohmann::json object = objects::test::pod(name, uid, address, host);
        object["status"]["containerStatuses"][0]["containerID"] = "containerd://" + std::string(64, container);
        object["status"]["podIPs"] = {{{"ip", address}}};
        return object;
    }
    void pod(const std::string& name, const std::string& uid, char container, const std::string& address, const std::string& host)
    {
        m_model.set(objects::Listed::Pods, podObject(name, uid, container, address, host), {});
    }
    void remove(const std::string& name, const std::string& uid) { m_model.remove(objects::Listed::Pods, {"shop", name, uid}, {}); }

    Batch second(int offset)
    {
        const auto rows = m_model.rows({});
        Batch batch;
        batch.key = {inventoryIdentity().agent, 1, static_cast<std::uint64_t>(offset) + 1};
        batch.range = seconds(offset, offset + 1);
        batch.dictionary = rows.dictionary;
        Overview& overview = batch.overview.emplace();
        overview.presence = rows.presence;
        overview.addresses = rows.addresses;
        overview.coverage = rows.coverage;
        return batch;
    }

private:
    objects::InventoryModel m_model;
};

/// One second of the agent on `host`, which sees one container there.
Batch observed(const std::string& host, int offset, char container, const std::string& pod, const std::string& uid, std::uint32_t processes = 1)
{
    BatchBuilder builder(host, offset);
    objects::PodFacts facts{.uid = uid, .name = pod, .workload = {"shop", "Deployment", "api"}, .host = host, .zone = {}, .attributes = {}, .containers = {}, .hostNetwork = false};
    Entity instance = objects::containerEntity(facts, std::string(64, container), "api");
    instance.type = "go";
    instance.attributes.emplace_back("process.executable.name", "api");
    const std::uint32_t who = builder.entityIndex(instance);
    builder.present(who, builder.entityIndex(objects::workloadEntity(kUid, facts.workload)), processes);
    return builder.build();
}

HandMadeSource sourceOf(const std::vector<Batch>& batches)
{
    HandMadeSource source;
    source.addAgent(inventoryIdentity());
    for (const Batch& batch : batches) {
        for (const char* host : {"node-a", "node-b"}) {
            if (batch.key.agent == agentKey(host))
                source.addAgent(identity(host));
        }
        source.add(batch);
    }
    return source;
}

Snapshot snapshotOf(const std::vector<Batch>& batches, TimeRange range)
{
    return *buildSnapshot(sourceOf(batches), range);
}

std::string possibleText(const Snapshot& snapshot)
{
    std::string text;
    for (const PossibleEdge& edge : snapshot.possible)
        text += edge.from.id + " > " + edge.to + ":" + std::to_string(edge.port) + "\n";
    return text;
}

} // namespace

TEST(Inventory, isAMapBeforeAnyAgentAnswers)
{
    Cluster cluster;
    const Snapshot snapshot = snapshotOf({cluster.second(0)}, seconds(0, 1));
    EXPECT_EQ(nodesText(snapshot), "workload:shop/api 2/2 unknown\nworkload:shop/redis 1/1 unknown\n");
    EXPECT_EQ(possibleText(snapshot), "service:shop/entry > workload:shop/api:80\n");
    EXPECT_TRUE(snapshot.edges.empty());
    EXPECT_TRUE(snapshot.agents.empty());
    EXPECT_TRUE(snapshot.losses.empty());
    const Node& api = *findNode(snapshot, "workload:shop/api");
    EXPECT_FALSE(api.observed);
    EXPECT_EQ(api.hosts, (std::vector<std::string>{"node-a", "node-b"}));
    ASSERT_EQ(api.healthReasons.size(), 1u);
    EXPECT_NE(api.healthReasons.front().find("Not observed yet"), std::string::npos);
    ASSERT_EQ(snapshot.coverage.size(), 2u);
    EXPECT_EQ(snapshot.coverage[0].subject, "node-a");
    EXPECT_EQ(snapshot.coverage[0].what, "not_observed");
    EXPECT_EQ(snapshot.coverage[0].share, 1);
}

TEST(Inventory, whatAnAgentSaysLaterWinsAndDoublesNothing)
{
    Cluster cluster;
    std::vector<Batch> batches;
    for (int s = 0; s < 6; ++s)
        batches.push_back(cluster.second(s));
    for (int s = 3; s < 6; ++s) {
        batches.push_back(observed("node-a", s, 'a', "api-1", "u1"));
        batches.push_back(observed("node-b", s, 'b', "api-2", "u2"));
    }
    const Snapshot snapshot = snapshotOf(batches, seconds(0, 6));
    EXPECT_EQ(nodesText(snapshot), "workload:shop/api 2/2 unknown\nworkload:shop/redis 1/1 unknown\n");
    const Node& api = *findNode(snapshot, "workload:shop/api");
    EXPECT_TRUE(api.observed);
    EXPECT_EQ(api.type, "go");
    EXPECT_EQ(api.hosts, (std::vector<std::string>{"node-a", "node-b"}));
    EXPECT_TRUE(snapshot.possible.empty()) << possibleText(snapshot);
    EXPECT_EQ(snapshot.instances.size(), 3u);
    EXPECT_EQ(snapshot.agents.size(), 2u);
    EXPECT_TRUE(snapshot.coverage.empty()) << "an agent speaks from both hosts";
    // Looked at again before the agents came, it is what it was.
    EXPECT_FALSE(findNode(snapshotOf(batches, seconds(0, 2)), "workload:shop/api")->observed);
}

TEST(Inventory, isTheSameInEveryOrder)
{
    Cluster cluster;
    std::vector<Batch> batches;
    for (int s = 0; s < 12; ++s) {
        batches.push_back(cluster.second(s));
        batches.push_back(observed("node-a", s, 'a', "api-1", "u1"));
    }
    const auto text = [](const Snapshot& snapshot) {
        std::string all = nodesText(snapshot) + possibleText(snapshot);
        for (const Instance& instance : snapshot.instances)
            all += instance.name + " on " + instance.host + (instance.alive ? " alive" : "") + " " + std::to_string(instance.attributes.size()) + "\n";
        return all;
    };
    FrameStore sorted, shuffled;
    for (FrameStore* store : {&sorted, &shuffled}) {
        store->addAgent(inventoryIdentity());
        store->addAgent(identity("node-a"));
    }
    for (const Batch& batch : batches)
        sorted.add(batch);
    std::mt19937 random(7); // seeded
    std::shuffle(batches.begin(), batches.end(), random);
    for (const Batch& batch : batches)
        shuffled.add(batch);
    EXPECT_EQ(text(*sorted.snapshot(seconds(0, 12))), text(*shuffled.snapshot(seconds(0, 12))));
    EXPECT_EQ(text(*sorted.snapshot(seconds(0, 12))), text(snapshotOf(batches, seconds(0, 12))));
}

TEST(Inventory, anInstanceEndsWhenItsAgentSaysSo)
{
    Cluster cluster;
    std::vector<Batch> batches;
    for (int s = 0; s < 3; ++s) {
        batches.push_back(cluster.second(s));
        batches.push_back(observed("node-a", s, 'a', "api-1", "u1", s < 2 ? 1 : 0));
    }
    // The list still has it: kubelet tells a second or two later.
    EXPECT_EQ(findNode(snapshotOf(batches, seconds(0, 3)), "workload:shop/api")->instances, 1u);
    EXPECT_EQ(findNode(snapshotOf(batches, seconds(0, 2)), "workload:shop/api")->instances, 2u);
}

TEST(Inventory, speaksForAHostWhoseAgentIsSilent)
{
    Cluster cluster;
    std::vector<Batch> batches;
    for (int s = 0; s < 20; ++s) {
        batches.push_back(cluster.second(s));
        if (s < 5)
            batches.push_back(observed("node-a", s, 'a', "api-1", "u1"));
    }
    const Snapshot snapshot = snapshotOf(batches, seconds(0, 20));
    const Node& api = *findNode(snapshot, "workload:shop/api");
    EXPECT_TRUE(api.instancesKnown);
    EXPECT_EQ(api.instances, 2u);
}

TEST(Inventory, namesWhatAnAgentWithoutKubernetesSees)
{
    Cluster cluster;
    BatchBuilder builder("node-a", 1);
    Entity bare;
    bare.key = telemetry::containerInstanceKey(std::string(64, 'a'));
    bare.name = std::string(12, 'a');
    bare.attributes = {{"container.id", std::string(64, 'a')}};
    builder.present(builder.entityIndex(bare), builder.service("api-bin"));
    const std::vector<Batch> batches{cluster.second(0), builder.build(), cluster.second(1)};
    const Snapshot snapshot = snapshotOf(batches, seconds(0, 2));
    EXPECT_EQ(findNode(snapshot, "workload:shop/api")->instances, 2u);
    EXPECT_TRUE(findNode(snapshot, "workload:shop/api")->observed);
    const Node* process = findNode(snapshot, "process:api-bin");
    EXPECT_TRUE(!process || process->instances == 0);
}

TEST(Inventory, podsThatGoAreNoLongerCounted)
{
    Cluster cluster;
    std::vector<Batch> batches{cluster.second(0)};
    cluster.remove("api-2", "u2");
    batches.push_back(cluster.second(1));
    const Snapshot snapshot = snapshotOf(batches, seconds(0, 2));
    EXPECT_EQ(nodesText(snapshot), "workload:shop/api 1/2 unknown\nworkload:shop/redis 1/1 unknown\n");
}

TEST(SilentAgents, areAGapWhileItLastsAndNoLoss)
{
    FrameStore store;
    store.addAgent(identity("node-a"));
    for (int s = 0; s < 5; ++s)
        store.add(observed("node-a", s, 'a', "api-1", "u1"));
    store.setSilent({{agentKey("node-a"), seconds(5, 9), Loss::AgentGap, "the tunnel is cut"}});
    EXPECT_EQ(store.covered(), seconds(0, 9));
    const auto all = store.seconds(seconds(0, 20));
    ASSERT_EQ(all.size(), 9u);
    for (std::size_t s = 0; s < all.size(); ++s)
        EXPECT_EQ(all[s].gap, s >= 5) << s;
    const SnapshotPtr now = store.snapshot(seconds(0, 9));
    ASSERT_EQ(now->gaps.size(), 1u);
    EXPECT_EQ(now->gaps.front().what, "the tunnel is cut");
    EXPECT_TRUE(now->losses.empty()) << "the agent may still have it";
    // It came back, and had kept what was missing.
    for (int s = 5; s < 10; ++s)
        store.add(observed("node-a", s, 'a', "api-1", "u1"));
    store.setSilent({});
    for (const SecondSummary& second : store.seconds(seconds(0, 10)))
        EXPECT_FALSE(second.gap);
    EXPECT_TRUE(store.snapshot(seconds(0, 10))->gaps.empty());
}
