// SPDX-License-Identifier: GPL-3.0-or-later
#include "desktop/cli/command_line.h"
#include "desktop/cli/install_text.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

using namespace binnacle;
using namespace binnacle::desktop;
using namespace binnacle::kube;

namespace {

InstalledAgent pod(const std::string& host, InstalledAgent::State state, const std::string& sentence)
{
    InstalledAgent one;
    one.host = host;
    one.pod = "binnacle-agent-" + host;
    one.state = state;
    one.sentence = sentence;
    one.version = "0.1.0";
    return one;
}

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

} // namespace

TEST(InstallText, aPlanNamesObjectsFieldsHostsAndNotes)
{
    InstallPlan plan;
    plan.changes = {{{"Namespace", "", "binnacle"}, ObjectChange::Kind::Create, {}},
                    {{"DaemonSet", "binnacle", "binnacle-agent"}, ObjectChange::Kind::Change, {{"spec.x", "1", "2"}, {"spec.y", "", "new"}}},
                    {{"ClusterRole", "", "binnacle-agent"}, ObjectChange::Kind::Unchanged, {}},
                    {{"Deployment", "binnacle", "binnacle-gateway"}, ObjectChange::Kind::Remove, {}}};
    plan.hosts = {{"a", "6.1.0", HostCoverage::Verdict::Covered, ""}, {"w", "", HostCoverage::Verdict::Left, "runs windows; agents are for Linux"}};
    plan.notes = {"something was found"};
    EXPECT_EQ(planText(plan), "  create     Namespace binnacle\n"
                              "  change     DaemonSet binnacle/binnacle-agent\n"
                              "               spec.x: 1 → 2\n"
                              "               spec.y: – → new\n"
                              "  unchanged  ClusterRole binnacle-agent\n"
                              "  remove     Deployment binnacle/binnacle-gateway\n"
                              "Hosts: 1 of 2 get an agent that works now.\n"
                              "  w: runs windows; agents are for Linux\n"
                              "Note: something was found.\n");
}

TEST(InstallText, aThousandHostsWithoutAnAgentAreCounted)
{
    InstallPlan plan;
    for (int i = 0; i < 1000; ++i)
        plan.hosts.push_back({"w" + std::to_string(i), "", HostCoverage::Verdict::Left, "runs windows"});
    const std::string text = planText(plan);
    EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 22);
    EXPECT_TRUE(text.ends_with("  and 980 more\n"));
}

TEST(InstallText, progressTellsEachChangeOnce)
{
    Rollout before, now;
    before.desired = now.desired = 2;
    before.agents = {pod("a", InstalledAgent::State::Starting, "pulling"), pod("b", InstalledAgent::State::Starting, "pulling")};
    now.agents = {pod("a", InstalledAgent::State::Ready, "collects"), pod("b", InstalledAgent::State::Starting, "pulling")};
    now.ready = 1;
    EXPECT_EQ(progressText(now, before), "  a: collects\n1 of 2 agents collect\n");
    EXPECT_EQ(progressText(now, now), "");
}

TEST(InstallText, anEndWithoutSuccessHasReasonsAndLastWords)
{
    Rollout rollout;
    rollout.desired = 2;
    rollout.ready = 1;
    rollout.agents = {pod("a", InstalledAgent::State::Ready, "collects"), pod("b", InstalledAgent::State::Stuck, "ends again and again")};
    rollout.lastWords["binnacle-agent-b"] = "one\ntwo\x1b[31m\n";
    EXPECT_EQ(rolloutText(rollout), "1 of 2 agents collect\n  b: ends again and again\n    | one\n    | two?[31m\n");
}

TEST(InstallText, whatIsMissingComesWithWhatAnAdministratorCanApply)
{
    const std::string text = missingText({{"apps", "daemonsets", "create", "binnacle", "", "create DaemonSet binnacle/binnacle-agent"}});
    EXPECT_TRUE(text.contains("create daemonsets.apps in binnacle")) << text;
    EXPECT_TRUE(text.contains("--print | kubectl apply --server-side -f -")) << text;
    EXPECT_TRUE(text.contains("kind: ClusterRole\n")) << text;
}

