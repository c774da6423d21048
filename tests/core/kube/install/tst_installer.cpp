// SPDX-License-Identifier: Apache-2.0
#include "core/kube/install/installer.h"
#include "tests/core/kube/install/memory_cluster.h"

#include <gtest/gtest.h>

#include <algorithm>

using namespace binnacle;
using namespace binnacle::kube;
using namespace binnacle::tests;
using namespace std::chrono_literals;

namespace {

const std::string kSetPath = "/apis/apps/v1/namespaces/binnacle/daemonsets/binnacle-agent";
const std::string kPodsPath = "/api/v1/namespaces/binnacle/pods/";

/// One cluster, and an installer into it.
struct Scene {
    MemoryCluster cluster;
    FakeTime time;
    Cancellation cancellation;
    InstallOptions options;
    std::vector<Rollout> told;

    Scene() { options.image = "registry.example/binnacle/agent:0.1.0"; }
    void addHost(const Json& host) { cluster.put("/api/v1/nodes/" + host["metadata"]["name"].get<std::string>(), host); }
    Installer installer() { return {cluster, options, time.pace(), cancellation}; }
    InstallPlan planned()
    {
        auto plan = installer().plan();
        EXPECT_TRUE(plan) << plan.error().what;
        return plan.value_or(InstallPlan{});
    }
    void install()
    {
        Installer one = installer();
        const auto plan = one.plan();
        ASSERT_TRUE(plan) << plan.error().what;
        const auto applied = one.apply(*plan, [](const ObjectChange&) {});
        ASSERT_TRUE(applied) << applied.error().what;
    }
    /// What the DaemonSet's controller would say.
    void observe(int desired)
    {
        Json set = *cluster.find(kSetPath);
        set["metadata"]["generation"] = 1;
        set["status"] = {{"observedGeneration", 1}, {"desiredNumberScheduled", desired}};
        cluster.put(kSetPath, set, "binnacle");
    }
    void putPod(const Json& pod) { cluster.put(kPodsPath + pod["metadata"]["name"].get<std::string>(), pod); }
    Rollout followed(const InstallPlan& plan, const AgentProbe& probe = {})
    {
        auto rollout = installer().follow(plan, 300s, probe, [this](const Rollout& now) { told.push_back(now); });
        EXPECT_TRUE(rollout) << rollout.error().what;
        return rollout.value_or(Rollout{});
    }
};

Json crashing(const std::string& host)
{
    Json pod = agentPod(host);
    pod["status"]["conditions"][0]["status"] = "False";
    pod["status"]["containerStatuses"][0] = Json::parse(R"({"restartCount":3,"state":{"waiting":{"reason":"CrashLoopBackOff"}},"lastState":{"terminated":{"exitCode":1}}})");
    return pod;
}

} // namespace

TEST(Installer, planningChangesNothing)
{
    Scene scene;
    const InstallPlan plan = scene.planned();
    EXPECT_EQ(plan.changes.size(), plan.manifests.size());
    EXPECT_TRUE(scene.cluster.paths().empty());
    for (const std::string& question : scene.cluster.asked)
        EXPECT_TRUE(question.starts_with("GET ") || question.contains("selfsubjectaccessreviews") || question.contains("dryRun=All")) << question;
}

TEST(Installer, everyApplyNamesItsManagerAndForcesNothing)
{
    Scene scene;
    scene.install();
    std::size_t applied = 0;
    for (const std::string& question : scene.cluster.asked) {
        if (!question.starts_with("PATCH "))
            continue;
        EXPECT_TRUE(question.contains("fieldManager=binnacle&force=false")) << question;
        applied += question.contains("dryRun") ? 0 : 1;
    }
    EXPECT_EQ(applied, scene.cluster.paths().size());
}

TEST(Installer, theSecondPlanIsUnchangedAndAnotherImageIsOneField)
{
    Scene scene;
    scene.install();
    EXPECT_TRUE(scene.planned().changesNothing());
    scene.options.image = "registry.example/binnacle/agent:0.2.0";
    const InstallPlan plan = scene.planned();
    EXPECT_FALSE(plan.changesNothing());
    const auto changed = std::ranges::find(plan.changes, ObjectChange::Kind::Change, &ObjectChange::kind);
    ASSERT_NE(changed, plan.changes.end());
    EXPECT_EQ(changed->fields, (std::vector<FieldChange>{{"spec.template.spec.containers[agent].image", "registry.example/binnacle/agent:0.1.0",
                                                          "registry.example/binnacle/agent:0.2.0"}}));
}

