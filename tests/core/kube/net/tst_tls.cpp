// SPDX-License-Identifier: Apache-2.0
#include "tests/core/kube/doubles/access.h"

#include <openssl/ssl.h>

#include <gtest/gtest.h>

namespace binnacle::kube {
namespace {

using namespace test;

void sayHello(Peer& peer)
{
    while (!peer.readHead().empty())
        peer.write(answer(200, peer.serverName() + "|" + peer.clientSubject() + "|" + peer.offeredProtocols()));
}

struct Outcome {
    Result<HttpResponse> response;
    ConnectionReport report;
    std::string what() const { return response ? "no error" : response.error().what; }
};

Outcome ask(const ClusterAccess& access, RequestCredentials who = {})
{
    Reactor reactor;
    HttpClient client(reactor, access, std::make_shared<FixedCredentials>(std::move(who)), plainOptions());
    auto response = client.send({.target = "/version"});
    return {std::move(response), client.lastConnection()};
}

Outcome askServerWith(const CertificateWish& wish, const std::function<void(ClusterAccess&)>& change = {})
{
    const ScriptedServer server(sayHello, ServerTls{issue(authority(), wish), {}, true, 0});
    ClusterAccess access = accessTo(server.port());
    if (change)
        change(access);
    return ask(access);
}

#define EXPECT_SAYS(text, part) EXPECT_NE((text).find(part), std::string::npos) << (text)

TEST(Tls, verifiesAnAddressAndOffersHttp11Alone)
{
    const Outcome outcome = askServerWith({});
    ASSERT_TRUE(outcome.response) << outcome.what();
    EXPECT_EQ(outcome.response->body, std::string("||\x08http/1.1", 11)); // no SNI for an address
    const TlsReport& tls = outcome.report.tls;
    EXPECT_TRUE(tls.verified);
    EXPECT_EQ(tls.protocol, "TLSv1.3");
    EXPECT_EQ(tls.subject, "CN=kube-apiserver");
    EXPECT_EQ(tls.issuer, "CN=binnacle test authority");
    EXPECT_EQ(tls.names, (std::vector<std::string>{"localhost", "127.0.0.1"}));
    EXPECT_EQ(tls.notAfter - tls.notBefore, std::chrono::hours(24));
    EXPECT_EQ(tls.cause, "");
    ASSERT_EQ(outcome.report.phases.size(), 3u);
    EXPECT_EQ(outcome.report.phases[1].phase, ConnectPhase::Connect);
    EXPECT_SAYS(outcome.report.phases[1].detail, "127.0.0.1:");
}

TEST(Tls, sendsAndVerifiesTheNameThatIsAskedFor)
{
    const Outcome outcome = askServerWith({.names = {"DNS:kubernetes.default"}}, [](ClusterAccess& access) { access.cluster.tlsServerName = "kubernetes.default"; });
    ASSERT_TRUE(outcome.response) << outcome.what();
    EXPECT_TRUE(outcome.response->body.starts_with("kubernetes.default|")) << outcome.response->body;
}

TEST(Tls, aWrongNameIsToldWithTheRightOnes)
{
    const Outcome outcome = askServerWith({.names = {"DNS:kubernetes", "DNS:*.example.com", "IP:10.0.0.1", "IP:fd00::1"}});
    ASSERT_FALSE(outcome.response);
    EXPECT_SAYS(outcome.what(), "TLS: the server's certificate is not for 127.0.0.1 but for kubernetes, *.example.com, 10.0.0.1, fd00::1; if the server is the right one, set tls-server-name");
    EXPECT_EQ(outcome.report.tls.names.size(), 4u);
    EXPECT_FALSE(outcome.report.tls.verified);
    EXPECT_EQ(outcome.report.phases.back().phase, ConnectPhase::Tls);
    EXPECT_SAYS(outcome.report.phases.back().error, "is not for 127.0.0.1");
}

TEST(Tls, theCommonNameIsNoName)
{
    EXPECT_SAYS(askServerWith({.commonName = "127.0.0.1", .names = {}}).what(), "is not for 127.0.0.1 but for no name at all");
}

TEST(Tls, anExpiredAndAnEarlyCertificateSayTheirDates)
{
    const Outcome expired = askServerWith({.validFromSeconds = -10 * 86400, .validForSeconds = 86400});
    EXPECT_SAYS(expired.what(), "the server's certificate expired on " + toRfc3339(expired.report.tls.notAfter).substr(0, 10));
    EXPECT_LT(expired.report.tls.notAfter, utcNow());
    const Outcome early = askServerWith({.validFromSeconds = 86400});
    EXPECT_SAYS(early.what(), "the server's certificate is valid only from " + toRfc3339(early.report.tls.notBefore).substr(0, 10));
}

TEST(Tls, anUnknownIssuerIsNamed)
{
    const Outcome outcome = askServerWith({}, [](ClusterAccess& access) {
        access.cluster.certificateAuthority.inlineText = makeAuthority("another authority").certificatePem();
    });
    EXPECT_SAYS(outcome.what(), "issued by an authority that is not trusted here: CN=binnacle test authority (trusted: certificate-authority-data of cluster c)");
    EXPECT_EQ(outcome.report.tls.subject, "CN=kube-apiserver");
    const Outcome system = askServerWith({}, [](ClusterAccess& access) { access.cluster.certificateAuthority = {}; });
    EXPECT_SAYS(system.what(), "not trusted here: CN=binnacle test authority (trusted: system)");
}

TEST(Tls, aBundleReplacesTheSystemsRootsAndMayHoldSeveral)
{
    const Outcome outcome = askServerWith({}, [](ClusterAccess& access) {
        access.cluster.certificateAuthority.inlineText = makeAuthority("another authority").certificatePem() + authority().certificatePem();
    });
    EXPECT_TRUE(outcome.response) << outcome.what();
    EXPECT_SAYS(askServerWith({}, [](ClusterAccess& access) { access.cluster.certificateAuthority.inlineText = "nonsense"; }).what(),
                "certificate-authority-data of cluster c) holds no readable PEM certificate");
    EXPECT_SAYS(askServerWith({}, [](ClusterAccess& access) { access.cluster.certificateAuthority = {{}, "/nowhere/ca.crt"}; }).what(), "/nowhere/ca.crt: No such file");
}

TEST(Tls, verificationCanBeSwitchedOffAndIsReportedSo)
{
    const Outcome outcome = askServerWith({.names = {"DNS:elsewhere"}, .validFromSeconds = -10 * 86400, .validForSeconds = 86400}, [](ClusterAccess& access) {
        access.cluster.insecureSkipTlsVerify = true;
        access.cluster.certificateAuthority = {};
    });
    ASSERT_TRUE(outcome.response) << outcome.what();
    EXPECT_TRUE(outcome.report.tls.skippedVerification);
    EXPECT_FALSE(outcome.report.tls.verified);
    EXPECT_EQ(outcome.report.tls.names, std::vector<std::string>{"elsewhere"});
}

TEST(Tls, showsClientCertificatesOfEveryKind)
{
    const ScriptedServer server(sayHello, ServerTls{serverTls().identity, authority(), true, 0});
    for (const KeyKind kind : {KeyKind::Ec, KeyKind::Rsa, KeyKind::Ed25519}) {
        const Identity user = issue(authority(), {.commonName = "admin", .organisation = "system:masters", .names = {}, .key = kind});
        for (const std::string& key : {user.keyPem(), kind == KeyKind::Ed25519 ? user.keyPem() : user.traditionalKeyPem()}) {
            const Outcome outcome = ask(accessTo(server.port()), {.clientCertificate = user.certificatePem(), .clientKey = key});
            ASSERT_TRUE(outcome.response) << outcome.what();
            EXPECT_TRUE(outcome.response->body.starts_with("|admin|")) << outcome.response->body;
        }
    }
}

TEST(Tls, speaksTls12)
{
    const ScriptedServer server(sayHello, ServerTls{serverTls().identity, authority(), true, TLS1_2_VERSION});
    const Identity user = issue(authority(), {.commonName = "admin", .names = {}});
    const Outcome outcome = ask(accessTo(server.port()), {.clientCertificate = user.certificatePem(), .clientKey = user.keyPem()});
    ASSERT_TRUE(outcome.response) << outcome.what();
    EXPECT_EQ(outcome.report.tls.protocol, "TLSv1.2");
}

TEST(Tls, tellsWhatIsWrongWithAClientCertificate)
{
    const ScriptedServer server(sayHello, ServerTls{serverTls().identity, authority(), true, 0});
    const Identity user = issue(authority(), {.commonName = "admin", .names = {}});
    const Identity other = issue(authority(), {.commonName = "other", .names = {}});
    const ClusterAccess access = accessTo(server.port());
    EXPECT_SAYS(ask(access).what(), "the server wants a client certificate and this user has none");
    EXPECT_SAYS(ask(access, {.clientCertificate = user.certificatePem(), .clientKey = other.keyPem()}).what(), "the client key does not belong to the client certificate CN=admin");
    EXPECT_SAYS(ask(access, {.clientCertificate = "x", .clientKey = other.keyPem()}).what(), "the client certificate is no readable PEM certificate");
    EXPECT_SAYS(ask(access, {.clientCertificate = user.certificatePem(), .clientKey = "x"}).what(), "the client key is no readable PEM key");
    const Identity foreign = issue(makeAuthority("another authority"), {.commonName = "stranger", .names = {}});
    EXPECT_SAYS(ask(access, {.clientCertificate = foreign.certificatePem(), .clientKey = foreign.keyPem()}).what(), "the server does not know who issued our client certificate");
}

TEST(Tls, aServerWithoutTlsIsRecognised)
{
    const ScriptedServer server([](Peer& peer) {
        peer.readSome();
        peer.write(answer(400, "Client sent an HTTP request to an HTTPS server."));
    });
    EXPECT_SAYS(ask(accessTo(server.port())).what(), "TLS: what answers there does not speak TLS");
    const ScriptedServer silent([](Peer& peer) { peer.readSome(); });
    EXPECT_SAYS(ask(accessTo(silent.port())).what(), "TLS: the other side closed the connection without a word");
}

} // namespace
} // namespace binnacle::kube
