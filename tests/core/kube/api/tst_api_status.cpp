// SPDX-License-Identifier: Apache-2.0
#include "core/kube/api/api_status.h"
#include "core/kube/api/resource_path.h"

#include <gtest/gtest.h>

namespace binnacle::kube {
namespace {

constexpr std::string_view kForbidden = R"({"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure","message":"pods is forbidden: User \"v\" cannot list resource \"pods\" in API group \"\" at the cluster scope","reason":"Forbidden","details":{"kind":"pods"},"code":403})";

TEST(ApiStatus, aRefusalNamesVerbResourceAndTheServersReason)
{
    const Error error = toError(decodeStatus(403, kForbidden), "list", ResourcePath{{.plural = "pods"}}.toWords());
    EXPECT_EQ(error.code, ErrorCode::Denied);
    EXPECT_EQ(error.what, "this user may not list pods (403: pods is forbidden: User \"v\" cannot list resource \"pods\" in API group \"\" at the cluster scope); "
                          "a Role with the verb `list` on that resource is needed");
}

TEST(ApiStatus, textAndPagesAreNoStatus)
{
    const ApiStatus text = decodeStatus(400, "query parameter \"port\" is required\n");
    EXPECT_FALSE(text.fromApi);
    EXPECT_EQ(text.message, "query parameter \"port\" is required");
    EXPECT_EQ(decodeStatus(502, "<html><body>Bad\x1b[31m Gateway</body></html>").message, "(a web page)");
    EXPECT_EQ(decodeStatus(500, std::string_view("a\x1b[31mb", 7)).message.find('\x1b'), std::string::npos) << "nothing foreign steers a terminal";
    EXPECT_NE(toError(decodeStatus(404, "<html>"), "get", "pods").what.find("something other than an API server"), std::string::npos);
}

TEST(ApiStatus, keepsWhatAnExpiredListGives)
{
    const ApiStatus status = decodeStatus(410, R"({"kind":"Status","metadata":{"continue":"token"},"reason":"Expired","code":410,"details":{"causes":[{"reason":"R","message":"m"}]}})");
    EXPECT_EQ(status.freshContinue, "token");
    EXPECT_EQ(status.reason, "Expired");
    EXPECT_EQ(status.causes, std::vector<std::string>{"R: m"});
}

TEST(ApiStatus, deepNestingIsNoStatus)
{
    EXPECT_FALSE(decodeStatus(500, std::string(1'000'000, '[')).fromApi);
}

TEST(ResourcePath, writesPathsAndWords)
{
    const ResourcePath path{{"apps", "v1", "deployments"}, "shop", "a b", "scale"};
    EXPECT_EQ(path.toTarget({{"labelSelector", "a=b,c!=d"}, {"x", "1"}}), "/apis/apps/v1/namespaces/shop/deployments/a%20b/scale?labelSelector=a%3Db%2Cc%21%3Dd&x=1");
    EXPECT_EQ(path.toWords(), "deployments.apps/scale of a b in namespace shop");
    EXPECT_EQ((ResourcePath{{.plural = "pods"}, "shop", "web"}.toWords()), "pods/web in namespace shop");
    EXPECT_EQ((ResourcePath{{.plural = "nodes"}}.toTarget()), "/api/v1/nodes");
}

} // namespace
} // namespace binnacle::kube
