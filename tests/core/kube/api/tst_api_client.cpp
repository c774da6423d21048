// SPDX-License-Identifier: Apache-2.0
#include "core/kube/api/api_client.h"
#include "tests/core/kube/doubles/access.h"
#include "tests/core/kube/doubles/api_double.h"

#include <gtest/gtest.h>

namespace binnacle::kube {
namespace {

using namespace test;
using nlohmann::json;

#define EXPECT_SAYS(text, part) EXPECT_NE((text).find(part), std::string::npos) << (text)

struct Cluster {
    explicit Cluster(const json& script = json::object(), const std::string& token = "admin-token", const std::string& server = "url")
        : http(script), client(reactor, http.access(server), std::make_shared<FixedCredentials>(RequestCredentials{.authorization = "Bearer " + token}), plainOptions()),
          api(client)
    {
    }
    ApiDouble http;
    Reactor reactor;
    HttpClient client;
    ApiClient api;
};

json configMap(int number, const char* space = "default")
{
    return {{"apiVersion", "v1"}, {"kind", "Pod"}, {"metadata", {{"name", "p-" + std::to_string(number)}, {"namespace", space}}}, {"spec", json::object()}};
}

const ResourcePath kPods{{.plural = "pods"}, "default"};

TEST(ApiClient, getsCreatesPatchesAndDeletes)
{
    Cluster cluster;
    EXPECT_SAYS(*cluster.api.send(ApiCall::getTarget("/version")), "gitVersion");
    ResourcePath pod = kPods;
    pod.name = "p-1";
    const auto created = cluster.api.send(ApiCall::create(kPods, configMap(1).dump()));
    ASSERT_TRUE(created) << created.error().what;
    EXPECT_TRUE(cluster.api.send(ApiCall::get(pod)));
    const auto patched = cluster.api.send(ApiCall::patch(pod, PatchKind::Merge, R"({"metadata":{"labels":{"a":"b"}}})"));
    ASSERT_TRUE(patched) << patched.error().what;
    EXPECT_EQ(json::parse(*patched)["metadata"]["labels"]["a"], "b");
    EXPECT_TRUE(cluster.api.send(ApiCall::remove(pod)));
    const auto gone = cluster.api.send(ApiCall::get(pod));
    ASSERT_FALSE(gone);
    EXPECT_EQ(gone.error().code, ErrorCode::NotFound);
    EXPECT_EQ(gone.error().what, "get pods/p-1 in namespace default: not found (404: pods \"p-1\" not found)");
}

TEST(ApiClient, appliesByServerSide)
{
    Cluster cluster;
    ResourcePath pod = kPods;
    pod.name = "p-2";
    const auto applied = cluster.api.send(ApiCall::apply(pod, configMap(2).dump(), "binnacle", true));
    ASSERT_TRUE(applied) << applied.error().what;
    const json request = cluster.http.log("request").back();
    EXPECT_EQ(request["target"], "/api/v1/namespaces/default/pods/p-2?fieldManager=binnacle&force=true");
    EXPECT_SAYS(request["headers"].dump(), "application/apply-patch+yaml");
}

TEST(ApiClient, saysWhatIsForbiddenAndWhoIsUnknown)
{
    Cluster viewer({}, "viewer-token");
    const auto denied = viewer.api.send(ApiCall::create(kPods, configMap(1).dump()));
    ASSERT_FALSE(denied);
    EXPECT_EQ(denied.error().code, ErrorCode::Denied);
    EXPECT_SAYS(denied.error().what, "this user may not create pods in namespace default (403: pods is forbidden: User \"viewer\" cannot create resource \"pods\"");
    Cluster unknown({}, "no-such-token");
    EXPECT_SAYS(unknown.api.send(ApiCall::get(kPods)).error().what, "does not accept these credentials (401: Unauthorized)");
}

TEST(ApiClient, listsPageByPage)
{
    Cluster cluster(json{{"objects", json::array()}});
    for (int i = 0; i < 7; ++i)
        cluster.http.order("POST", "/object", {{"action", "put"}, {"object", configMap(i)}});
    ListQuery query{.collection = kPods};
    query.pageSize = 3;
    const auto found = cluster.api.list(query);
    ASSERT_TRUE(found) << found.error().what;
    EXPECT_EQ(found->items.size(), 7u);
    EXPECT_TRUE(found->consistent);
    EXPECT_NE(found->resourceVersion, "");
    EXPECT_EQ(cluster.http.log("request").size(), 3u);
    query.fieldSelector = "metadata.name=p-3";
    query.detail = Detail::MetadataOnly;
    const auto one = cluster.api.list(query);
    ASSERT_TRUE(one) << one.error().what;
    ASSERT_EQ(one->items.size(), 1u);
    EXPECT_EQ(json::parse(one->items[0])["kind"], "PartialObjectMetadata");
    EXPECT_FALSE(json::parse(one->items[0]).contains("spec"));
}

TEST(ApiClient, aListThatExpiresBetweenPagesGoesOnWithTheFreshToken)
{
    const json expired{{"kind", "Status"}, {"apiVersion", "v1"}, {"metadata", {{"continue", "fresh"}}}, {"status", "Failure"}, {"message", "expired"}, {"reason", "Expired"}, {"code", 410}};
    const json lastPage{{"kind", "PodList"}, {"apiVersion", "v1"}, {"metadata", {{"resourceVersion", "99"}}}, {"items", json::array({configMap(9)})}};
    Cluster cluster(json{{"responses", json::array({{{"match", {{"pattern", "continue=fresh"}}}, {"status", 200}, {"body", lastPage.dump()}, {"content_type", "application/json"}},
                                                {{"match", {{"pattern", "continue="}}}, {"status", 410}, {"status_object", expired}}})}});
    cluster.http.order("POST", "/object", {{"action", "put"}, {"object", configMap(1)}});
    ListQuery query{.collection = kPods};
    query.pageSize = 1;
    const auto found = cluster.api.list(query);
    ASSERT_TRUE(found) << found.error().what;
    EXPECT_FALSE(found->consistent);
    EXPECT_EQ(found->items.size(), 2u);
    EXPECT_EQ(found->resourceVersion, "99");
}

TEST(ApiClient, pathPrefixesAndProxiesAreNoObstacle)
{
    Cluster prefixed(json{{"path_prefix", "/k8s/clusters/c-1"}});
    EXPECT_TRUE(prefixed.api.list({.collection = kPods}));
    for (const char* key : {"proxy_url", "tls_proxy_url", "socks_url"}) {
        ClusterAccess access = prefixed.http.access();
        access.cluster.proxyUrl = prefixed.http[key];
        HttpClient client(prefixed.reactor, access, std::make_shared<FixedCredentials>(RequestCredentials{.authorization = "Bearer admin-token"}), plainOptions());
        const auto found = ApiClient(client).list({.collection = kPods});
        EXPECT_TRUE(found) << key << ": " << found.error().what;
    }
}

TEST(ApiClient, whatIsNoApiServerIsRecognised)
{
    Cluster cluster(json{{"responses", json::array({{{"match", {{"pattern", "pods"}}}, {"status", 200}, {"body", "<html>Welcome</html>"}, {"content_type", "text/html"}}})}});
    const auto found = cluster.api.list({.collection = kPods});
    ASSERT_FALSE(found);
    EXPECT_SAYS(found.error().what, "the answer is no list");
}

} // namespace
} // namespace binnacle::kube
