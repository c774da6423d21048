// SPDX-License-Identifier: Apache-2.0
#include "core/kube/install/installation.h"
#include "core/kube/install/pod_progress.h"
#include "tests/core/kube/install/memory_cluster.h"

#include <gtest/gtest.h>

using namespace binnacle;
using namespace binnacle::kube;
using namespace binnacle::tests;
using State = InstalledAgent::State;

namespace {

InstalledAgent told(const Json& pod, long long generation = 0)
{
    const auto pods = agentPods(Json{{"items", Json::array({pod})}}.dump(), generation);
    return pods.empty() ? InstalledAgent() : pods.front();
}

Json waiting(const std::string& reason, const std::string& message = {})
{
    Json pod = agentPod("a");
    pod["status"]["conditions"][0]["status"] = "False";
    pod["status"]["containerStatuses"][0]["state"] = {{"waiting", {{"reason", reason}, {"message", message}}}};
    return pod;
}

Json unscheduled(const std::string& message)
{
    Json pod = agentPod("a");
    pod["spec"].erase("nodeName");
    pod["spec"]["affinity"]["nodeAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"]["nodeSelectorTerms"] =
        Json::parse(R"([{"matchFields":[{"key":"metadata.name","operator":"In","values":["a"]}]}])");
    pod["status"] = {{"phase", "Pending"}, {"conditions", Json::array({{{"type", "PodScheduled"}, {"status", "False"}, {"reason", "Unschedulable"}, {"message", message}}})}};
    return pod;
}

Json creationEvent(const std::string& when, const std::string& message)
{
    return {{"reason", "FailedCreate"}, {"involvedObject", {{"kind", "DaemonSet"}}}, {"lastTimestamp", when}, {"message", message}};
}

} // namespace

TEST(PodProgress, aReadyPodCollects)
{
    const InstalledAgent pod = told(agentPod("a"));
    EXPECT_EQ(pod.state, State::Ready);
    EXPECT_EQ(pod.host, "a");
    EXPECT_EQ(pod.version, "0.1.0");
    EXPECT_EQ(pod.image, "registry.example/agent:0.1.0");
}

TEST(PodProgress, anImageThatCannotBePulledNamesTheOptionsThatHelp)
{
    for (const char* reason : {"ImagePullBackOff", "ErrImagePull"}) {
        const InstalledAgent pod = told(waiting(reason, "401 Unauthorized"));
        EXPECT_EQ(pod.state, State::Stuck);
        EXPECT_TRUE(pod.sentence.contains("--image") && pod.sentence.contains("--image-pull-secret") && pod.sentence.contains("401 Unauthorized")) << pod.sentence;
    }
    EXPECT_TRUE(told(waiting("ErrImageNeverPull")).sentence.contains("import it there"));
}

TEST(PodProgress, aContainerBeingMadeIsNoTrouble)
{
    EXPECT_EQ(told(waiting("ContainerCreating")).state, State::Starting);
    Json fresh = agentPod("a");
    fresh["status"] = {{"phase", "Pending"}};
    EXPECT_EQ(told(fresh).state, State::Starting);
}

TEST(PodProgress, aCrashHasLastWords)
{
    Json pod = waiting("CrashLoopBackOff");
    pod["status"]["containerStatuses"][0]["restartCount"] = 4;
    pod["status"]["containerStatuses"][0]["lastState"] = {{"terminated", {{"exitCode", 1}}}};
    const InstalledAgent crashed = told(pod);
    EXPECT_EQ(crashed.state, State::Stuck);
    EXPECT_TRUE(crashed.hasLastWords);
    EXPECT_EQ(crashed.restarts, 4);
    pod["status"]["containerStatuses"][0]["state"] = {{"terminated", {{"exitCode", 137}, {"reason", "OOMKilled"}}}};
    EXPECT_TRUE(told(pod).sentence.contains("memory"));
}

TEST(PodProgress, runningIsNotYetCollecting)
{
    Json pod = agentPod("a");
    pod["status"]["conditions"][0]["status"] = "False";
    EXPECT_EQ(told(pod).state, State::Starting);
    EXPECT_EQ(told(pod).sentence, "runs; waiting for its first second of data");
}

