// SPDX-License-Identifier: Apache-2.0
// What plugins are told and how their answers are judged; no process runs here.
#include "core/kube/credentials/exec_credential.h"
#include "core/kube/credentials/printable.h"
#include "core/kube/credentials/credential_store.h"
#include "core/base/base64.h"
#include "tests/core/kube/support/test_certificate.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace binnacle::kube {
namespace {

using nlohmann::json;

ExecPlugin plugin()
{
    ExecPlugin plugin;
    plugin.apiVersion = "client.authentication.k8s.io/v1";
    plugin.command = "aws";
    return plugin;
}

std::string answer(const std::string& status, const std::string& version = "client.authentication.k8s.io/v1")
{
    return R"({"apiVersion":")" + version + R"(","kind":"ExecCredential","status":)" + status + "}";
}

std::string refusal(const std::string& output)
{
    const auto parsed = parseExecCredential(output, plugin());
    return parsed ? "accepted" : parsed.error().what;
}

TEST(ExecInfo, withoutClusterInfo)
{
    EXPECT_EQ(*execInfoJson(plugin(), {}, "", Interactive::No),
              R"({"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","spec":{"interactive":false}})");
    EXPECT_TRUE(json::parse(*execInfoJson(plugin(), {}, "", Interactive::Yes))["spec"]["interactive"]);
}

TEST(ExecInfo, withClusterInfo)
{
    ExecPlugin asks = plugin();
    asks.provideClusterInfo = true;
    ClusterEndpoint cluster;
    cluster.server = "https://10.0.0.1";
    cluster.tlsServerName = "k8s";
    cluster.insecureSkipTlsVerify = true;
    cluster.proxyUrl = "http://p";
    cluster.disableCompression = true;
    cluster.execConfigJson = R"({"audience":"x"})";
    const auto text = execInfoJson(asks, cluster, "PEM\n", Interactive::No);
    ASSERT_TRUE(text);
    EXPECT_EQ(text->find('\n'), std::string::npos);
    EXPECT_EQ(json::parse(*text)["spec"]["cluster"],
              json::parse(R"({"server":"https://10.0.0.1","tls-server-name":"k8s","insecure-skip-tls-verify":true,"certificate-authority-data":"UEVNCg==",
                              "proxy-url":"http://p","disable-compression":true,"config":{"audience":"x"}})"));
    EXPECT_EQ(json::parse(*execInfoJson(asks, {}, "", Interactive::No))["spec"]["cluster"], json::parse(R"({"server":"","config":null})"));
}

TEST(ExecAnswer, tokensAndPairs)
{
    const auto token = parseExecCredential(answer(R"({"token":"t","expirationTimestamp":"2026-11-23T04:05:06Z"})"), plugin());
    ASSERT_TRUE(token) << token.error().what;
    EXPECT_EQ(token->token, "t");
    EXPECT_EQ(toRfc3339(*token->expiresAt), "2026-11-23T04:05:06Z");
    const auto pair = tests::makeCertificate("me");
    const json status{{"clientCertificateData", pair.certificate}, {"clientKeyData", pair.key}, {"expirationTimestamp", nullptr}};
    const auto certificate = parseExecCredential(answer(status.dump()), plugin());
    ASSERT_TRUE(certificate) << certificate.error().what;
    EXPECT_EQ(certificate->clientKey, pair.key);
    EXPECT_FALSE(certificate->expiresAt);
    EXPECT_TRUE(parseExecCredential("apiVersion: client.authentication.k8s.io/v1\nkind: ExecCredential\nstatus:\n  token: t\n", plugin()));
}

TEST(ExecAnswer, eachRefusal)
{
    EXPECT_TRUE(refusal(answer(R"({"token":"t"})", "client.authentication.k8s.io/v1beta1"))
                    .starts_with("exec plugin is configured to use API version client.authentication.k8s.io/v1, plugin returned version "
                                 "client.authentication.k8s.io/v1beta1"));
    EXPECT_EQ(refusal(R"({"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential"})"), "exec plugin didn't return a status field");
    EXPECT_EQ(refusal(answer("{}")), "exec plugin didn't return a token or cert/key pair");
    EXPECT_EQ(refusal(answer(R"({"token":"t","clientKeyData":"k"})")), "exec plugin returned only certificate or key, not both");
    EXPECT_TRUE(refusal(answer(R"({"clientCertificateData":"c","clientKeyData":"k"})")).starts_with("failed parsing client key/certificate: "));
    EXPECT_TRUE(refusal("").starts_with("decoding stdout: couldn't get version/kind; "));
    EXPECT_TRUE(refusal("Please log in").starts_with("decoding stdout: couldn't get version/kind; "));
    EXPECT_TRUE(refusal("{}").starts_with("decoding stdout: the plugin wrote kind \"\""));
    EXPECT_TRUE(refusal(answer(R"({"token":5})")).starts_with("decoding stdout: status.token"));
    EXPECT_TRUE(refusal(answer(R"({"token":"t","expirationTimestamp":"tomorrow"})")).ends_with("is no RFC 3339 time"));
    EXPECT_TRUE(refusal(answer(R"({"token":"t","expirationTimestamp":"-5m"})")).ends_with("is no RFC 3339 time"));
    EXPECT_NE(refusal(answer(R"({"token":"t\r\nEvil: x"})")).find("control character"), std::string::npos);
    EXPECT_TRUE(refusal(std::string(100000, '[')).starts_with("decoding stdout"));
}

TEST(Printable, whatATerminalWouldObeyIsWritten)
{
    EXPECT_EQ(printable("a\x1b[31mb\nc\td"), "aU+001B[31mb\nc\td");
    EXPECT_EQ(printable("\xc2\x9bx\x7f"), "U+009BxU+007F");
    EXPECT_EQ(printable("\xe2\x80\xae" "evil"), "U+202Eevil"); // right-to-left override
    EXPECT_EQ(printable("é 日本 😀"), "é 日本 😀");
    EXPECT_EQ(printable("a\xff"), "a\xef\xbf\xbd");
}

TEST(Printable, commandLines)
{
    EXPECT_EQ(commandLineText({"/usr/bin/aws", "--region", "eu-west-1", "a b", "it's", "", "$(x)", "a\nb"}),
              "/usr/bin/aws --region eu-west-1 'a b' 'it'\\''s' '' '$(x)' 'aU+000Ab'");
}

TEST(Impersonation, keysBecomeHeaderNames)
{
    EXPECT_EQ(impersonationKey("acme.com/project"), "acme.com%2Fproject");
    EXPECT_EQ(impersonationKey("a%b c"), "a%25b%20c");
}

} // namespace
} // namespace binnacle::kube
