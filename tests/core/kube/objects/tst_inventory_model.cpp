// SPDX-License-Identifier: Apache-2.0
#include "core/kube/objects/inventory_model.h"
#include "core/telemetry/identity.h"
#include "tests/core/kube/objects/sample_objects.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <tuple>

namespace binnacle::kube::objects::test {
namespace {

using Lines = std::vector<std::string>;

std::string idOf(char digit) { return std::string(64, digit); }

/// A pod of its own: another container, another host.
json podOf(const std::string& name, const std::string& uid, char container, const std::string& address, const std::string& host = "node-a")
{
    json object = pod(name, uid, address, host);
    object["status"]["containerStatuses"][0]["containerID"] = "containerd://" + idOf(container);
    object["status"]["initContainerStatuses"] = json::array();
    object["status"]["ephemeralContainerStatuses"] = json::array();
    return object;
}

class InventoryModelTest : public ::testing::Test {
protected:
    void set(Listed listed, const json& object) { model.set(listed, object, now); }

    static std::string nameOf(const InventoryModel::Rows& rows, std::uint32_t entity)
    {
        const telemetry::Entity& named = rows.dictionary->entities.at(entity);
        return named.nameSpace + '/' + named.name;
    }
    static std::string attribute(const telemetry::Entity& entity, const std::string& name)
    {
        const auto found = std::ranges::find(entity.attributes, name, &std::pair<std::string, std::string>::first);
        return found == entity.attributes.end() ? std::string() : found->second;
    }
    /// `shop/api-1 of shop/api on node-a`
    static Lines instances(const InventoryModel::Rows& rows)
    {
        Lines lines;
        for (const telemetry::PresenceRow& row : rows.presence)
            lines.push_back(nameOf(rows, row.instance) + " of " + nameOf(rows, row.service) + " on " + attribute(rows.dictionary->entities[row.instance], "k8s.node.name"));
        std::ranges::sort(lines);
        return lines;
    }
    /// `[::]:0 shop/api`, with the Service's name if one stands there.
    static Lines addresses(const InventoryModel::Rows& rows)
    {
        Lines lines;
        for (const telemetry::AddressRow& row : rows.addresses)
            lines.push_back(row.address.toText() + ' ' + nameOf(rows, row.service) + (row.name == telemetry::kNone ? "" : " by " + rows.dictionary->strings[row.name]));
        std::ranges::sort(lines);
        return lines;
    }
    static bool has(const Lines& lines, const std::string& line) { return std::ranges::find(lines, line) != lines.end(); }