TEST(Installer, missingPermissionsEndThePlanBeforeAnythingIsTried)
{
    Scene scene;
    scene.cluster.allows = [](const std::string&, const std::string& resource) { return resource == "pods"; };
    const InstallPlan plan = scene.planned();
    EXPECT_FALSE(plan.missing.empty());
    EXPECT_TRUE(plan.changes.empty());
    EXPECT_FALSE(plan.manifests.empty()) << "for the administrator";
}

TEST(Installer, aForeignOwnerIsToldAndNotOverruled)
{
    Scene scene;
    scene.install();
    scene.cluster.put(kSetPath, *scene.cluster.find(kSetPath), "helm");
    const auto plan = scene.installer().plan();
    ASSERT_FALSE(plan);
    EXPECT_EQ(plan.error().code, ErrorCode::Denied);
    EXPECT_TRUE(plan.error().what.contains("`helm` holds .spec") && plan.error().what.contains("helm upgrade")) << plan.error().what;
}

TEST(Installer, asecondInstallationElsewhereIsRefused)
{
    Scene scene;
    scene.install();
    scene.options.nameSpace = "watch";
    const auto plan = scene.installer().plan();
    ASSERT_FALSE(plan);
    EXPECT_TRUE(plan.error().what.contains("--namespace binnacle")) << plan.error().what;
}

TEST(Installer, aNamespaceThatIsBeingDeletedIsWaitedForByThePerson)
{
    Scene scene;
    scene.cluster.put("/api/v1/namespaces/binnacle", {{"metadata", {{"name", "binnacle"}}}, {"status", {{"phase", "Terminating"}}}});
    const auto plan = scene.installer().plan();
    ASSERT_FALSE(plan);
    EXPECT_TRUE(plan.error().what.contains("is being deleted"));
}

TEST(Installer, whatTheClusterIsDecidesCapabilitiesAndConstraints)
{
    Scene scene;
    scene.addHost(linuxHost("a", "5.10.0"));
    scene.cluster.script("GET /apis/security.openshift.io/v1", {200, "{}"});
    const InstallPlan plan = scene.planned();
    EXPECT_EQ(plan.notes.size(), 2u);
    std::string all;
    for (const Manifest& manifest : plan.manifests)
        all += manifest.json;
    EXPECT_TRUE(all.contains("\"SYS_RESOURCE\"]") && all.contains("SecurityContextConstraints") && all.contains("spc_t"));
}

TEST(Installer, whoMayNotListHostsIsToldWhatCannotBeSaid)
{
    Scene scene;
    scene.cluster.script("GET /api/v1/nodes", refusal(403, "Forbidden", "nodes is forbidden"));
    const InstallPlan plan = scene.planned();
    EXPECT_TRUE(plan.hosts.empty());
    ASSERT_EQ(plan.notes.size(), 1u);
    EXPECT_TRUE(plan.notes.front().starts_with("you may not list hosts"));
}

TEST(Installer, anAncientServerIsRefused)
{
    Scene scene;
    scene.cluster.script("GET /version", {200, R"({"major":"1","minor":"20+","gitVersion":"v1.20.4"})"});
    const auto plan = scene.installer().plan();
    ASSERT_FALSE(plan);
    EXPECT_TRUE(plan.error().what.contains("v1.20.4") && plan.error().what.contains("1.21"));
}

TEST(Installer, aRefusalHalfWaySaysHowFarItCameAndTheSameCallGoesOn)
{
    Scene scene;
    Installer one = scene.installer();
    const auto plan = one.plan();
    ASSERT_TRUE(plan);
    MemoryCluster& cluster = scene.cluster;
    cluster.script("PATCH " + kSetPath, refusal(403, "Forbidden", "admission webhook \"p.example\" denied the request"));
    const auto applied = one.apply(*plan, [](const ObjectChange&) {});
    ASSERT_FALSE(applied);
    EXPECT_TRUE(applied.error().what.contains("denied the request; 9 of 10 objects are applied")) << applied.error().what;
    cluster.script("PATCH " + kSetPath, {200, "{}"});
    EXPECT_TRUE(one.apply(*plan, [](const ObjectChange&) {}));
}

TEST(Installer, cancellingStopsBetweenTwoObjects)
{
    Scene scene;
    Installer one = scene.installer();
    const auto plan = one.plan();
    ASSERT_TRUE(plan);
    int applied = 0;
    const auto result = one.apply(*plan, [&](const ObjectChange&) {
        if (++applied == 3)
            scene.cancellation.cancel();
    });
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().code, ErrorCode::Cancelled);
    EXPECT_EQ(scene.cluster.paths().size(), 3u);
}