TEST(StatusText, hostsWithAndWithoutAgentsWithTheirSkew)
{
    Installation installation;
    installation.nameSpace = "binnacle";
    installation.version = "0.1.0";
    installation.image = "registry.example/agent:0.1.0";
    installation.installedBy = "binnacle";
    installation.desired = 1;
    installation.agents = {pod("a", InstalledAgent::State::Ready, "collects")};
    const auto hosts = hostStatuses(installation, {{"a", "6.1.0", "amd64"}, {"b", "5.4.0", "amd64"}}, "0.3.0");
    EXPECT_EQ(statusText(installation, hosts),
              "1 of 1 agents collect; version 0.1.0, image registry.example/agent:0.1.0, namespace binnacle, installed by binnacle\n"
              "no gateway\n\n"
              "host  kernel  version  agent     pod\n"
              "a     6.1.0   0.1.0    collects  binnacle-agent-a  more than one minor version older than this program: run `binnacle install` again to upgrade the agents\n"
              "b     5.4.0            no agent\n");
    const auto json = nlohmann::json::parse(statusJson(installation, hosts, "0.3.0"));
    EXPECT_EQ(json["schema"], "binnacle.status/1");
    EXPECT_EQ(json["collecting"], 1);
    EXPECT_EQ(json["gateway"], (nlohmann::json{{"installed", false}, {"advice", nullptr}}));
    EXPECT_EQ(json["hosts"][0]["skew"], "agent_too_old");
    EXPECT_TRUE(json["hosts"][1]["skew"].is_null());
    EXPECT_TRUE(json["hosts"][1]["version"].is_null());
}

TEST(StatusText, theGatewayOrWhatItsAbsenceCosts)
{
    Installation installation;
    installation.nameSpace = "binnacle";
    std::vector<HostFactsOfNode> hosts;
    for (int i = 0; i < 51; ++i)
        hosts.push_back({"h" + std::to_string(i), "6.1.0", "amd64"});
    const auto statuses = hostStatuses(installation, hosts, "0.1.0");
    EXPECT_TRUE(statusText(installation, statuses).contains("no gateway\nof 51 hosts 50 are read without a gateway: `binnacle install --gateway`"));
    installation.gateway = GatewayState{"0.1.0", "registry.example/agent:0.1.0", 2, 1};
    EXPECT_TRUE(statusText(installation, statuses).contains("\ngateway: version 0.1.0, 1 of 2 replicas ready\n\n"));
    EXPECT_EQ(nlohmann::json::parse(statusJson(installation, statuses, "0.1.0"))["gateway"],
              (nlohmann::json{{"installed", true}, {"advice", nullptr}, {"version", "0.1.0"}, {"image", "registry.example/agent:0.1.0"}, {"replicas", 2}, {"ready", 1}}));
}

TEST(UninstallText, saysWhatGoesWhatStaysAndWhatNobodyCanDelete)
{
    UninstallPlan plan;
    plan.objects = {{{"DaemonSet", "binnacle", "binnacle-agent"}, "1"}};
    plan.kept = {{{"Namespace", "", "binnacle"}, "was not made by `binnacle`"}};
    plan.leftovers = {"the buffer"};
    EXPECT_EQ(uninstallText(plan), "  delete     DaemonSet binnacle/binnacle-agent\n  keep       Namespace binnacle: was not made by `binnacle`\n  left over  the buffer\n");
}

TEST(InstallCommand, printConnectsToNothingAndNeedsAnImage)
{
    const Ran printed = run({"install", "--print", "--image", "registry.example/agent:1", "--kubeconfig", "/there/is/none"});
    EXPECT_EQ(printed.status, 0) << printed.error;
    EXPECT_TRUE(printed.out.starts_with("---\napiVersion: v1\nkind: Namespace\n")) << printed.out.substr(0, 100);
    const Ran without = run({"install", "--print"});
    EXPECT_EQ(without.status, 2);
    EXPECT_TRUE(without.error.starts_with("binnacle: --image is needed")) << without.error;
}

TEST(InstallCommand, wrongUsageIsTwo)
{
    const std::vector<std::string> image{"install", "--image", "registry.example/agent:1"};
    const std::vector<std::vector<std::string>> wrong{{"--timeout", "soon"}, {"--tolerate", "a:Never"}, {"--node-selector", "pool"}, {"--print", "--yes"},
                                                      {"--buffer-disk", "lots"}, {"--seccomp", "Some"}};
    for (std::vector<std::string> words : wrong) {
        words.insert(words.begin(), image.begin(), image.end());
        const Ran ran = run(words);
        EXPECT_EQ(ran.status, 2) << words[3] << ": " << ran.error;
        EXPECT_TRUE(ran.out.empty());
    }
    EXPECT_EQ(run({"uninstall", "--timeout", "0s"}).status, 2);
}

TEST(InstallCommand, aKubeconfigThatIsNotThereIsOneSentence)
{
    for (const char* command : {"status", "uninstall"}) {
        const Ran ran = run({command, "--kubeconfig", "/there/is/none"});
        EXPECT_EQ(ran.status, 1) << ran.error;
        EXPECT_TRUE(ran.error.contains("/there/is/none")) << ran.error;
    }
}
