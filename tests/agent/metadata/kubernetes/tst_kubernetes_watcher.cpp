// SPDX-License-Identifier: Apache-2.0
#include "agent/metadata/kubernetes/in_cluster_connection.h"
#include "agent/metadata/kubernetes/kubernetes_watcher.h"
#include "agent/metadata/kubernetes/lease_client.h"
#include "tests/core/kube/objects/sample_objects.h"
#include "tests/core/kube/doubles/access.h"
#include "tests/core/kube/doubles/api_double.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <fstream>
#include <mutex>
#include <thread>
#include <unistd.h>

/// The watcher against the double of the API server.
namespace binnacle::agent::test {
namespace {

using namespace kube::objects::test;

using kube::test::ApiDouble;
using kube::test::FixedCredentials;

template <class F>
bool eventually(F&& holds)
{
    for (int i = 0; i < 6'000; ++i) { // a minute: far more than it takes
        if (holds())
            return true;
        std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    return false;
}

json space(const std::string& name, const std::string& uid) { return {{"apiVersion", "v1"}, {"kind", "Namespace"}, {"metadata", {{"name", name}, {"uid", uid}}}}; }

json cluster()
{
    return {{"objects", {space("default", "x"), space("kube-system", "cluster-uid"), space("shop", "y"), node("node-a"), pod("api-1", "u1", "10.1.0.7"),
                         pod("api-2", "u2", "10.1.0.8", "node-b"), service("entry", "10.96.0.20", 80), slice("entry", {endpoint("u1", "10.1.0.7")}),
                         deployment("api", "x:1", 3, 1)}}};
}

/// A role that may read everything but `refused`, and use leases.
json roleWithout(const std::string& refused)
{
    json resources = json::array();
    for (const char* plural : {"pods", "services", "nodes", "namespaces", "events", "endpointslices", "replicasets", "deployments", "statefulsets", "daemonsets", "jobs"}) {
        if (plural != refused)
            resources.push_back(plural);
    }
    json rules = json::array({{{"users", {"nobody"}}, {"verbs", {"list", "watch"}}, {"api_groups", {"*"}}, {"resources", resources}}});
    if (refused != "leases")
        rules.push_back({{"users", {"nobody"}}, {"verbs", {"get", "create", "update"}}, {"api_groups", {"coordination.k8s.io"}}, {"resources", {"leases"}}});
    return rules;
}

class KubernetesWatcherTest : public ::testing::Test {
protected:
    std::unique_ptr<KubernetesWatcher> watch(const ApiDouble& server, const std::string& token = "admin-token", const std::string& identity = "agent-a")
    {
        KubernetesWatcher::Options options;
        options.connect = [access = server.access(), token]() -> Result<KubernetesWatcher::Connection> {
            return KubernetesWatcher::Connection{access, std::make_shared<FixedCredentials>(kube::RequestCredentials{.authorization = "Bearer " + token})};
        };
        options.hostName = "node-a";
        options.lease.identity = identity;
        options.lease.retry = std::chrono::milliseconds(50);
        options.firstPause = std::chrono::milliseconds(20);
        options.longestPause = std::chrono::milliseconds(100);
        options.say = [this](const std::string& what) {
            const std::lock_guard lock(m_mutex);
            m_said.push_back(what);
        };
        return std::make_unique<KubernetesWatcher>(std::move(options));
    }
    static void put(const ApiDouble& server, const json& object) { server.order("POST", "/object", {{"action", "put"}, {"object", object}}); }
    static void remove(const ApiDouble& server, const json& object) { server.order("POST", "/object", {{"action", "delete"}, {"object", object}}); }

    static std::string workloadAt(const KubernetesWatcher& watcher, const std::string& address)
    {
        const ClusterKnowledgePtr knowledge = watcher.latest();
        for (const ServiceAddress& each : knowledge->addresses) {
            if (each.address.toText() == address)
                return each.workload.kind + ' ' + each.workload.name;
        }
        return {};
    }
    long said(const std::string& part)
    {
        const std::lock_guard lock(m_mutex);
        return std::ranges::count_if(m_said, [&](const std::string& each) { return each.find(part) != std::string::npos; });
    }
    static bool hasLimit(const KubernetesWatcher& watcher, const std::string& part)
    {
        return std::ranges::any_of(watcher.limits(), [&](const KnowledgeLimit& each) { return each.sentence.find(part) != std::string::npos; });
    }

    std::mutex m_mutex;
    std::vector<std::string> m_said;
};

TEST_F(KubernetesWatcherTest, knowsThisHostsPodsAndTheCluster)
{
    const ApiDouble server(cluster());
    const auto watcher = watch(server);
    ASSERT_TRUE(watcher->waitForPods(std::chrono::minutes(1)));
    const ClusterKnowledgePtr first = watcher->latest();
    EXPECT_TRUE(first->podsByUid.contains("u1"));
    EXPECT_FALSE(first->podsByUid.contains("u2")) << "another host's";
    EXPECT_TRUE(eventually([&] { return workloadAt(*watcher, "10.96.0.20:80") == "Deployment api"; })) << workloadAt(*watcher, "10.96.0.20:80");
    EXPECT_TRUE(eventually([&] { return workloadAt(*watcher, "10.1.0.8:0") == "Deployment api"; }));
    EXPECT_TRUE(eventually([&] { return watcher->latest()->clusterUid == "cluster-uid"; }));
    EXPECT_TRUE(eventually([&] { return watcher->latest()->podsByUid.at("u1")->zone == "eu-1b"; }));
    EXPECT_TRUE(watcher->limits().empty()) << watcher->limits().front().sentence;
    EXPECT_EQ(watcher->latest()->hostName, "node-a");
}

TEST_F(KubernetesWatcherTest, tellsChangesAndNewPods)
{
    const ApiDouble server(cluster());
    const auto watcher = watch(server);
    ASSERT_TRUE(eventually([&] { return workloadAt(*watcher, "10.96.0.20:80") == "Deployment api"; }));
    std::vector<std::string> details;
    const auto tells = [&](const std::string& what) {
        std::uint64_t dropped = 0;
        for (const ClusterChange& change : watcher->takeChanges(dropped))
            details.push_back(change.detail);
        return std::ranges::find(details, what) != details.end();
    };
    // The first list of Deployments may come after that of services, and tells no change: it is over once one is told.
    ASSERT_TRUE(eventually([&] {
        static int made = 0;
        put(server, deployment("probe-" + std::to_string(++made), "y:1", 1, 1));
        std::uint64_t dropped = 0;
        return !watcher->takeChanges(dropped).empty();
    }));
    put(server, deployment("api", "x:2", 3, 2, 0, 3));
    put(server, deployment("api", "x:2", 0, 3));
    put(server, pod("api-3", "u3", "10.1.0.9"));
    EXPECT_TRUE(eventually([&] { return tells("api: image x:1 → x:2, 3 replicas"); }));
    EXPECT_TRUE(eventually([&] { return tells("api: replicas 3 → 0"); }));
    EXPECT_TRUE(eventually([&] { return watcher->latest()->podsByUid.contains("u3"); }));
    remove(server, pod("api-3", "u3", "10.1.0.9"));
    put(server, pod("api-4", "u4", "10.1.0.10"));
    EXPECT_TRUE(eventually([&] { return watcher->latest()->podsByUid.contains("u4"); }));
    EXPECT_TRUE(watcher->latest()->podsByUid.contains("u3")) << "kept for late telemetry";
}

TEST_F(KubernetesWatcherTest, oneOfTwoWatchesTheClusterAndTheOtherTakesOver)
{
    const ApiDouble server(cluster());
    auto first = watch(server, "admin-token", "agent-a");
    ASSERT_TRUE(eventually([&] { return first->watchesCluster(); }));
    const auto second = watch(server, "admin-token", "agent-b");
    ASSERT_TRUE(second->waitForPods(std::chrono::minutes(1)));
    EXPECT_FALSE(second->watchesCluster());
    EXPECT_TRUE(second->latest()->addresses.empty());
    first.reset(); // gives it back: nobody waits for 15 s
    EXPECT_TRUE(eventually([&] { return second->watchesCluster(); }));
    EXPECT_TRUE(eventually([&] { return workloadAt(*second, "10.96.0.20:80") == "Deployment api"; }));
}

TEST_F(KubernetesWatcherTest, eachMissingPermissionIsNamedAndDegradesAlone)
{
    for (const char* missing : {"replicasets", "services", "events", "deployments"}) {
        json script = cluster();
        script["authorization"]["rules"] = roleWithout(missing);
        const ApiDouble server(script);
        const auto watcher = watch(server, "nobody-token");
        ASSERT_TRUE(watcher->waitForPods(std::chrono::minutes(1))) << missing;
        EXPECT_TRUE(eventually([&] { return hasLimit(*watcher, std::string("list and watch ") + missing); })) << missing;
        EXPECT_TRUE(eventually([&] { return workloadAt(*watcher, "10.1.0.8:0") == "Deployment api"; })) << missing;
        EXPECT_TRUE(eventually([&] { return (workloadAt(*watcher, "10.96.0.20:80") == "Deployment api") == (std::string(missing) != "services"); })) << missing;
        EXPECT_EQ(watcher->limits().front().what, std::string("kubernetes_") + missing);
        EXPECT_EQ(watcher->limits().size(), 1u) << missing << ": " << watcher->limits().back().sentence;
    }
}

TEST_F(KubernetesWatcherTest, withoutPodsItSaysSoOnceAndTriesAgain)
{
    json script = cluster();
    script["authorization"]["rules"] = roleWithout("pods");
    const ApiDouble server(script);
    const auto watcher = watch(server, "nobody-token");
    EXPECT_FALSE(watcher->waitForPods(std::chrono::minutes(1))) << "it does not wait for what is refused";
    EXPECT_TRUE(hasLimit(*watcher, "list and watch pods of this host"));
    EXPECT_FALSE(watcher->latest()->podsComplete);
    server.order("POST", "/script", {{"authorization", {{"rules", roleWithout("")}}}});
    EXPECT_TRUE(eventually([&] { return watcher->latest()->podsComplete; }));
    EXPECT_TRUE(eventually([&] { return watcher->limits().empty(); }));
    EXPECT_EQ(said("list and watch pods of this host"), 1);
}

TEST_F(KubernetesWatcherTest, withoutLeasesTheHostIsStillKnown)
{
    json script = cluster();
    script["authorization"]["rules"] = roleWithout("leases");
    const ApiDouble server(script);
    const auto watcher = watch(server, "nobody-token");
    ASSERT_TRUE(watcher->waitForPods(std::chrono::minutes(1)));
    EXPECT_TRUE(eventually([&] { return hasLimit(*watcher, "leases of coordination.k8s.io"); }));
    EXPECT_FALSE(watcher->watchesCluster());
    EXPECT_EQ(watcher->limits().size(), 1u);
}

TEST_F(KubernetesWatcherTest, lossOfTheLeaseForgetsTheCluster)
{
    const ApiDouble server(cluster());
    const auto watcher = watch(server);
    ASSERT_TRUE(eventually([&] { return !watcher->latest()->addresses.empty(); }));
    LeaseRecord other;
    other.holder = "somebody-else";
    other.durationSeconds = 3'600;
    put(server, json::parse(toJson(other, server.access().defaultNamespace, "binnacle-agent-cluster")));
    EXPECT_TRUE(eventually([&] { return !watcher->watchesCluster(); }));
    EXPECT_TRUE(eventually([&] { return watcher->latest()->addresses.empty(); }));
    EXPECT_TRUE(watcher->latest()->podsByUid.contains("u1"));
}

TEST_F(KubernetesWatcherTest, noAccessIsSaidOnceAndTriedAgain)
{
    KubernetesWatcher::Options options;
    std::atomic<int> tries = 0;
    options.connect = [&]() -> Result<KubernetesWatcher::Connection> {
        ++tries;
        return failure(ErrorCode::NotFound, "no service account is mounted");
    };
    options.firstPause = options.longestPause = std::chrono::milliseconds(10);
    options.say = [this](const std::string& what) {
        const std::lock_guard lock(m_mutex);
        m_said.push_back(what);
    };
    const KubernetesWatcher watcher(std::move(options));
    EXPECT_FALSE(watcher.waitForPods(std::chrono::minutes(1)));
    EXPECT_TRUE(eventually([&] { return tries > 3; }));
    EXPECT_EQ(said("no service account is mounted"), 1);
    EXPECT_TRUE(hasLimit(watcher, "names come from cgroups alone"));
    EXPECT_NE(watcher.latest(), nullptr);
}

TEST(InClusterConnectionTest, needsHostAndToken)
{
    std::string name = (std::filesystem::temp_directory_path() / "binnacle-account-XXXXXX").string();
    const std::filesystem::path folder = ::mkdtemp(name.data());
    const platform::Environment pod{{"KUBERNETES_SERVICE_HOST", "10.96.0.1"}, {"KUBERNETES_SERVICE_PORT", "443"}};
    EXPECT_FALSE(hasServiceAccount(pod, folder));
    EXPECT_FALSE(inClusterConnection({}, folder)());
    std::ofstream(folder / "token") << "t";
    std::ofstream(folder / "namespace") << "binnacle";
    std::ofstream(folder / "ca.crt") << kube::test::authority().certificatePem();
    EXPECT_TRUE(hasServiceAccount(pod, folder));
    EXPECT_FALSE(hasServiceAccount({}, folder));
    const auto connection = inClusterConnection(pod, folder)();
    ASSERT_TRUE(connection) << connection.error().what;
    EXPECT_EQ(connection->access.defaultNamespace, "binnacle");
    const auto credentials = connection->credentials->load({});
    ASSERT_TRUE(credentials) << credentials.error().what;
    EXPECT_EQ(credentials->authorization, "Bearer t");
    std::filesystem::remove_all(folder);
}

} // namespace
} // namespace binnacle::agent::test
