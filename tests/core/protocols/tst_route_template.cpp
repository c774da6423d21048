// SPDX-License-Identifier: Apache-2.0
#include "core/protocols/route_template.h"

#include <string>

#include <gtest/gtest.h>

namespace binnacle::protocols {
namespace {

std::string routeOf(std::string_view target)
{
    RouteText out;
    appendRouteTemplate(target, out);
    return std::string(out.view());
}

struct Case {
    const char* target;
    const char* route;
};

class RouteTemplate : public ::testing::TestWithParam<Case> {};

TEST_P(RouteTemplate, followsItsRules)
{
    EXPECT_EQ(routeOf(GetParam().target), GetParam().route);
}

INSTANTIATE_TEST_SUITE_P(Rules, RouteTemplate,
                         ::testing::Values(
                             // 1 only the path
                             Case{"/", "/"}, Case{"/orders?id=7&token=x", "/orders"}, Case{"/a#b", "/a"}, Case{"?q=1", "/"}, Case{"*", "*"},
                             Case{"http://shop:8080/a/7?x", "/a/{id}"}, Case{"https://shop", "/"}, Case{"https://shop?x=1", "/"},
                             Case{"shop:443", "{authority}"}, Case{"/go?to=http://x/y", "/go"},
                             // 2 tokens
                             Case{"/a/", "/a/"}, Case{"//a", "//a"}, Case{"/a;jsessionid=1A2B/b", "/a/b"}, Case{"/index.html", "/index.html"},
                             Case{"/api/v1/orders", "/api/v1/orders"},
                             // 3 numbers, dates, addresses
                             Case{"/orders/42", "/orders/{id}"}, Case{"/orders/-42", "/orders/{id}"}, Case{"/by/2024-11-23", "/by/{id}"},
                             Case{"/ip/10.0.0.1", "/ip/{id}"},
                             // UUID and hexadecimal
                             Case{"/u/550e8400-e29b-41d4-a716-446655440000/x", "/u/{id}/x"}, Case{"/c/deadbeef01", "/c/{id}"},
                             Case{"/c/1a2b3c4d", "/c/{id}"}, Case{"/facade", "/facade"}, Case{"/defaced", "/defaced"},
                             // mixed
                             Case{"/p/a1b2", "/p/{id}"}, Case{"/v10", "/v10"}, Case{"/oauth2/token", "/oauth2/token"}, Case{"/e2e", "/e2e"},
                             Case{"/k8s", "/k8s"}, Case{"/orders2024", "/orders2024"}, Case{"/orders20241", "/{id}"}, Case{"/ORD-10042", "/{id}"},
                             Case{"/checkout-step2-form", "/{id}"},
                             // base64-like, long
                             Case{"/t/QmFzZTY0RW5jb2RlZFRleHQ", "/t/{id}"}, Case{"/t/aGVsbG8gd29ybGQ=", "/t/{id}"},
                             Case{"/t/AbCdEfGhIjKlMnOpQrStUv", "/t/{id}"}, Case{"/getCustomerOrders", "/getCustomerOrders"},
                             Case{"/this-is-a-very-long-slug-of-a-blog-post", "/{id}"}, Case{"/recommendations", "/recommendations"},
                             // foreign bytes
                             Case{"/u/ann@example.org", "/u/{id}"}, Case{"/q/a%20b", "/q/{id}"}, Case{"/q/a+b", "/q/{id}"}, Case{"/q/\xc3\xa4", "/q/{id}"},
                             Case{"/k:v", "/{id}"}));

TEST(RouteTemplateLimits, cutsAtATokenBorder)
{
    std::string target;
    for (int i = 0; i < 30; ++i)
        target += "/segment";
    const std::string route = routeOf(target);
    EXPECT_LE(route.size(), kMaxRoute);
    EXPECT_TRUE(route.ends_with("/segment…")) << route;
}

TEST(RouteTemplateLimits, staysInBoundsWhateverComes)
{
    for (std::size_t length = 0; length < 400; ++length) {
        const std::string target = '/' + std::string(length, 'a') + std::string(length % 5, '/') + std::string(length / 3, '/');
        EXPECT_LE(routeOf(target).size(), kMaxRoute);
    }
}

TEST(RouteCache, givesTheSameAsTheRules)
{
    RouteCache cache;
    for (int round = 0; round < 3; ++round) {
        for (int i = 0; i < 5000; ++i) {
            const std::string target = "/orders/" + std::to_string(i) + "/x" + std::string(static_cast<std::size_t>(i % 7), 'y');
            RouteText expected;
            expected.append("GET ");
            appendRouteTemplate(target, expected);
            ASSERT_EQ(cache.route("GET", target + "?q=" + std::to_string(round)).view(), expected.view());
        }
    }
}

TEST(RouteCache, tellsMethodsApart)
{
    RouteCache cache;
    EXPECT_EQ(cache.route("GET", "/a").view(), "GET /a");
    EXPECT_EQ(cache.route("PUT", "/a").view(), "PUT /a");
    EXPECT_EQ(cache.route("GET", "/a").view(), "GET /a");
}

} // namespace
} // namespace binnacle::protocols
