// SPDX-License-Identifier: Apache-2.0
#include "core/kube/net/url.h"

#include <gtest/gtest.h>

namespace binnacle::kube {
namespace {

TEST(Url, readsServersAsKubeconfigsWriteThem)
{
    struct Case {
        const char *text, *normal, *hostAndPort, *authority, *path;
    };
    for (const Case& each : {Case{"https://h:6443", "https://h:6443", "h:6443", "h:6443", ""}, Case{"HTTPS://H", "https://h", "h:443", "h", ""},
                             Case{"h", "http://h", "h:80", "h", ""}, Case{"h:8080/", "http://h:8080", "h:8080", "h:8080", ""},
                             Case{"https://r/k8s/clusters/c-1/?x=1#y", "https://r/k8s/clusters/c-1", "r:443", "r", "/k8s/clusters/c-1"},
                             Case{"https://[::1]:6443/a//", "https://[::1]:6443/a", "[::1]:6443", "[::1]:6443", "/a"},
                             Case{"https://u:p%40@h", "https://h", "h:443", "h", ""}, Case{"https://[fe80::1%eth0]", "https://[fe80::1%eth0]", "[fe80::1%eth0]:443", "[fe80::1%eth0]", ""},
                             Case{"https://h?q", "https://h", "h:443", "h", ""}, Case{"https://127.0.0.1:", "https://127.0.0.1", "127.0.0.1:443", "127.0.0.1", ""}}) {
        const auto url = parseServerUrl(each.text);
        ASSERT_TRUE(url) << each.text << ": " << url.error().what;
        EXPECT_EQ(url->toText(), each.normal);
        EXPECT_EQ(url->hostAndPort(), each.hostAndPort);
        EXPECT_EQ(url->authority(), each.authority);
        EXPECT_EQ(url->path, each.path);
    }
    EXPECT_EQ(parseServerUrl("https://u:p%40@h")->password, "p@");
}

TEST(Url, saysWhatIsWrong)
{
    for (const auto& [text, word] : {std::pair("", "empty"), std::pair("https://", "no host"), std::pair("https://a b", "space"), std::pair("https://h:0", "`0` is no port"),
                                     std::pair("https://h:70000", "`70000` is no port"), std::pair("https://h:6443x", "no port"), std::pair("https://::1", "brackets"),
                                     std::pair("https://[::1", "not closed"), std::pair("https://[h]", "no IPv6 address"), std::pair("ftp://h", "scheme"),
                                     std::pair("https://h\nx", "control"), std::pair("https://{server}", "no host name")}) {
        const auto url = parseServerUrl(text);
        ASSERT_FALSE(url) << text;
        EXPECT_NE(url.error().what.find(word), std::string::npos) << url.error().what;
    }
}

TEST(Url, aRefusedProxyDoesNotShowItsPassword)
{
    const auto url = parseProxyUrl("socks4://me:secret@proxy:1080", "the cluster's proxy-url");
    ASSERT_FALSE(url);
    EXPECT_EQ(url.error().what, "the cluster's proxy-url `socks4://…@proxy:1080` has the scheme `socks4`; a proxy must be http, https or socks5");
    EXPECT_EQ(parseProxyUrl("socks5h://proxy", "x")->port, 1080);
    EXPECT_EQ(parseProxyUrl("proxy:3128", "x")->toText(), "http://proxy:3128");
}

TEST(Url, escapesBothWays)
{
    EXPECT_EQ(percentEncode("a b/ü=1", "/"), "a%20b/%C3%BC%3D1");
    EXPECT_EQ(percentDecode("a%20b%zz%4"), "a b%zz%4");
}

} // namespace
} // namespace binnacle::kube
