// SPDX-License-Identifier: Apache-2.0
#include "core/kube/install/uninstaller.h"
#include "tests/core/kube/install/memory_cluster.h"

#include <gtest/gtest.h>

#include <algorithm>

using namespace binnacle;
using namespace binnacle::kube;
using namespace binnacle::tests;
using namespace std::chrono_literals;

namespace {

const std::string kInside = "/api/v1/namespaces/binnacle/";

struct Scene {
    MemoryCluster cluster;
    FakeTime time;
    Cancellation cancellation;

    explicit Scene(InstallOptions options = {})
    {
        options.image = "registry.example/agent:1";
        Installer installer(cluster, options, time.pace(), cancellation);
        const auto plan = installer.plan();
        EXPECT_TRUE(plan && installer.apply(*plan, [](const ObjectChange&) {}));
    }
    Uninstaller uninstaller() { return {cluster, "binnacle", time.pace(), cancellation}; }
    UninstallPlan planned()
    {
        auto plan = uninstaller().plan();
        EXPECT_TRUE(plan) << plan.error().what;
        return plan.value_or(UninstallPlan{});
    }
    std::vector<UninstallPlan::Kept> removed(const UninstallPlan& plan)
    {
        auto left = uninstaller().remove(plan, 30s, [](const ObjectName&) {});
        EXPECT_TRUE(left);
        return left.value_or(std::vector<UninstallPlan::Kept>());
    }
};

} // namespace

TEST(Uninstaller, leavesNothingOfWhatWasInstalled)
{
    Scene scene;
    scene.cluster.put("/apis/coordination.k8s.io/v1/namespaces/binnacle/leases/binnacle-watcher", {{"metadata", {{"name", "binnacle-watcher"}}}}, "binnacle-agent");
    const UninstallPlan plan = scene.planned();
    EXPECT_TRUE(plan.kept.empty());
    EXPECT_EQ(plan.objects.front().object.kind, "DaemonSet") << "agents first, so that none loses its permissions while it runs";
    EXPECT_EQ(plan.objects.back().object.kind, "Namespace");
    EXPECT_TRUE(scene.removed(plan).empty());
    EXPECT_TRUE(scene.cluster.paths().empty()) << scene.cluster.paths().front();
}

TEST(Uninstaller, planningChangesNothing)
{
    Scene scene;
    const auto before = scene.cluster.paths();
    const std::size_t asked = scene.cluster.asked.size();
    scene.planned();
    EXPECT_EQ(scene.cluster.paths(), before);
    EXPECT_TRUE(std::all_of(scene.cluster.asked.begin() + static_cast<std::ptrdiff_t>(asked), scene.cluster.asked.end(),
                            [](const std::string& question) { return question.starts_with("GET "); }));
}

TEST(Uninstaller, whatSomeoneElseAppliedStays)
{
    Scene scene;
    const std::string role = "/apis/rbac.authorization.k8s.io/v1/clusterroles/binnacle-agent";
    scene.cluster.put(role, *scene.cluster.find(role), "helm");
    const UninstallPlan plan = scene.planned();
    ASSERT_EQ(plan.kept.size(), 1u);
    EXPECT_EQ(plan.kept.front().object.words(), "ClusterRole binnacle-agent");
    EXPECT_EQ(plan.kept.front().reason, "was not installed by `binnacle` but by helm");
    scene.removed(plan);
    EXPECT_EQ(scene.cluster.paths(), std::vector<std::string>{role});
}

TEST(Uninstaller, aNamespaceThatHoldsSomethingElseStaysAndSaysWhat)
{
    Scene scene;
    scene.cluster.put(kInside + "secrets/binnacle-registry", {{"metadata", {{"name", "binnacle-registry"}}}});
    scene.cluster.put(kInside + "configmaps/kube-root-ca.crt", {{"metadata", {{"name", "kube-root-ca.crt"}}}});
    scene.cluster.put(kInside + "pods/binnacle-agent-a", agentPod("a"));
    const UninstallPlan plan = scene.planned();
    ASSERT_EQ(plan.kept.size(), 1u);
    EXPECT_EQ(plan.kept.front().object.words(), "Namespace binnacle");
    EXPECT_TRUE(plan.kept.front().reason.starts_with("holds what is not ours: Secret binnacle-registry. ")) << plan.kept.front().reason;
}