    InventoryModel model;
    UtcTime now = utcTime(1'800'000'000'000'000'000);
};

TEST_F(InventoryModelTest, tellsRunningInstancesByTheKeysThatAgentsGiveThem)
{
    model.setClusterUid("cluster-1");
    set(Listed::Nodes, node("node-a"));
    set(Listed::Pods, podOf("api-1", "u1", 'a', "10.1.0.7"));
    set(Listed::Pods, podOf("api-2", "u2", 'b', "10.1.0.8", "node-b"));
    const InventoryModel::Rows rows = model.rows({});
    EXPECT_EQ(instances(rows), (Lines{"shop/api-1 of shop/api on node-a", "shop/api-2 of shop/api on node-b"}));
    const telemetry::Entity& first = rows.dictionary->entities[rows.presence.front().instance];
    EXPECT_EQ(first.key, telemetry::containerInstanceKey(idOf('a')));
    EXPECT_EQ(attribute(first, "k8s.pod.uid"), "u1");
    EXPECT_EQ(attribute(first, "cloud.availability_zone"), "eu-1b");
    const telemetry::Entity& service = rows.dictionary->entities[rows.presence.front().service];
    EXPECT_EQ(service.key, telemetry::serviceKey("cluster-1", "shop", "Deployment", "api"));
    EXPECT_EQ(service.serviceKind, telemetry::ServiceKind::Workload);
}

TEST_F(InventoryModelTest, anUpdateThatSaysNothingNewIsNone)
{
    set(Listed::Pods, podOf("api-1", "u1", 'a', "10.1.0.7"));
    const std::uint64_t before = model.version();
    json again = podOf("api-1", "u1", 'a', "10.1.0.7");
    again["metadata"]["resourceVersion"] = "813";
    set(Listed::Pods, again);
    EXPECT_EQ(model.version(), before);
    again["status"]["containerStatuses"][0]["state"] = {{"terminated", {{"exitCode", 1}}}};
    set(Listed::Pods, again);
    EXPECT_GT(model.version(), before);
}

TEST_F(InventoryModelTest, countsOnlyWhatRuns)
{
    json waiting = podOf("api-1", "u1", 'a', "10.1.0.7");
    waiting["status"]["containerStatuses"][0]["state"] = {{"waiting", {{"reason", "CrashLoopBackOff"}}}};
    json ended = podOf("api-2", "u2", 'b', "10.1.0.8");
    ended["status"]["phase"] = "Succeeded";
    set(Listed::Pods, waiting);
    set(Listed::Pods, ended);
    const InventoryModel::Rows rows = model.rows({});
    EXPECT_TRUE(rows.presence.empty());
    EXPECT_TRUE(has(addresses(rows), "[::]:0 shop/api")) << "it is there, without an instance";
}

TEST_F(InventoryModelTest, followsPodsThatGoAndWorkloadsScaledToNothing)
{
    set(Listed::Deployments, deployment("api", "x:1", 0, 1));
    set(Listed::Pods, podOf("api-1", "u1", 'a', "10.1.0.7"));
    const std::uint64_t before = model.version();
    model.remove(Listed::Pods, {"shop", "api-1", "u1"}, now);
    EXPECT_GT(model.version(), before);
    const InventoryModel::Rows rows = model.rows({});
    EXPECT_TRUE(rows.presence.empty());
    EXPECT_EQ(addresses(rows), (Lines{"[::]:0 shop/api"}));
    model.remove(Listed::Deployments, {"shop", "api", {}}, now);
    EXPECT_TRUE(model.rows({}).addresses.empty());
}

TEST_F(InventoryModelTest, tellsWhereServicesLead)
{
    set(Listed::Pods, podOf("api-1", "u1", 'a', "10.1.0.7"));
    set(Listed::Services, service("entry", "10.96.0.20", 80));
    json headless = service("peers", "None", 7000);
    set(Listed::Services, headless);
    set(Listed::EndpointSlices, slice("entry", {endpoint("u1", "10.1.0.7")}));
    set(Listed::EndpointSlices, slice("peers", {endpoint("u1", "10.1.0.7")}));
    set(Listed::Services, service("kubernetes", "10.96.0.1", 443, json::object()));
    EXPECT_EQ(addresses(model.rows({})), (Lines{"10.1.0.7:0 shop/api", "10.96.0.1:443 shop/kubernetes by shop/kubernetes", "10.96.0.20:80 shop/api by shop/entry",
                                                "[::]:0 shop/api", "[::]:7000 shop/api by shop/peers", "[::]:80 shop/api by shop/entry", "[fd00:10::7]:0 shop/api"}));
}

TEST_F(InventoryModelTest, aServiceOfTwoWorkloadsLeadsToBoth)
{
    json canary = podOf("api-canary-1", "u2", 'b', "10.1.0.8");
    canary["metadata"]["ownerReferences"] = ownedBy("StatefulSet", "canary");
    set(Listed::Pods, podOf("api-1", "u1", 'a', "10.1.0.7"));
    set(Listed::Pods, canary);
    set(Listed::Services, service("entry", "10.96.0.20", 80));
    set(Listed::EndpointSlices, slice("entry", {endpoint("u1", "10.1.0.7"), endpoint("u2", "10.1.0.8")}));
    const Lines lines = addresses(model.rows({}));
    EXPECT_TRUE(has(lines, "[::]:80 shop/api by shop/entry"));
    EXPECT_TRUE(has(lines, "[::]:80 shop/canary by shop/entry"));
}

TEST_F(InventoryModelTest, ourOwnAgentsAndGatewaysAreNobodysBusiness)
{
    for (const auto& [name, listed, uid] : {std::tuple("binnacle-agent", Listed::DaemonSets, "u9"), std::tuple("binnacle-gateway", Listed::Deployments, "u8")}) {
        json own = podOf(std::string(name) + "-x", uid, uid[1], "10.1.0.9" + std::string(uid + 1));
        own["metadata"]["labels"]["app.kubernetes.io/name"] = name;
        set(Listed::Pods, own);
        json workload = deployment(name, "agent:1", 1, 1);
        workload["spec"]["template"]["metadata"]["labels"]["app.kubernetes.io/name"] = name;
        set(listed, workload);
    }
    const InventoryModel::Rows rows = model.rows({});
    EXPECT_TRUE(rows.presence.empty());
    EXPECT_TRUE(rows.addresses.empty());
}

TEST_F(InventoryModelTest, whatIsNotKnownIsCoverageAndSoIsWhatFoundNoRoom)
{
    InventoryModel small({.labels = {}, .mostPods = 1});
    small.set(Listed::Pods, podOf("api-1", "u1", 'a', "10.1.0.7"), now);
    small.set(Listed::Pods, podOf("api-2", "u2", 'b', "10.1.0.8"), now);
    const InventoryModel::Rows rows = small.rows({{"kubernetes_nodes", "this user may not list nodes"}});
    ASSERT_EQ(rows.coverage.size(), 2u);
    EXPECT_EQ(rows.dictionary->strings[rows.coverage[0].what], "kubernetes_nodes");
    EXPECT_EQ(rows.dictionary->strings[rows.coverage[0].advice], "this user may not list nodes");
    EXPECT_EQ(rows.dictionary->strings[rows.coverage[1].what], "kubernetes_objects");
    EXPECT_EQ(rows.presence.size(), 1u);
}

} // namespace
} // namespace binnacle::kube::objects::test
