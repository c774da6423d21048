// SPDX-License-Identifier: Apache-2.0
#include "tests/core/kube/doubles/access.h"

#include <gtest/gtest.h>

namespace binnacle::kube {
namespace {

using namespace test;

#define EXPECT_SAYS(text, part) EXPECT_NE((text).find(part), std::string::npos) << (text)

void serve(Peer& peer)
{
    peer.startTls(serverTls());
    for (std::string head; !(head = peer.readHead()).empty();)
        peer.write(answer(200, "behind the proxy"));
}

/// An HTTP proxy that is also the server behind it; it wants `authorization` if that is not empty.
ScriptedServer::Script httpProxy(std::string authorization, std::string& asked)
{
    return [authorization = std::move(authorization), &asked](Peer& peer) {
        const std::string head = peer.readHead();
        asked = head.substr(0, head.find("\r\n"));
        if (headerOf(head, "Proxy-Authorization") != authorization) {
            peer.write(answer(407, "who?", "Proxy-Authenticate: Basic realm=\"x\"\r\n"));
            return;
        }
        peer.write("HTTP/1.1 200 Connection established\r\n\r\n");
        serve(peer);
    };
}

Result<HttpResponse> askThrough(const std::string& proxyUrl, ConnectionReport* report = nullptr)
{
    ClusterAccess access = accessTo(6443, "https", "kubernetes.example");
    access.cluster.proxyUrl = proxyUrl;
    access.cluster.tlsServerName = "localhost";
    Reactor reactor;
    HttpClient client(reactor, access, nullptr, plainOptions());
    auto response = client.send({});
    if (report)
        *report = client.lastConnection();
    return response;
}

std::string at(const ScriptedServer& server) { return "127.0.0.1:" + std::to_string(server.port()); }

TEST(Proxies, httpLetsThroughToAHostThatOnlyItCanName)
{
    std::string asked;
    const ScriptedServer proxy(httpProxy("", asked));
    ConnectionReport report;
    const auto response = askThrough("http://" + at(proxy), &report);
    ASSERT_TRUE(response) << response.error().what;
    EXPECT_EQ(response->body, "behind the proxy");
    EXPECT_EQ(asked, "CONNECT kubernetes.example:6443 HTTP/1.1");
    EXPECT_EQ(report.proxy, "http://" + at(proxy));
    ASSERT_EQ(report.phases.size(), 4u);
    EXPECT_EQ(report.phases[2].phase, ConnectPhase::Proxy);
}

TEST(Proxies, httpWantsAPassword)
{
    std::string asked;
    const ScriptedServer proxy(httpProxy("Basic bWU6cGFzcyB3b3Jk", asked));
    EXPECT_TRUE(askThrough("http://me:pass%20word@" + at(proxy)));
    EXPECT_SAYS(askThrough("http://" + at(proxy)).error().what, "it wants a user and password (407, Basic realm=\"x\")");
    const auto wrong = askThrough("http://me:wrong@" + at(proxy));
    EXPECT_SAYS(wrong.error().what, "it refuses the user `me`");
    EXPECT_EQ(wrong.error().what.find("wrong@"), std::string::npos) << wrong.error().what;
}

TEST(Proxies, refusalsAreTold)
{
    const ScriptedServer strict([](Peer& peer) {
        peer.readHead();
        peer.write(answer(403, "no"));
    });
    EXPECT_SAYS(askThrough("http://" + at(strict)).error().what, ": proxy http://" + at(strict) + ": it does not allow connections to this host and port (403)");
    const ScriptedServer web([](Peer& peer) {
        peer.readHead();
        peer.write(answer(405, "no"));
    });
    EXPECT_SAYS(askThrough("http://" + at(web)).error().what, "it answered CONNECT with status 405");
}

std::string socksProxy(Peer& peer, bool wantsPassword)
{
    const std::string greeting = peer.read(2);
    peer.read(static_cast<std::size_t>(greeting[1]));
    peer.write(std::string{5, static_cast<char>(wantsPassword ? 2 : 0)});
    if (wantsPassword) {
        const std::string user = peer.read(static_cast<std::size_t>(peer.read(2)[1]));
        const std::string password = peer.read(static_cast<std::size_t>(peer.read(1)[0]));
        const bool right = user == "me" && password == "secret";
        peer.write(std::string{1, static_cast<char>(right ? 0 : 1)});
        if (!right)
            return {};
    }
    peer.read(4);
    const std::string host = peer.read(static_cast<std::size_t>(peer.read(1)[0]));
    const std::string port = peer.read(2);
    peer.write(std::string{5, 0, 0, 3, 4, 'h', 'o', 's', 't', 0, 1});
    return host + ":" + std::to_string(static_cast<unsigned char>(port[0]) * 256 + static_cast<unsigned char>(port[1]));
}

TEST(Proxies, socksWithAndWithoutPassword)
{
    std::string asked;
    const ScriptedServer open([&asked](Peer& peer) {
        asked = socksProxy(peer, false);
        serve(peer);
    });
    EXPECT_EQ(askThrough("socks5://" + at(open))->body, "behind the proxy");
    EXPECT_EQ(asked, "kubernetes.example:6443");
    const ScriptedServer closed([](Peer& peer) {
        if (!socksProxy(peer, true).empty())
            serve(peer);
    });
    EXPECT_TRUE(askThrough("socks5://me:secret@" + at(closed)));
    EXPECT_SAYS(askThrough("socks5://me:wrong@" + at(closed)).error().what, "it refuses the user `me`");
    const ScriptedServer demanding([](Peer& peer) {
        peer.read(3);
        peer.write(std::string{5, static_cast<char>(0xff)});
    });
    EXPECT_SAYS(askThrough("socks5://" + at(demanding)).error().what, "it wants a user and password");
    const ScriptedServer unable([](Peer& peer) {
        peer.read(3);
        peer.write(std::string{5, 0});
        peer.read(4);
        peer.write(std::string{5, 4, 0, 1, 0, 0, 0, 0, 0, 0});
    });
    EXPECT_SAYS(askThrough("socks5://" + at(unable)).error().what, "it cannot reach the host");
    const ScriptedServer web([](Peer& peer) {
        peer.read(3);
        peer.write(answer(400, ""));
    });
    EXPECT_SAYS(askThrough("socks5://" + at(web)).error().what, "does not speak SOCKS5");
}

TEST(Proxies, tlsInsideTheProxysTls)
{
    std::string asked;
    const ScriptedServer proxy(httpProxy("", asked), ServerTls{issue(authority(), {.commonName = "proxy"}), {}, true, 0});
    ConnectionReport report;
    const auto response = askThrough("https://" + at(proxy), &report);
    ASSERT_TRUE(response) << response.error().what;
    EXPECT_EQ(response->body, "behind the proxy");
    EXPECT_EQ(report.proxyTls.subject, "CN=proxy");
    EXPECT_EQ(report.tls.subject, "CN=kube-apiserver");
    const ScriptedServer foreign(httpProxy("", asked), ServerTls{issue(makeAuthority("another authority"), {.commonName = "proxy"}), {}, true, 0});
    EXPECT_SAYS(askThrough("https://" + at(foreign)).error().what, ": TLS with the proxy: the server's certificate was issued by an authority that is not trusted here");
}

} // namespace
} // namespace binnacle::kube