namespace {

std::vector<std::string> removedBy(const InstallPlan& plan)
{
    std::vector<std::string> names;
    for (const ObjectChange& change : plan.changes) {
        if (change.kind == ObjectChange::Kind::Remove)
            names.push_back(change.object.words());
    }
    return names;
}

} // namespace

TEST(Installer, withoutTheGatewayThatWasThereItsObjectsAreRemovedTheDeploymentFirst)
{
    Scene scene;
    scene.install();
    const auto plain = scene.cluster.paths();
    scene.options.hasGateway = true;
    scene.install();
    ASSERT_EQ(scene.cluster.paths().size(), plain.size() + 10);
    scene.options.hasGateway = false;
    const InstallPlan plan = scene.planned();
    const auto removed = removedBy(plan);
    ASSERT_EQ(removed.size(), 10u);
    EXPECT_EQ(removed.front(), "Deployment binnacle/binnacle-gateway");
    EXPECT_FALSE(plan.changesNothing());
    scene.install();
    EXPECT_EQ(scene.cluster.paths(), plain);
    EXPECT_TRUE(removedBy(scene.planned()).empty());
    EXPECT_TRUE(scene.planned().changesNothing());
}

TEST(Installer, aGatewayOfSomeoneElseStays)
{
    Scene scene;
    scene.options.hasGateway = true;
    scene.install();
    const std::string gateway = "/apis/apps/v1/namespaces/binnacle/deployments/binnacle-gateway";
    const std::string account = "/api/v1/namespaces/binnacle/serviceaccounts/binnacle-gateway";
    scene.cluster.put(gateway, *scene.cluster.find(gateway), "helm"); // our label, another owner
    Json unlabelled = *scene.cluster.find(account);
    unlabelled["metadata"].erase("labels");
    scene.cluster.put(account, unlabelled, "binnacle");
    scene.options.hasGateway = false;
    EXPECT_EQ(removedBy(scene.planned()).size(), 8u);
    scene.install();
    EXPECT_NE(scene.cluster.find(gateway), nullptr);
    EXPECT_NE(scene.cluster.find(account), nullptr);
}

TEST(Installer, whoMayNotDeleteTheGatewayIsToldBeforeAnythingIsChanged)
{
    Scene scene;
    scene.options.hasGateway = true;
    scene.install();
    scene.options.hasGateway = false;
    scene.cluster.allows = [](const std::string& verb, const std::string&) { return verb != "delete" && verb != "*"; };
    const InstallPlan plan = scene.planned();
    ASSERT_EQ(plan.missing.size(), 10u);
    EXPECT_EQ(plan.missing.front().words(), "delete deployments.apps binnacle-gateway in binnacle");
    EXPECT_EQ(plan.missing.front().purpose, "remove Deployment binnacle/binnacle-gateway");
    EXPECT_TRUE(plan.changes.empty());
}

TEST(Installer, aGatewayThatMayNotBeLookedAtIsANoteAndStays)
{
    Scene scene;
    scene.cluster.script("GET /apis/apps/v1/namespaces/binnacle/deployments", refusal(403, "Forbidden", "deployments is forbidden"));
    const InstallPlan plan = scene.planned();
    EXPECT_NE(std::ranges::find_if(plan.notes, [](const std::string& note) { return note.contains("you may not look at Deployment binnacle/binnacle-gateway"); }), plan.notes.end());
    EXPECT_TRUE(removedBy(plan).empty());
}

TEST(Rollouts, areCompleteWhenEveryHostsAgentIsReady)
{
    Scene scene;
    scene.install();
    scene.observe(2);
    const InstallPlan plan = scene.planned();
    Json pod = agentPod("b");
    pod["status"]["conditions"][0]["status"] = "False";
    scene.putPod(agentPod("a"));
    scene.putPod(pod);
    scene.time.onWait = [&] { scene.putPod(agentPod("b")); };
    const Rollout rollout = scene.followed(plan);
    EXPECT_EQ(rollout.end, Rollout::End::Complete);
    EXPECT_EQ(rollout.ready, 2);
    EXPECT_EQ(scene.told.size(), 2u) << "one word a change";
}

TEST(Rollouts, aTemplateThatTheControllerHasNotSeenIsNotComplete)
{
    Scene scene;
    scene.install();
    scene.observe(1);
    scene.putPod(agentPod("a"));
    Json set = *scene.cluster.find(kSetPath);
    set["metadata"]["generation"] = 2;
    scene.cluster.put(kSetPath, set, "binnacle");
    scene.time.onWait = [&] { scene.observe(1); };
    EXPECT_EQ(scene.followed(scene.planned()).end, Rollout::End::Complete);
    EXPECT_GT(scene.time.now.time_since_epoch(), 0s) << "it had to wait";
}

