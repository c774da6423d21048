// SPDX-License-Identifier: Apache-2.0
#include "core/kube/net/proxy_rules.h"

#include <gtest/gtest.h>

namespace binnacle::kube {
namespace {

TEST(NoProxy, matchesAsGosDoes)
{
    struct Case {
        const char *list, *host;
        int port;
        bool matches;
    };
    for (const Case& each :
         {Case{"*", "any.example", 443, true}, Case{"example.com", "example.com", 443, true}, Case{"example.com", "a.example.com", 443, true},
          Case{"example.com", "notexample.com", 443, false}, Case{".example.com", "example.com", 443, false}, Case{".example.com", "a.example.com", 443, true},
          Case{"*.example.com", "a.example.com", 443, true}, Case{"*.example.com", "example.com", 443, false}, Case{"EXAMPLE.com", "example.com", 443, true},
          Case{"example.com:6443", "example.com", 6443, true}, Case{"example.com:6443", "example.com", 443, false}, Case{"10.0.0.0/8", "10.1.2.3", 443, true},
          Case{"10.0.0.0/8", "11.1.2.3", 443, false}, Case{"10.0.0.0/8", "name", 443, false}, Case{"0.0.0.0/0", "1.2.3.4", 1, true},
          Case{"0.0.0.0/0", "2001:db8::1", 1, false}, Case{"fd00::/8", "fd12::1", 443, true}, Case{"fd00::/8", "fe80::1", 443, false},
          Case{"10.0.0.1", "10.0.0.1", 443, true}, Case{"10.0.0.1:80", "10.0.0.1", 443, false}, Case{"[fd00::1]:6443", "fd00::1", 6443, true},
          Case{"fd00::1", "fd00::1", 443, true}, Case{" a , b ", "b", 443, true}, Case{"10.0.0.0/99,,a:x,/,[", "10.0.0.1", 443, false},
          Case{"example.com", "example.com.", 443, true}, Case{"", "a", 443, false}}) {
        EXPECT_EQ(NoProxy::parse(each.list).matches(each.host, static_cast<std::uint16_t>(each.port)), each.matches)
            << each.list << " / " << each.host << ":" << each.port;
    }
}

TEST(ProxyRules, theClustersOwnProxyHoldsEverywhereTheEnvironmentsNotForLoopback)
{
    ProxyEnvironment environment;
    environment.httpsProxy = "http://environment:1";
    environment.noProxy = "10.0.0.0/8";
    const auto of = [&](const char* server, const char* own) {
        const auto proxy = proxyFor(*parseServerUrl(server), own, environment);
        return !proxy ? "error: " + proxy.error().what : *proxy ? (*proxy)->toText() : std::string("none");
    };
    EXPECT_EQ(of("https://h", ""), "http://environment:1");
    EXPECT_EQ(of("https://10.9.9.9", ""), "none");
    EXPECT_EQ(of("https://localhost:6443", ""), "none");
    EXPECT_EQ(of("https://127.0.0.1:6443", ""), "none");
    EXPECT_EQ(of("https://[::1]:6443", ""), "none");
    EXPECT_EQ(of("http://h", ""), "none");
    EXPECT_EQ(of("https://127.0.0.1:6443", "socks5://own:1"), "socks5://own:1");
    environment.httpsProxy = "ftp://x";
    EXPECT_EQ(of("https://h", ""), "error: the proxy of the environment variable HTTPS_PROXY `ftp://x` has the scheme `ftp`; a proxy must be http, https or socks5");
}

} // namespace
} // namespace binnacle::kube