TEST(PodProgress, aPodThatNoHostTakesSaysWhyAndForWhichHostItIs)
{
    const InstalledAgent full = told(unscheduled("0/3 nodes are available: 1 Insufficient cpu."));
    EXPECT_EQ(full.host, "a");
    EXPECT_EQ(full.state, State::Stuck);
    EXPECT_TRUE(full.sentence.contains("no room") && full.sentence.contains("Insufficient cpu")) << full.sentence;
    EXPECT_TRUE(told(unscheduled("0/3 nodes are available: 3 node(s) didn't match.")).sentence.starts_with("no host takes the pod"));
}

TEST(PodProgress, evictedLeavingAndOutdatedPods)
{
    Json evicted = agentPod("a");
    evicted["status"] = {{"phase", "Failed"}, {"reason", "Evicted"}, {"message", "The node was low on resource: memory."}};
    EXPECT_EQ(told(evicted).sentence, "Evicted (The node was low on resource: memory.)");
    Json leaving = agentPod("a");
    leaving["metadata"]["deletionTimestamp"] = "2026-01-01T00:00:00Z";
    EXPECT_EQ(told(leaving).state, State::Leaving);
    Json old = agentPod("a");
    old["metadata"]["labels"]["pod-template-generation"] = "3";
    EXPECT_TRUE(told(old, 4).isOutdated);
    EXPECT_FALSE(told(old, 3).isOutdated);
}

TEST(CreationTroubles, sayWhoRefusesThePodsNewestFirstAndOnce)
{
    const Json events = {{"items", Json::array({creationEvent("2026-01-01T00:00:01Z", "Error creating: exceeded quota: pods"),
                                                creationEvent("2026-01-01T00:00:02Z", "Error creating: pods \"x\" is forbidden: violates PodSecurity \"baseline:latest\": "
                                                                                      "host namespaces (hostPID=true)"),
                                                creationEvent("2026-01-01T00:00:03Z", "Error creating: admission webhook \"p.example\" denied the request: no hostPID"),
                                                creationEvent("2026-01-01T00:00:00Z", "Error creating: exceeded quota: pods")})}};
    const auto troubles = creationTroubles(events.dump());
    ASSERT_EQ(troubles.size(), 3u);
    EXPECT_TRUE(troubles[0].starts_with("a policy of the cluster refuses the pods")) << troubles[0];
    EXPECT_TRUE(troubles[1].contains("pod-security.kubernetes.io/enforce=privileged")) << troubles[1];
    EXPECT_TRUE(troubles[2].starts_with("a quota refuses the pods")) << troubles[2];
}

TEST(LastWords, mostCommonReasonsHaveAdvice)
{
    EXPECT_TRUE(adviceForLog("binnacle-agent: load: Operation not permitted").contains("--hardened-kernels"));
    EXPECT_TRUE(adviceForLog("binnacle-agent: BTF missing").contains("CONFIG_DEBUG_INFO_BTF"));
    EXPECT_TRUE(adviceForLog("all is well").empty());
}

TEST(PodProgress, nonsenseGivesNoPods)
{
    for (const char* text : {"", "[]", R"({"items":{}})", R"({"items":3})"})
        EXPECT_TRUE(agentPods(text, 0).empty()) << text;
}

TEST(Skew, oneMinorApartFitsEitherWay)
{
    EXPECT_EQ(skewOf("0.4.9", "0.4.0"), Skew::Same);
    EXPECT_EQ(skewOf("0.3.0", "0.4.0"), Skew::Fits);
    EXPECT_EQ(skewOf("0.5.0", "0.4.0"), Skew::Fits);
    EXPECT_EQ(skewOf("0.2.7", "0.4.0"), Skew::AgentTooOld);
    EXPECT_EQ(skewOf("0.6.0", "0.4.0"), Skew::AgentTooNew);
    EXPECT_EQ(skewOf("1.0.0", "0.4.0"), Skew::AgentTooNew);
    EXPECT_EQ(skewOf("latest", "0.4.0"), Skew::Unknown);
    EXPECT_TRUE(adviceFor(Skew::AgentTooOld).contains("binnacle install"));
    EXPECT_TRUE(adviceFor(Skew::Fits).empty());
}
