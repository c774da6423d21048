// SPDX-License-Identifier: Apache-2.0
#include "agent/metadata/kubernetes/cluster_model.h"
#include "tests/core/kube/objects/sample_objects.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace binnacle::agent::test {
namespace {

using namespace kube::objects::test;

using Lines = std::vector<std::string>;

class ClusterModelTest : public ::testing::Test {
protected:
    void set(Resource resource, const json& object) { model.set(resource, object, now); }
    void remove(Resource resource, const std::string& name, const std::string& uid = {}) { model.remove(resource, {"shop", name, uid}, now); }
    void pass(std::chrono::seconds time) { now += time; }

    /// `10.96.0.20:80 Deployment shop/api shop/api`, sorted.
    Lines addresses()
    {
        Lines lines;
        for (const ServiceAddress& each : model.knowledge().addresses)
            lines.push_back(each.address.toText() + ' ' + each.workload.kind + ' ' + each.workload.nameSpace + '/' + each.workload.name +
                            (each.service.empty() ? "" : " by " + each.service));
        std::ranges::sort(lines);
        return lines;
    }
    Lines changes()
    {
        Lines lines;
        for (const ClusterChange& change : model.takeChanges())
            lines.push_back(std::string(binnacle::factsOf(change.kind)->name) + ' ' + change.subject.kind + '/' + change.subject.name + " | " + change.detail);
        return lines;
    }