TEST(Rollouts, theProbeDecidesWhenThereIsOne)
{
    Scene scene;
    scene.install();
    scene.observe(1);
    scene.putPod(agentPod("a"));
    int asked = 0;
    const Rollout rollout = scene.followed(scene.planned(), [&](const InstalledAgent&) -> Result<bool> { return ++asked == 3; });
    EXPECT_EQ(rollout.end, Rollout::End::Complete);
    EXPECT_EQ(asked, 3);
    EXPECT_EQ(scene.told.front().agents.front().sentence, "collects; its first batch has not arrived here yet");
}

TEST(Rollouts, aHostThatIsAwayIsNotWaitedFor)
{
    Scene scene;
    Json away = linuxHost("b");
    away["status"]["conditions"][0]["status"] = "Unknown";
    scene.addHost(linuxHost("a"));
    scene.addHost(away);
    scene.install();
    scene.observe(2);
    scene.putPod(agentPod("a"));
    Json pending = agentPod("b");
    pending["status"] = {{"phase", "Pending"}};
    scene.putPod(pending);
    EXPECT_EQ(scene.followed(scene.planned()).end, Rollout::End::Complete);
}

TEST(Rollouts, troublesOnlyEndItBeforeTheTimeIsUpWithLastWords)
{
    Scene scene;
    scene.install();
    scene.observe(1);
    scene.putPod(crashing("a"));
    scene.cluster.script("GET " + kPodsPath + "binnacle-agent-a/log?container=agent&tailLines=8&previous=true", {200, "binnacle-agent: load: Operation not permitted\n"});
    const Rollout rollout = scene.followed(scene.planned());
    EXPECT_EQ(rollout.end, Rollout::End::Stuck);
    EXPECT_LT(scene.time.now.time_since_epoch(), 300s);
    ASSERT_TRUE(rollout.lastWords.contains("binnacle-agent-a"));
    EXPECT_TRUE(rollout.lastWords.at("binnacle-agent-a").contains("--hardened-kernels"));
}

TEST(Rollouts, podsThatAreNeverMadeAreExplainedByTheirEvents)
{
    Scene scene;
    scene.install();
    scene.observe(1);
    scene.cluster.script("GET /api/v1/namespaces/binnacle/events",
                         {200, R"({"items":[{"reason":"FailedCreate","involvedObject":{"kind":"DaemonSet"},"message":"violates PodSecurity \"baseline\""}]})"});
    const Rollout rollout = scene.followed(scene.planned());
    EXPECT_EQ(rollout.end, Rollout::End::Stuck);
    ASSERT_EQ(rollout.troubles.size(), 1u);
    EXPECT_TRUE(rollout.troubles.front().starts_with("PodSecurity refuses the pods"));
}

TEST(Rollouts, timeIsUpAndCancelledAreTwoEnds)
{
    Scene scene;
    scene.install();
    scene.observe(1);
    Json pod = agentPod("a");
    pod["status"]["conditions"][0]["status"] = "False";
    scene.putPod(pod);
    EXPECT_EQ(scene.followed(scene.planned()).end, Rollout::End::TimedOut);
    scene.cancellation = Cancellation();
    const InstallPlan plan = scene.planned();
    scene.time.onWait = [&] { scene.cancellation.cancel(); };
    EXPECT_EQ(scene.followed(plan).end, Rollout::End::Cancelled);
}

TEST(Installations, elsewhereAndNowhereAreTold)
{
    Scene scene;
    EXPECT_TRUE(readInstallation(scene.cluster, "binnacle").error().what.contains("`binnacle install`"));
    scene.install();
    EXPECT_TRUE(readInstallation(scene.cluster, "other").error().what.contains("--namespace binnacle"));
    scene.observe(1);
    scene.putPod(agentPod("a"));
    const auto installation = readInstallation(scene.cluster, "binnacle");
    ASSERT_TRUE(installation);
    EXPECT_EQ(installation->installedBy, "binnacle");
    EXPECT_EQ(installation->version, installedVersion());
    EXPECT_EQ(installation->agents.size(), 1u);
}

TEST(Installations, whoMayOnlyListPodsSeesWhatThePodsSay)
{
    Scene scene;
    scene.install();
    scene.putPod(agentPod("a"));
    scene.cluster.script("GET " + kSetPath, refusal(403, "Forbidden", "daemonsets.apps is forbidden"));
    const auto installation = readInstallation(scene.cluster, "binnacle");
    ASSERT_TRUE(installation) << installation.error().what;
    EXPECT_EQ(installation->desired, 1);
    EXPECT_EQ(installation->version, "0.1.0");
    EXPECT_FALSE(installation->isObserved) << "an installer must not take this for complete";
}
