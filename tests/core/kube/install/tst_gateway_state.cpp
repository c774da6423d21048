// SPDX-License-Identifier: Apache-2.0
#include "core/kube/install/installation.h"
#include "tests/core/kube/install/memory_cluster.h"

#include <gtest/gtest.h>

using namespace binnacle;
using namespace binnacle::kube;
using namespace binnacle::tests;

namespace {

const std::string kInside = "/api/v1/namespaces/binnacle/";
const std::string kDeployment = "/apis/apps/v1/namespaces/binnacle/deployments/binnacle-gateway";

Json gatewayPod(const std::string& name, bool isReady)
{
    Json pod = agentPod(name);
    pod["metadata"]["name"] = name;
    pod["metadata"]["labels"]["app.kubernetes.io/name"] = "binnacle-gateway";
    pod["status"]["conditions"][0]["status"] = isReady ? "True" : "False";
    return pod;
}

void putAgents(MemoryCluster& cluster)
{
    cluster.put("/apis/apps/v1/namespaces/binnacle/daemonsets/binnacle-agent", {{"metadata", {{"name", "binnacle-agent"}}}}, "binnacle");
    cluster.put(kInside + "pods/binnacle-agent-a", agentPod("a"));
}

std::optional<GatewayState> gatewayIn(MemoryCluster& cluster)
{
    const auto installation = readInstallation(cluster, "binnacle");
    EXPECT_TRUE(installation) << installation.error().what;
    return installation ? installation->gateway : std::nullopt;
}

} // namespace

TEST(GatewayState, isWhatTheDeploymentsControllerCounts)
{
    MemoryCluster cluster;
    putAgents(cluster);
    EXPECT_EQ(gatewayIn(cluster), std::nullopt);
    cluster.put(kDeployment, Json::parse(R"({"metadata":{"name":"binnacle-gateway","labels":{"app.kubernetes.io/version":"0.1.0"}},
        "spec":{"replicas":2,"template":{"spec":{"containers":[{"image":"registry.example/agent:0.1.0"}]}}},"status":{"readyReplicas":1}})"));
    EXPECT_EQ(gatewayIn(cluster), (GatewayState{"0.1.0", "registry.example/agent:0.1.0", 2, 1}));
}

TEST(GatewayState, isCountedFromPodsForWhoMaySeePodsOnly)
{
    MemoryCluster cluster;
    putAgents(cluster);
    cluster.script("GET " + kDeployment, refusal(403, "Forbidden", "deployments is forbidden"));
    EXPECT_EQ(gatewayIn(cluster), std::nullopt) << "an agent is no gateway";
    cluster.put(kInside + "pods/gateway-1", gatewayPod("gateway-1", true));
    cluster.put(kInside + "pods/gateway-2", gatewayPod("gateway-2", false));
    Json ending = gatewayPod("gateway-3", true);
    ending["metadata"]["deletionTimestamp"] = "2026-11-27T12:00:00Z";
    cluster.put(kInside + "pods/gateway-3", ending);
    EXPECT_EQ(gatewayIn(cluster), (GatewayState{"0.1.0", "registry.example/agent:0.1.0", 2, 1}));
}

TEST(GatewayState, isAdvisedAboveFiftyHostsOrWhenNoReplicaIsReady)
{
    const GatewayState two{"0.1.0", "", 2, 2}, none{"0.1.0", "", 2, 0};
    EXPECT_EQ(wordsOf(std::nullopt), "no gateway");
    EXPECT_EQ(wordsOf(two), "gateway: version 0.1.0, 2 of 2 replicas ready");
    EXPECT_EQ(adviceFor(std::nullopt, 50, "binnacle"), "");
    EXPECT_TRUE(adviceFor(std::nullopt, 51, "binnacle").starts_with("of 51 hosts 50 are read without a gateway: `binnacle install --gateway`"));
    EXPECT_EQ(adviceFor(two, 1000, "binnacle"), "");
    EXPECT_TRUE(adviceFor(none, 3, "looks").starts_with("no replica of the gateway is ready: `kubectl -n looks ")) << adviceFor(none, 3, "looks");
}
