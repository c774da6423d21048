// SPDX-License-Identifier: GPL-3.0-or-later
// The command line against agents in a cluster: everything but the API server and the kernel is real.
#include "desktop/cli/command_line.h"
#include "tests/desktop/ingest/fake_cluster.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace binnacle::desktop {
namespace {

struct Ran {
    std::optional<int> status;
    std::string out, error;
};

Ran run(std::vector<std::string> words)
{
    words.insert(words.begin(), "binnacle");
    std::vector<char*> argv;
    for (std::string& word : words)
        argv.push_back(word.data());
    testing::internal::CaptureStdout();
    testing::internal::CaptureStderr();
    Ran ran;
    ran.status = runCommandLine(static_cast<int>(argv.size()), argv.data()).exitStatus;
    std::fflush(stdout);
    ran.out = testing::internal::GetCapturedStdout();
    ran.error = testing::internal::GetCapturedStderr();
    return ran;
}

/// One agent with a minute of history on one node.
class ClusterCommands : public testing::Test {
protected:
    ClusterCommands()
    {
        host.feed(60);
        cluster.putPod("agent-a", "node-a", host);
    }
    Ran runHere(std::vector<std::string> words, const std::string& context = "admin-token")
    {
        words.insert(words.end(), {"--context", context, "--kubeconfig", cluster.kubeconfig()});
        return run(std::move(words));
    }
    FakeCluster cluster;
    FakeHost host{samples::kAgent, "host-a", true};
};

/// A cluster in which nothing is installed: the double's own pods, one of which runs.
class ClusterWithoutAgents : public testing::Test {
protected:
    Ran runHere(std::vector<std::string> words, const std::string& context = "admin-token")
    {
        words.insert(words.end(), {"--context", context, "--kubeconfig", cluster.kubeconfig()});
        return run(std::move(words));
    }
    FakeCluster cluster;
};

TEST_F(ClusterWithoutAgents, showTellsWhatTheClusterLists)
{
    const Ran ran = runHere({"show", "services", "--json"});
    ASSERT_EQ(ran.status, 0) << ran.error;
    EXPECT_NE(ran.error.find("no agent runs in namespace binnacle"), std::string::npos) << ran.error;
    const auto object = nlohmann::json::parse(ran.out);
    EXPECT_EQ(object["source"]["kind"], "cluster");
    EXPECT_EQ(object["source"]["agents"], nlohmann::json::array());
    EXPECT_EQ(object["losses"], nlohmann::json::array());
    ASSERT_EQ(object["services"].size(), 2u);
    EXPECT_EQ(object["services"][1]["id"], "workload:default/web");
    EXPECT_EQ(object["services"][1]["instances"], 1);
    EXPECT_EQ(object["services"][1]["observed"], false);
    EXPECT_EQ(object["services"][1]["health"], "unknown");
    EXPECT_EQ(object["services"][1]["hosts"], nlohmann::json::array({"node-1"}));
    ASSERT_EQ(object["coverage"].size(), 1u);
    EXPECT_EQ(object["coverage"][0]["subject"], "node-1");
    EXPECT_EQ(object["coverage"][0]["what"], "not_observed");
}

TEST_F(ClusterWithoutAgents, showSaysWhichRightsAreMissing)
{
    const nlohmann::json rule{{"users", {"nobody"}}, {"verbs", {"list", "watch"}}, {"api_groups", {""}}, {"resources", {"pods"}}, {"namespaces", {"default"}}};
    cluster.server().order("POST", "/script", {{"authorization", {{"rules", nlohmann::json::array({rule})}}}});
    const Ran ran = runHere({"show", "services", "--json"}, "nobody-token");
    ASSERT_EQ(ran.status, 0) << ran.error;
    EXPECT_NE(ran.error.find("only those of namespace default are shown"), std::string::npos) << ran.error;
    EXPECT_EQ(nlohmann::json::parse(ran.out)["services"][1]["instances"], 1);
}

TEST_F(ClusterWithoutAgents, showFailsWhereNothingMayBeListedEither)
{
    const Ran ran = runHere({"show", "services", "--json"}, "nobody-token");
    EXPECT_EQ(ran.status, 1);
    EXPECT_NE(ran.error.find("may not watch pods"), std::string::npos) << ran.error;
}

TEST_F(ClusterCommands, showNamesTheContextAsItsSource)
{
    const Ran ran = runHere({"show", "map", "--json"});
    ASSERT_EQ(ran.status, 0) << ran.error;
    const auto object = nlohmann::json::parse(ran.out);
    EXPECT_EQ(object["source"]["kind"], "cluster");
    EXPECT_EQ(object["source"]["path"], "admin-token");
    ASSERT_EQ(object["source"]["agents"].size(), 1u);
    EXPECT_EQ(object["source"]["agents"][0]["host"], "host-a");
    EXPECT_FALSE(object["edges"].empty());
}

TEST_F(ClusterCommands, theBufferOfItsAgentsIsShownToo)
{
    const Ran ran = runHere({"show", "buffer", "--json"});
    ASSERT_EQ(ran.status, 0) << ran.error;
    EXPECT_FALSE(nlohmann::json::parse(ran.out)["buffer"].empty());
}

TEST_F(ClusterCommands, showWithoutTheRightSaysWhichOneAndWhere)
{
    const Ran ran = runHere({"show", "map"}, "viewer-token");
    EXPECT_EQ(ran.status, 1);
    EXPECT_NE(ran.error.find("node-a (context viewer-token): "), std::string::npos) << ran.error;
    EXPECT_NE(ran.error.find("pods/portforward"), std::string::npos) << ran.error;
}

TEST_F(ClusterCommands, diagnoseGoesTheWholeWayToTheAgentsClock)
{
    const Ran ran = runHere({"diagnose", "--json"});
    ASSERT_EQ(ran.status, 0) << ran.out << ran.error;
    const auto steps = nlohmann::json::parse(ran.out)["steps"];
    ASSERT_EQ(steps.size(), 9u);
    for (const auto& step : steps)
        EXPECT_NE(step["state"], "failed") << step.dump(2);
    EXPECT_NE(steps[8]["found"].dump().find("host-a: agent 0.1.0, Linux 6.18"), std::string::npos) << steps[8].dump(2);
}

} // namespace
} // namespace binnacle::desktop
