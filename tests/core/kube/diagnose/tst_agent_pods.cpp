// SPDX-License-Identifier: Apache-2.0
#include "core/kube/diagnose/agent_pods.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace binnacle::kube {
namespace {

using Json = nlohmann::json;

struct PodText {
    std::string name = "agent-1";
    std::string node = "node-1";
    std::string created = "2026-11-23T04:05:06Z";
    bool ready = true;
    bool ending = false;
    Json status = {};
};

Json podOf(const PodText& text)
{
    Json pod{{"metadata", {{"name", text.name}, {"creationTimestamp", text.created}}},
             {"spec", {{"nodeName", text.node}, {"containers", {{{"name", "agent"}, {"image", "agent:1"}, {"ports", {{{"name", "grpc"}, {"containerPort", 9999}}}}}}}}},
             {"status", {{"phase", "Running"}, {"conditions", {{{"type", "Ready"}, {"status", text.ready ? "True" : "False"}}}}}}};
    if (text.ending)
        pod["metadata"]["deletionTimestamp"] = "2026-11-23T05:05:06Z";
    if (!text.status.is_null())
        pod["status"] = text.status;
    return pod;
}

WatchedObject objectOf(const PodText& text, const Json& json) { return {"binnacle", text.name, "uid-" + text.name, "1", &json}; }

class Pods : public testing::Test {
protected:
    void put(const PodText& text)
    {
        const Json json = podOf(text);
        pods.added(objectOf(text, json));
    }
    std::string podOn(const std::string& node)
    {
        const auto found = pods.find(node);
        return found ? found->pod : found.error().what;
    }
    int changes = 0;
    AgentPods pods{[this] { ++changes; }};
};

TEST_F(Pods, aPodSaysWhereItsAgentListens)
{
    put({});
    EXPECT_EQ(*pods.find("node-1"), (PodPort{"binnacle", "agent-1", "uid-agent-1", 9999}));
    EXPECT_EQ(changes, 1);
}

TEST_F(Pods, withoutANamedPortItIsTheDefault)
{
    Json json = podOf({});
    json["spec"]["containers"][0]["ports"] = Json::array({{{"name", "metrics"}, {"containerPort", 1}}, {{"name", "grpc"}, {"containerPort", "text"}}});
    pods.added(objectOf({}, json));
    EXPECT_EQ(pods.find("node-1")->port, AgentPod::kDefaultPort);
}

TEST_F(Pods, ofSeveralOnANodeTheOneThatStaysAndIsReadyAndYoungestIsTaken)
{
    put({.name = "old", .created = "2026-11-23T01:00:00Z"});
    put({.name = "new", .created = "2026-11-23T02:00:00Z", .ready = false});
    EXPECT_EQ(podOn("node-1"), "old");
    put({.name = "old", .created = "2026-11-23T01:00:00Z", .ending = true});
    EXPECT_EQ(podOn("node-1"), "new");
    put({.name = "newer", .created = "2026-11-23T03:00:00Z", .ready = false});
    EXPECT_EQ(podOn("node-1"), "newer");
    pods.deleted({"binnacle", "newer", "uid-newer", "2", nullptr});
    EXPECT_EQ(podOn("node-1"), "new");
}

TEST_F(Pods, saysWhyAPodDoesNotRun)
{
    put({.status = {{"phase", "Pending"}, {"containerStatuses", {{{"name", "agent"}, {"state", {{"waiting", {{"reason", "ImagePullBackOff"}, {"message", "no such image"}}}}}}}}}});
    EXPECT_NE(podOn("node-1").find("agent-1 does not run: ImagePullBackOff (no such image)"), std::string::npos) << podOn("node-1");
    EXPECT_NE(podOn("node-1").find("kubectl -n binnacle describe pod agent-1"), std::string::npos);
    put({.status = {{"phase", "Failed"}}});
    EXPECT_NE(podOn("node-1").find("it is Failed"), std::string::npos) << podOn("node-1");
    EXPECT_EQ(pods.find("node-1").error().code, ErrorCode::Unavailable);
    EXPECT_EQ(pods.find("node-2").error().code, ErrorCode::NotFound);
}

TEST_F(Pods, aPodWithoutANodeIsListedAndNoTarget)
{
    put({.node = "", .status = {{"phase", "Pending"}, {"conditions", {{{"type", "PodScheduled"}, {"status", "False"}, {"message", "0/1 nodes"}}}}}});
    EXPECT_TRUE(pods.byNode().empty());
    ASSERT_EQ(pods.all().size(), 1u);
    EXPECT_EQ(pods.all().front().trouble, "not placed on a node: 0/1 nodes");
}

TEST_F(Pods, whatASecondListDoesNotTellIsGone)
{
    put({.name = "a", .node = "node-a"});
    put({.name = "b", .node = "node-b"});
    pods.synced();
    pods.troubled({ErrorCode::Unavailable, "away"});
    EXPECT_EQ(pods.trouble()->what, "away");
    pods.beginAnew();
    put({.name = "b", .node = "node-b"});
    EXPECT_EQ(pods.byNode().size(), 2u); // until the list is whole nothing is known to be gone
    pods.synced();
    EXPECT_EQ(pods.byNode().size(), 1u);
    EXPECT_EQ(podOn("node-b"), "b");
    EXPECT_FALSE(pods.trouble());
}

TEST_F(Pods, foreignJsonIsNoPod)
{
    for (const Json& json : {Json(), Json("text"), Json::array()})
        pods.added({"binnacle", "x", "uid-x", "1", &json});
    const Json odd{{"metadata", 3}, {"spec", {{"containers", "none"}, {"nodeName", 7}}}, {"status", Json::array()}};
    pods.added({"binnacle", "y", "uid-y", "1", &odd});
    EXPECT_TRUE(pods.byNode().empty());
    EXPECT_EQ(pods.all().size(), 1u);
}

TEST_F(Pods, theBestOfAllIsReadyWhateverItsNode)
{
    EXPECT_FALSE(pods.best());
    put({.name = "a", .node = "node-1", .ready = false});
    put({.name = "b", .node = "node-2"});
    put({.name = "c", .node = "node-3", .ending = true});
    ASSERT_TRUE(pods.best());
    EXPECT_EQ(pods.best()->port.pod, "b");
}

TEST_F(Pods, aPodSaysWhereItAnswersGateways)
{
    Json json = podOf({});
    json["status"]["podIP"] = "10.88.1.7";
    pods.added(objectOf({}, json));
    EXPECT_EQ(pods.byNode().at("node-1").address, "10.88.1.7");
    EXPECT_EQ(pods.byNode().at("node-1").gatewayPort, 0);
    json["spec"]["containers"][0]["ports"].push_back({{"name", "gateway"}, {"containerPort", 9466}});
    pods.updated(objectOf({}, json));
    EXPECT_EQ(pods.byNode().at("node-1").gatewayPort, 9466);
    EXPECT_EQ(pods.find("node-1")->port, 9999);
}

} // namespace
} // namespace binnacle::kube
