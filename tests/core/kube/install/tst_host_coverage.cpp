// SPDX-License-Identifier: Apache-2.0
#include "core/kube/install/host_coverage.h"
#include "tests/core/kube/install/memory_cluster.h"

#include <gtest/gtest.h>

using namespace binnacle;
using namespace binnacle::kube;
using namespace binnacle::tests;
using Verdict = HostCoverage::Verdict;

namespace {

HostCoverage judged(const Json& host, const InstallOptions& options = {})
{
    const auto hosts = hostCoverage(Json{{"items", Json::array({host})}}.dump(), options);
    return hosts.empty() ? HostCoverage() : hosts.front();
}

Json tainted(const std::string& key, const std::string& value, const std::string& effect)
{
    Json host = linuxHost("a");
    host["spec"]["taints"] = Json::array({{{"key", key}, {"value", value}, {"effect", effect}}});
    return host;
}

} // namespace

TEST(HostCoverage, anOrdinaryHostIsCoveredTaintsOrNot)
{
    EXPECT_EQ(judged(linuxHost("a")), (HostCoverage{"a", "6.1.0-18-amd64", Verdict::Covered, ""}));
    EXPECT_EQ(judged(tainted("gpu", "yes", "NoSchedule")).verdict, Verdict::Covered);
}

TEST(HostCoverage, hostsWithoutALinuxKernelOfTheirOwnAreLeftWithTheReason)
{
    Json windows = linuxHost("w");
    windows["status"]["nodeInfo"]["operatingSystem"] = "windows";
    EXPECT_EQ(judged(windows).reason, "runs windows; agents are for Linux");
    Json risc = linuxHost("r");
    risc["status"]["nodeInfo"]["architecture"] = "riscv64";
    EXPECT_EQ(judged(risc).reason, "is riscv64; there are agents for amd64 and arm64");
    Json virtualKubelet = linuxHost("v");
    virtualKubelet["metadata"]["labels"]["type"] = "virtual-kubelet";
    Json fargate = linuxHost("f");
    fargate["metadata"]["labels"]["eks.amazonaws.com/compute-type"] = "fargate";
    for (const Json& host : {windows, risc, virtualKubelet, fargate})
        EXPECT_EQ(judged(host).verdict, Verdict::Left) << host;
}

TEST(HostCoverage, kernelsBefore58AreNamedBeforehand)
{
    EXPECT_EQ(judged(linuxHost("a", "5.4.0-150-generic")).verdict, Verdict::NotAble);
    EXPECT_EQ(judged(linuxHost("a", "4.18.0-513.el8.x86_64")).verdict, Verdict::NotAble);
    EXPECT_EQ(judged(linuxHost("a", "5.8.0")).verdict, Verdict::Covered);
    EXPECT_EQ(judged(linuxHost("a", "strange")).verdict, Verdict::Covered) << "what is not known is not refused";
}

TEST(HostCoverage, taintsCountWhenTolerationsWereChosen)
{
    InstallOptions options;
    options.tolerations = std::vector<Toleration>{{"team", "a", ""}};
    EXPECT_EQ(judged(tainted("gpu", "yes", "NoSchedule"), options).reason, "has the taint gpu=yes:NoSchedule; --tolerate gpu=yes:NoSchedule would cover it");
    EXPECT_EQ(judged(tainted("team", "a", "NoExecute"), options).verdict, Verdict::Covered);
    EXPECT_EQ(judged(tainted("team", "b", "NoExecute"), options).verdict, Verdict::Left);
    EXPECT_EQ(judged(tainted("gpu", "", "PreferNoSchedule"), options).verdict, Verdict::Covered);
    EXPECT_EQ(judged(tainted("node.kubernetes.io/unschedulable", "", "NoSchedule"), options).verdict, Verdict::Covered) << "DaemonSets run on cordoned hosts";
}

TEST(HostCoverage, aSelectorAndAHostThatIsAway)
{
    InstallOptions options;
    options.nodeSelector["pool"] = "web";
    EXPECT_EQ(judged(linuxHost("a"), options).reason, "does not have the label pool=web of --node-selector");
    Json away = linuxHost("a");
    away["status"]["conditions"][0]["status"] = "Unknown";
    EXPECT_EQ(judged(away).verdict, Verdict::Later);
}

TEST(HostCoverage, oldKernelsAreThoseBefore511OnHostsThatAreCovered)
{
    const auto anyOld = [](const char* kernel) { return hasOldKernels({judged(linuxHost("a", kernel))}); };
    EXPECT_TRUE(anyOld("5.10.0-28-amd64"));
    EXPECT_FALSE(anyOld("5.11.0"));
    EXPECT_FALSE(anyOld("4.19.0")) << "no agent works there, so none needs the capability";
}

TEST(HostCoverage, nonsenseGivesNoHosts)
{
    EXPECT_TRUE(hostCoverage("", {}).empty());
    EXPECT_TRUE(hostCoverage(R"({"items":7})", {}).empty());
    EXPECT_EQ(hostCoverage(R"({"items":[{"status":[]}]})", {}).front().verdict, Verdict::Left);
}