    ClusterModel model{{.hostName = "node-a", .mostPods = 3, .keepDeleted = std::chrono::minutes(5)}};
    UtcTime now = utcTime(1'700'000'000'000'000'000);
};

TEST_F(ClusterModelTest, podsByUidContainerAndStaticHash)
{
    json fixed = pod("etcd-node-a", "u9", "192.168.1.10");
    fixed["metadata"]["annotations"]["kubernetes.io/config.hash"] = "0123456789abcdef0123456789abcdef";
    EXPECT_FALSE(model.knowledge().podsComplete);
    set(Resource::OwnNode, node("node-a"));
    set(Resource::HostPods, pod("api-1", "u1", "10.1.0.7"));
    set(Resource::HostPods, fixed);
    model.synced(Resource::HostPods);
    const ClusterKnowledge knowledge = model.knowledge();
    EXPECT_TRUE(knowledge.podsComplete);
    EXPECT_EQ(knowledge.podsByUid.size(), 3u);
    EXPECT_EQ(knowledge.podsByUid.at("0123456789abcdef0123456789abcdef")->name, "etcd-node-a");
    EXPECT_EQ(knowledge.podsByUid.at("u1")->zone, "eu-1b");
    EXPECT_TRUE(knowledge.podsByContainer.contains(kContainer));
    EXPECT_TRUE(knowledge.addresses.empty()) << "this agent does not watch the cluster";
    EXPECT_FALSE(model.isDirty());
}

TEST_F(ClusterModelTest, versionsRiseAndUnchangedPodsKeepTheirPointer)
{
    set(Resource::HostPods, pod("api-1", "u1", "10.1.0.7"));
    const ClusterKnowledge before = model.knowledge();
    set(Resource::HostPods, pod("api-1", "u1", "10.1.0.7"));
    const ClusterKnowledge after = model.knowledge();
    EXPECT_EQ(after.version, before.version + 1);
    EXPECT_EQ(after.podsByUid.at("u1"), before.podsByUid.at("u1"));
}

TEST_F(ClusterModelTest, deletedPodsStayForFiveMinutes)
{
    set(Resource::HostPods, pod("api-1", "u1", "10.1.0.7"));
    remove(Resource::HostPods, "api-1", "u1");
    pass(std::chrono::seconds(299));
    model.forgetDeleted(now);
    EXPECT_EQ(model.knowledge().podsByUid.size(), 1u);
    pass(std::chrono::seconds(2));
    model.forgetDeleted(now);
    EXPECT_TRUE(model.isDirty());
    EXPECT_TRUE(model.knowledge().podsByUid.empty());
}

TEST_F(ClusterModelTest, replacedContainersStayKnown)
{
    json object = pod("api-1", "u1", "10.1.0.7");
    set(Resource::HostPods, object);
    object["status"]["containerStatuses"][0]["containerID"] = "containerd://" + std::string(64, 'f');
    set(Resource::HostPods, object);
    const ClusterKnowledge knowledge = model.knowledge();
    EXPECT_TRUE(knowledge.podsByContainer.contains(kContainer));
    EXPECT_TRUE(knowledge.podsByContainer.contains(std::string(64, 'f')));
}

TEST_F(ClusterModelTest, podsOverTheBoundAreCounted)
{
    for (int i = 0; i < 5; ++i)
        set(Resource::HostPods, pod("api-" + std::to_string(i), "u" + std::to_string(i), "10.1.0.7"));
    EXPECT_EQ(model.knowledge().podsByUid.size(), 3u);
    EXPECT_EQ(model.leftOut(), 2u);
    remove(Resource::HostPods, "api-0", "u0");
    pass(std::chrono::seconds(301)); // what was deleted long ago makes room
    set(Resource::HostPods, pod("api-9", "u9", "10.1.0.7"));
    EXPECT_TRUE(model.knowledge().podsByUid.contains("u9"));
}

TEST_F(ClusterModelTest, servicesLeadToTheWorkloadOfTheirPods)
{
    json nodePort = service("api", "10.96.0.20", 80);
    nodePort["spec"]["ports"][0]["nodePort"] = 31'080;
    set(Resource::Nodes, node("node-a"));
    set(Resource::ClusterPods, pod("api-1", "u1", "10.1.0.7", "node-b"));
    set(Resource::Services, nodePort);
    set(Resource::Services, service("headless", "None", 80));
    set(Resource::EndpointSlices, slice("api", {endpoint("u1", "10.1.0.7")}));
    EXPECT_EQ(addresses(), (Lines{"10.1.0.7:0 Deployment shop/api", "10.96.0.20:80 Deployment shop/api by shop/api",
                                  "192.168.1.10:31080 Deployment shop/api by shop/api", "[fd00:10::7]:0 Deployment shop/api"}));
}

TEST_F(ClusterModelTest, serviceScaledToZeroKeepsItsName)
{
    set(Resource::ClusterPods, pod("api-1", "u1", "10.1.0.7"));
    set(Resource::Services, service("entry", "10.96.0.20", 80));
    set(Resource::EndpointSlices, slice("entry", {endpoint("u1", "10.1.0.7")}));
    EXPECT_EQ(addresses().size(), 3u);
    set(Resource::EndpointSlices, slice("entry", json::array()));
    remove(Resource::ClusterPods, "api-1", "u1");
    pass(std::chrono::minutes(6));
    model.forgetDeleted(now);
    EXPECT_EQ(addresses(), (Lines{"10.96.0.20:80 Deployment shop/api by shop/entry"}));
    remove(Resource::Services, "entry");
    EXPECT_TRUE(addresses().empty());
}

TEST_F(ClusterModelTest, serviceThatNeverHadPodsIsTheWorkloadItSelects)
{
    set(Resource::Services, service("entry", "10.96.0.20", 80, {{"app", "web"}}));
    EXPECT_EQ(addresses(), (Lines{"10.96.0.20:80 Service shop/entry by shop/entry"}));
    set(Resource::Deployments, deployment("api", "api:1", 0, 1));
    set(Resource::Deployments, deployment("web", "web:1", 0, 1));
    EXPECT_EQ(addresses(), (Lines{"10.96.0.20:80 Deployment shop/web by shop/entry"}));
}

TEST_F(ClusterModelTest, readyPodsDecideBetweenTwoWorkloads)
{
    json other = pod("blue-1", "u2", "10.1.0.8");
    other["metadata"]["ownerReferences"] = ownedBy("StatefulSet", "blue");
    set(Resource::ClusterPods, pod("api-1", "u1", "10.1.0.7"));
    set(Resource::ClusterPods, other);
    set(Resource::Services, service("entry", "10.96.0.20", 80));
    set(Resource::EndpointSlices, slice("entry", {endpoint("u1", "10.1.0.7", false), endpoint("u2", "10.1.0.8")}));
    EXPECT_EQ(addresses().at(2), "10.96.0.20:80 StatefulSet shop/blue by shop/entry");
}

TEST_F(ClusterModelTest, addressThatIsUsedAgainIsTheLaterPods)
{
    json next = pod("next-1", "u2", "10.1.0.7");
    next["metadata"]["ownerReferences"] = ownedBy("StatefulSet", "next");
    set(Resource::ClusterPods, pod("api-1", "u1", "10.1.0.7"));
    set(Resource::ClusterPods, next);
    EXPECT_EQ(addresses().front(), "10.1.0.7:0 StatefulSet shop/next") << "the first one's end was not told yet";
    remove(Resource::ClusterPods, "next-1", "u2");
    EXPECT_EQ(addresses().front(), "10.1.0.7:0 Deployment shop/api") << "who is there counts more";
    json finished = pod("api-1", "u1", "10.1.0.7");
    finished["status"]["phase"] = "Succeeded";
    set(Resource::ClusterPods, finished);
    EXPECT_EQ(addresses().front(), "10.1.0.7:0 StatefulSet shop/next");
}

TEST_F(ClusterModelTest, podsOnTheHostsNetworkHaveNoAddressOfTheirOwn)
{
    json object = pod("cni-1", "u1", "192.168.1.10");
    object["spec"]["hostNetwork"] = true;
    set(Resource::ClusterPods, object);
    EXPECT_TRUE(addresses().empty());
}

TEST_F(ClusterModelTest, ownersOfReplicaSetsAreKnownAndForgottenLate)
{
    set(Resource::ReplicaSets, ownerObject("api-6d4cf56db6", "rs-1", "Rollout", "api"));
    set(Resource::ClusterPods, pod("api-1", "u1", "10.1.0.7"));
    EXPECT_EQ(addresses().front(), "10.1.0.7:0 Rollout shop/api");
    remove(Resource::ReplicaSets, "api-6d4cf56db6", "rs-1");
    EXPECT_EQ(addresses().front(), "10.1.0.7:0 Rollout shop/api");
}

TEST_F(ClusterModelTest, forgettingTheClusterKeepsThisHost)
{
    set(Resource::HostPods, pod("api-1", "u1", "10.1.0.7"));
    set(Resource::ClusterPods, pod("api-1", "u1", "10.1.0.7"));
    set(Resource::Services, service("entry", "10.96.0.20", 80));
    EXPECT_FALSE(addresses().empty());
    model.forgetCluster();
    EXPECT_TRUE(model.isDirty());
    EXPECT_TRUE(addresses().empty());
    EXPECT_EQ(model.knowledge().podsByUid.size(), 1u);
}

TEST_F(ClusterModelTest, firstListTellsNoChange)
{
    set(Resource::Deployments, deployment("api", "api:1", 3, 1));
    set(Resource::Nodes, node("node-a"));
    set(Resource::Events, event("e1", 3, "Warning", "BackOff", "x", {{"kind", "Pod"}, {"name", "api-1"}, {"namespace", "shop"}, {"uid", "u1"}}));
    EXPECT_TRUE(changes().empty());
}

TEST_F(ClusterModelTest, rolloutBeginsAndEnds)
{
    set(Resource::Deployments, deployment("api", "x:1", 3, 1));
    model.synced(Resource::Deployments);
    set(Resource::Deployments, deployment("api", "x:2", 3, 2, 0, 3));
    EXPECT_EQ(changes(), (Lines{"deployment Deployment/api | api: image x:1 → x:2, 3 replicas"}));
    set(Resource::Deployments, deployment("api", "x:2", 3, 2, 2, 3));
    EXPECT_TRUE(changes().empty());
    set(Resource::Deployments, deployment("api", "x:2", 3, 2));
    EXPECT_EQ(changes(), (Lines{"rollout Deployment/api | api: rollout finished, 3 replicas"}));
    set(Resource::Deployments, deployment("api", "x:2", 3, 2));
    EXPECT_TRUE(changes().empty());
}

TEST_F(ClusterModelTest, scalingIsNoRollout)
{
    set(Resource::Deployments, deployment("api", "x:1", 3, 1));
    model.synced(Resource::Deployments);
    set(Resource::Deployments, deployment("api", "x:1", 0, 2));
    EXPECT_EQ(changes(), (Lines{"scale Deployment/api | api: replicas 3 → 0"}));
}

TEST_F(ClusterModelTest, changedSpecificationThatReplacesNoPodHasNoEnd)
{
    set(Resource::Deployments, deployment("api", "x:1", 1, 1));
    model.synced(Resource::Deployments);
    set(Resource::Deployments, deployment("api", "x:1", 1, 2));
    EXPECT_EQ(changes(), (Lines{"deployment Deployment/api | api: specification changed, 1 replica"}));
}

TEST_F(ClusterModelTest, newAndDeletedWorkloadsAreTold)
{
    model.synced(Resource::Deployments);
    set(Resource::Deployments, deployment("api", "x:1", 2, 1, 0, 0));
    set(Resource::Deployments, deployment("api", "x:1", 2, 1));
    remove(Resource::Deployments, "api");
    EXPECT_EQ(changes(), (Lines{"deployment Deployment/api | api: created, image x:1, 2 replicas", "rollout Deployment/api | api: rollout finished, 2 replicas",
                                "deployment Deployment/api | api: deleted"}));
}

TEST_F(ClusterModelTest, conditionsOfHosts)
{
    set(Resource::Nodes, node("node-a"));
    model.synced(Resource::Nodes);
    set(Resource::Nodes, node("node-a", "Unknown"));
    set(Resource::Nodes, node("node-a", "Unknown", true));
    set(Resource::Nodes, node("node-b"));
    remove(Resource::Nodes, "node-a");
    EXPECT_EQ(changes(), (Lines{"node_condition Node/node-a | node-a: Ready True → Unknown (NodeStatusUnknown)", "node_condition Node/node-a | node-a: cordoned",
                                "node_condition Node/node-b | node-b: joined the cluster", "node_condition Node/node-a | node-a: left the cluster"}));
}

TEST_F(ClusterModelTest, kubernetesEventsOncePerCount)
{
    const json involved{{"kind", "Pod"}, {"name", "api-1"}, {"namespace", "shop"}, {"uid", "u1"}};
    set(Resource::ClusterPods, pod("api-1", "u1", "10.1.0.7"));
    model.synced(Resource::Events);
    set(Resource::Events, event("e1", 1, "Warning", "Unhealthy", "Readiness probe failed", involved));
    set(Resource::Events, event("e1", 1, "Warning", "Unhealthy", "Readiness probe failed", involved));
    set(Resource::Events, event("e1", 4, "Warning", "Unhealthy", "Readiness probe failed", involved));
    set(Resource::Events, event("e2", 1, "Normal", "Pulled", "Container image already present", involved));
    set(Resource::Events, event("e3", 1, "Normal", "Killing", "Stopping container api", involved));
    set(Resource::Events, event("e4", 1, "Warning", "Rebooted", "Node node-a has been rebooted", {{"kind", "Node"}, {"name", "node-a"}}));
    EXPECT_EQ(changes(), (Lines{"kubernetes_event Deployment/api | api-1: Unhealthy: Readiness probe failed",
                                "kubernetes_event Deployment/api | api-1: Unhealthy: Readiness probe failed (4 times)",
                                "kubernetes_event Deployment/api | api-1: Killing: Stopping container api",
                                "kubernetes_event Node/node-a | Rebooted: Node node-a has been rebooted"}));
}

TEST_F(ClusterModelTest, nothingOfASecretIsKept)
{
    set(Resource::HostPods, pod("api-1", "u1", "10.1.0.7"));
    model.synced(Resource::Deployments);
    set(Resource::Deployments, deployment("api", "x:1", 2, 1));
    std::string all;
    for (const auto& [uid, facts] : model.knowledge().podsByUid) {
        for (const auto& [name, value] : facts->attributes)
            all += name + '=' + value + '\n';
    }
    for (const ClusterChange& change : model.takeChanges())
        all += change.detail;
    EXPECT_EQ(all.find("hunter2"), std::string::npos);
    EXPECT_EQ(all.find("hvs.SECRET"), std::string::npos);
    EXPECT_EQ(all.find("alice"), std::string::npos);
}

} // namespace
} // namespace binnacle::agent::test
