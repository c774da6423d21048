// SPDX-License-Identifier: Apache-2.0
#include "core/kube/net/issuer_call.h"
#include "tests/core/kube/doubles/access.h"

#include <thread>

#include <gtest/gtest.h>
#include <zlib.h>

namespace binnacle::kube {
namespace {

using namespace test;

std::string gzipped(const std::string& plain)
{
    z_stream stream{};
    deflateInit2(&stream, 9, Z_DEFLATED, 16 + MAX_WBITS, 8, Z_DEFAULT_STRATEGY);
    std::string packed(plain.size() + 1024, '\0');
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(plain.data()));
    stream.avail_in = static_cast<uInt>(plain.size());
    stream.next_out = reinterpret_cast<Bytef*>(packed.data());
    stream.avail_out = static_cast<uInt>(packed.size());
    deflate(&stream, Z_FINISH);
    packed.resize(stream.total_out);
    deflateEnd(&stream);
    return packed;
}

/// A server whose script sees each request's head, and a client for it.
struct Talk {
    explicit Talk(ScriptedServer::Script script, const std::function<void(ClusterAccess&)>& change = {}, HttpClientOptions options = plainOptions())
        : server(std::move(script), serverTls()), credentials(std::make_shared<FixedCredentials>(RequestCredentials{.authorization = "Bearer one"}))
    {
        ClusterAccess access = accessTo(server.port());
        if (change)
            change(access);
        client = std::make_unique<HttpClient>(reactor, access, credentials, std::move(options));
    }
    Reactor reactor;
    ScriptedServer server;
    std::shared_ptr<FixedCredentials> credentials;
    std::unique_ptr<HttpClient> client;
};

#define EXPECT_SAYS(text, part) EXPECT_NE((text).find(part), std::string::npos) << (text)

TEST(HttpClient, keepsConnectionsAndThePathPrefix)
{
    Talk talk([](Peer& peer) {
        for (std::string head; !(head = peer.readHead()).empty();)
            peer.write(answer(200, head.substr(0, head.find("\r\n")) + "|" + headerOf(head, "Authorization")));
    }, [](ClusterAccess& access) { access.cluster.server += "/k8s/clusters/c-1/"; });
    for (int i = 0; i < 3; ++i)
        EXPECT_EQ(talk.client->send({.target = "/version?x=1"})->body, "GET /k8s/clusters/c-1/version?x=1 HTTP/1.1|Bearer one");
    EXPECT_EQ(talk.server.connections(), 1);
}

TEST(HttpClient, aConnectionThatDiedWhileKeptIsReplacedUnseen)
{
    Talk talk([](Peer& peer) {
        peer.readHead();
        peer.write(answer(200, "fine")); // and closes, though it promised not to
    });
    for (int i = 0; i < 3; ++i) {
        const auto response = talk.client->send({});
        ASSERT_TRUE(response) << response.error().what;
        EXPECT_EQ(response->body, "fine");
    }
    EXPECT_EQ(talk.server.connections(), 3);
}

TEST(HttpClient, repeatsHeadersForEachGroup)
{
    Talk talk([](Peer& peer) { peer.write(answer(200, peer.readHead())); });
    talk.credentials->set({.authorization = "Bearer one", .impersonation = {{"Impersonate-User", "jane"}, {"Impersonate-Group", "a"}, {"Impersonate-Group", "b"}}});
    EXPECT_SAYS(talk.client->send({})->body, "\r\nImpersonate-User: jane\r\nImpersonate-Group: a\r\nImpersonate-Group: b\r\n");
}

TEST(HttpClient, a401IsTriedOnceMoreWithNewCredentials)
{
    Talk talk([](Peer& peer) {
        for (std::string head; !(head = peer.readHead()).empty();)
            peer.write(headerOf(head, "Authorization") == "Bearer two" ? answer(200, "welcome") : answer(401, "no"));
    });
    talk.credentials->setNext({.authorization = "Bearer two", .revision = 1});
    EXPECT_EQ(talk.client->send({})->body, "welcome");
    EXPECT_EQ(talk.credentials->refused(), std::vector<std::string>{"Bearer one"});
    talk.credentials->set({.authorization = "Bearer three"});
    talk.credentials->setNext({.authorization = "Bearer four"});
    EXPECT_EQ(talk.client->send({})->status, 401);
    EXPECT_EQ(talk.credentials->refused(), (std::vector<std::string>{"Bearer one", "Bearer three"})) << "once, then it is reported";
}

TEST(HttpClient, anotherCertificateNeedsAnotherConnection)
{
    Talk talk([](Peer& peer) {
        while (!peer.readHead().empty())
            peer.write(answer(200, "fine"));
    });
    EXPECT_TRUE(talk.client->send({}));
    talk.credentials->set({.authorization = "Bearer two", .revision = 1});
    EXPECT_TRUE(talk.client->send({}));
    EXPECT_EQ(talk.server.connections(), 1) << "a token goes with each request";
    const Identity user = issue(authority(), {.commonName = "admin", .names = {}});
    talk.credentials->set({.clientCertificate = user.certificatePem(), .clientKey = user.keyPem(), .generation = 1, .revision = 2});
    EXPECT_TRUE(talk.client->send({}));
    EXPECT_EQ(talk.server.connections(), 2);
}

TEST(HttpClient, unpacksGzipAndReadsChunksCutAnywhere)
{
    std::string plain(300'000, 'x');
    for (std::size_t i = 0; i < plain.size(); i += 7)
        plain[i] = static_cast<char>('a' + i % 23);
    Talk talk([&plain](Peer& peer) {
        for (std::string head; !(head = peer.readHead()).empty();) {
            const bool packed = headerOf(head, "Accept-Encoding") == "gzip";
            peer.write("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n" + std::string(packed ? "Content-Encoding: gzip\r\n" : "") + "\r\n");
            const std::string body = packed ? gzipped(plain) : plain;
            for (std::size_t at = 0, size = 1; at < body.size(); at += size, size = size * 3 % 5003 + 1) {
                const std::string piece = body.substr(at, size);
                char length[32];
                std::snprintf(length, sizeof length, "%zx\r\n", piece.size());
                peer.write(length);
                peer.write(piece + "\r\n");
            }
            peer.write("0\r\n\r\n");
        }
    });
    EXPECT_EQ(talk.client->send({})->body, plain);
    EXPECT_EQ(talk.client->send({.headers = {{"Accept-Encoding", "identity"}}})->body, plain);
    EXPECT_EQ(talk.server.connections(), 1);
    const auto small = talk.client->send({.largestAnswer = 100'000});
    ASSERT_FALSE(small);
    EXPECT_EQ(small.error().code, ErrorCode::Full);
}

TEST(HttpClient, compressionCanBeRefused)
{
    Talk talk([](Peer& peer) { peer.write(answer(200, peer.readHead())); }, [](ClusterAccess& access) { access.cluster.disableCompression = true; });
    EXPECT_EQ(talk.client->send({})->body.find("Accept-Encoding"), std::string::npos);
}

TEST(HttpClient, waitsAsTheServerAsksThenGivesItsAnswer)
{
    std::atomic<int> asked{0};
    Talk talk([&asked](Peer& peer) {
        while (!peer.readHead().empty())
            peer.write(++asked % 3 ? answer(429, "busy", "Retry-After: 0\r\n") : answer(200, "fine"));
    });
    EXPECT_EQ(talk.client->send({})->body, "fine");
    EXPECT_EQ(asked, 3);
    Talk busy([](Peer& peer) {
        while (!peer.readHead().empty())
            peer.write(answer(503, "busy", "Retry-After: 0\r\n"));
    });
    EXPECT_EQ(busy.client->send({})->status, 503);
}

TEST(HttpClient, answersThatBreakOffAreErrorsOfTheRequest)
{
    for (const char* broken : {"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab", "HTTP/1.1 200",
                               "nonsense\r\n\r\n", ""}) {
        Talk talk([broken](Peer& peer) {
            peer.readHead();
            peer.write(broken);
        });
        const auto response = talk.client->send({.target = "/version?secret=1"});
        ASSERT_FALSE(response) << broken;
        EXPECT_SAYS(response.error().what, "/version: ");
        EXPECT_EQ(response.error().what.find("secret"), std::string::npos);
    }
}

TEST(HttpClient, aBodyGoesWithItsLength)
{
    Talk talk([](Peer& peer) {
        for (std::string head; !(head = peer.readHead()).empty();)
            peer.write(answer(201, head.substr(0, 4) + peer.read(static_cast<std::size_t>(std::stoi(headerOf(head, "Content-Length"))))));
    });
    EXPECT_EQ(talk.client->send({.method = "POST", .target = "/x", .body = "hello"})->body, "POSThello");
    EXPECT_EQ(talk.client->send({.method = "POST", .target = "/x"})->body, "POST");
}

TEST(HttpClient, aSilentServerIsLeftWhenTheTimeIsOverOrWhenAsked)
{
    const auto wait = [](Peer& peer) {
        peer.readHead();
        peer.readHead(); // until the client goes
    };
    Talk slow(wait);
    const auto late = slow.client->send({.patience = std::chrono::milliseconds(50)});
    ASSERT_FALSE(late);
    EXPECT_EQ(late.error().code, ErrorCode::Unavailable);
    EXPECT_SAYS(late.error().what, "no answer in time");

    Talk cancelled(wait);
    const Cancellation cancellation;
    std::thread other([&] {
        EXPECT_TRUE(eventually([&] { return cancelled.server.connections() == 1; }));
        cancellation.cancel();
    });
    const auto left = cancelled.client->send({}, cancellation);
    other.join();
    ASSERT_FALSE(left);
    EXPECT_EQ(left.error().code, ErrorCode::Cancelled);
}

TEST(HttpClient, aHandshakeThatHangsIsNamed)
{
    const ScriptedServer silent([](Peer& peer) {
        while (!peer.readSome().empty()) {
        }
    });
    HttpClientOptions options = plainOptions();
    options.tlsPatience = std::chrono::milliseconds(50);
    Reactor reactor;
    HttpClient client(reactor, accessTo(silent.port()), nullptr, options);
    const auto response = client.send({});
    ASSERT_FALSE(response);
    EXPECT_SAYS(response.error().what, ": TLS: TLS handshake: no answer in time");
}

TEST(HttpClient, namesThePhaseThatFailed)
{
    Reactor reactor;
    std::uint16_t unused = 0;
    {
        const ScriptedServer gone([](Peer&) {});
        unused = gone.port();
    }
    HttpClient refused(reactor, accessTo(unused), nullptr, plainOptions());
    const auto response = refused.send({});
    ASSERT_FALSE(response);
    EXPECT_SAYS(response.error().what, "https://127.0.0.1:" + std::to_string(unused) + ": connect: 127.0.0.1:" + std::to_string(unused) + ": Connection refused");
    EXPECT_EQ(refused.lastConnection().phases.back().phase, ConnectPhase::Connect);

    HttpClient nameless(reactor, accessTo(1, "https", "no-such-host.invalid"), nullptr, plainOptions());
    const auto lookedUp = nameless.send({});
    ASSERT_FALSE(lookedUp);
    EXPECT_SAYS(lookedUp.error().what, "name look-up: the name no-such-host.invalid cannot be looked up");
}

TEST(HttpClient, nothingSecretGoesOverPlainHttp)
{
    const ScriptedServer plain([](Peer& peer) { peer.write(answer(200, peer.readHead())); });
    Reactor reactor;
    HttpClient client(reactor, accessTo(plain.port(), "http"), std::make_shared<FixedCredentials>(RequestCredentials{.authorization = "Bearer one"}), plainOptions());
    const auto response = client.send({});
    ASSERT_TRUE(response) << response.error().what;
    EXPECT_EQ(response->body.find("Bearer"), std::string::npos);
}

TEST(HttpClient, lineBreaksDoNotReachTheWire)
{
    Talk talk([](Peer& peer) { peer.write(answer(200, peer.readHead())); });
    talk.credentials->set({.authorization = "Bearer a\r\nX: y"});
    EXPECT_SAYS(talk.client->send({}).error().what, "the header Authorization holds a line break");
    talk.credentials->set({.authorization = "Bearer a"});
    EXPECT_SAYS(talk.client->send({.target = "/a HTTP/1.1\r\nX: y"}).error().what, "no usable target");
}

TEST(HttpClient, twentyRequestsAtOnceAllGetTheirOwnAnswer)
{
    Talk talk([](Peer& peer) {
        for (std::string head; !(head = peer.readHead()).empty();)
            peer.write(answer(200, head.substr(4, head.find(' ', 4) - 4)));
    });
    std::mutex mutex;
    std::vector<std::string> bodies;
    for (int i = 0; i < 20; ++i) {
        talk.client->request({.target = "/" + std::to_string(i)}, [&, i](const Result<HttpResponse>& response) {
            const std::lock_guard lock(mutex);
            bodies.push_back(response && response->body == "/" + std::to_string(i) ? "right" : "wrong");
        });
    }
    EXPECT_TRUE(eventually([&] {
        const std::lock_guard lock(mutex);
        return bodies.size() == 20;
    }));
    EXPECT_EQ(bodies, std::vector<std::string>(20, "right"));
}

TEST(IssuerCall, asksByHttpsAlone)
{
    const ScriptedServer issuer([](Peer& peer) {
        const std::string head = peer.readHead();
        peer.write(answer(201, head.substr(0, head.find("\r\n")) + "|" + headerOf(head, "X-Test") + "|" + peer.read(4)));
    }, serverTls());
    Reactor reactor;
    const IssuerCall call = makeIssuerCall(reactor, {});
    const std::string url = "https://127.0.0.1:" + std::to_string(issuer.port());
    const auto said = call({"POST", url + "/realm/token?a=b#c", {{"X-Test", "yes"}}, "body", authority().certificatePem()}, {});
    ASSERT_TRUE(said) << said.error().what;
    EXPECT_EQ(said->status, 201);
    EXPECT_EQ(said->body, "POST /realm/token?a=b HTTP/1.1|yes|body");
    EXPECT_FALSE(call({"GET", "http://127.0.0.1/", {}, {}, {}}, {}));
}

} // namespace
} // namespace binnacle::kube