TEST(Uninstaller, aNamespaceOfSomeoneElseStays)
{
    Scene scene;
    scene.cluster.put("/api/v1/namespaces/binnacle", {{"metadata", {{"name", "binnacle"}}}});
    const UninstallPlan plan = scene.planned();
    ASSERT_EQ(plan.kept.size(), 1u);
    EXPECT_EQ(plan.kept.front().reason, "was not made by `binnacle`");
}

TEST(Uninstaller, aNamespaceThatCannotBeLookedIntoStays)
{
    Scene scene;
    scene.cluster.script("GET /api/v1/namespaces/binnacle/secrets", refusal(403, "Forbidden", "secrets is forbidden"));
    const UninstallPlan plan = scene.planned();
    ASSERT_EQ(plan.kept.size(), 1u);
    EXPECT_TRUE(plan.kept.front().reason.contains("secrets is forbidden"));
}

TEST(Uninstaller, anObjectThatCameLaterUnderTheNameIsNotDeleted)
{
    Scene scene;
    const UninstallPlan plan = scene.planned();
    const std::string set = "/apis/apps/v1/namespaces/binnacle/daemonsets/binnacle-agent";
    scene.cluster.put(set, *scene.cluster.find(set), "binnacle"); // another uid
    const auto left = scene.removed(plan);
    ASSERT_EQ(left.size(), 1u);
    EXPECT_EQ(left.front().object.kind, "DaemonSet");
    EXPECT_TRUE(scene.cluster.find(set));
}

TEST(Uninstaller, aLeaseThatAnEndingAgentMadeAnewGoesToo)
{
    Scene scene;
    const std::string lease = "/apis/coordination.k8s.io/v1/namespaces/binnacle/leases/binnacle-agent-cluster";
    const std::string set = "/apis/apps/v1/namespaces/binnacle/daemonsets/binnacle-agent";
    const Json content = {{"metadata", {{"name", "binnacle-agent-cluster"}}}};
    scene.cluster.put(lease, content, "binnacle-agent");
    const UninstallPlan plan = scene.planned();
    scene.cluster.script("DELETE " + set, {200, "{}"}); // its pods take a while to end
    scene.time.onWait = [&] {
        if (!scene.cluster.find(set))
            return;
        scene.cluster.put(lease, content, "binnacle-agent");
        scene.cluster.forget(set);
    };
    EXPECT_TRUE(scene.removed(plan).empty());
    EXPECT_FALSE(scene.cluster.find(lease));
    EXPECT_LT(scene.time.now.time_since_epoch(), 30s);
}

TEST(Uninstaller, whatDoesNotGoInTimeIsReportedWithItsReason)
{
    Scene scene;
    scene.cluster.deletesAtOnce = false;
    const std::string path = "/api/v1/namespaces/binnacle";
    Json nameSpace = *scene.cluster.find(path);
    nameSpace["metadata"]["finalizers"] = {"example/keep"};
    scene.cluster.put(path, nameSpace, "binnacle");
    const auto left = scene.removed(scene.planned());
    EXPECT_EQ(left.size(), scene.cluster.paths().size());
    EXPECT_EQ(left.back().reason, "waits for its finalizer \"example/keep\"");
    EXPECT_GE(scene.time.now.time_since_epoch(), 30s);
}

TEST(Uninstaller, foldersOnHostsAreNamedBecauseNoCallTakesThemAway)
{
    InstallOptions options;
    options.bufferFolder = "/srv/binnacle";
    Scene scene(options);
    const UninstallPlan plan = scene.planned();
    ASSERT_EQ(plan.leftovers.size(), 1u);
    EXPECT_TRUE(plan.leftovers.front().contains("/srv/binnacle"));
}
