// SPDX-License-Identifier: Apache-2.0
// What a context comes to, and what is said about one that is at fault: the vectors of kubectl that need no server.
#include "core/kube/config/contexts.h"
#include "core/base/base64.h"
#include "core/kube/config/certificates.h"
#include "core/kube/config/sources.h"
#include "tests/core/kube/support/test_certificate.h"
#include "tests/core/kube/support/test_folder.h"

namespace binnacle::kube {
namespace {

using tests::makeCertificate;
using tests::TestFolder;

Kubeconfig read(const std::string& text)
{
    auto config = parseKubeconfig(text, "/etc/kube/config");
    EXPECT_TRUE(config) << (config ? "" : config.error().what);
    if (config)
        config->files = {"/etc/kube/config"};
    return config.value_or(Kubeconfig{});
}

std::string yaml(const std::string& cluster, const std::string& user, const std::string& context = "cluster: c, user: u", const std::string& current = "ctx")
{
    return "clusters: [{name: c, cluster: {" + cluster + "}}]\nusers: [{name: u, user: {" + user + "}}]\ncontexts: [{name: ctx, context: {" + context
           + "}}]\ncurrent-context: " + current + "\n";
}

const std::string kServer = "server: https://10.0.0.1";

/// The refusal, or what the access is.
std::string outcome(const std::string& text, const std::string& name = "", const ContextOverrides& overrides = {})
{
    const auto access = resolve(read(text), name, overrides);
    return access ? "accepted as " + authKind(access->user) : access.error().what;
}

void expectRefusal(const std::string& said, const std::string& part) { EXPECT_NE(said.find(part), std::string::npos) << "said: " << said; }

TEST(Resolve, aPlainContext)
{
    const auto access = resolve(read(yaml(kServer, "token: abc", "cluster: c, user: u, namespace: shop")), "");
    ASSERT_TRUE(access);
    EXPECT_EQ(access->context, "ctx");
    EXPECT_EQ(access->cluster.server, "https://10.0.0.1");
    EXPECT_EQ(access->user.token.inlineText, "abc");
    EXPECT_EQ(access->defaultNamespace, "shop");
    EXPECT_EQ(access->origin, "/etc/kube/config");
}

TEST(Resolve, whereKubectlTriesLocalhostWeSayWhatIsMissing)
{
    expectRefusal(outcome(""), "has no contexts. Add one with: kubectl config set-context");
    expectRefusal(outcome(yaml(kServer, "token: a", "cluster: c, user: u", "\"\"")), "sets no current-context. Pass --context NAME (ctx)");
    expectRefusal(outcome(yaml(kServer, "token: a", "cluster: nope, user: u")), "names the cluster \"nope\", which no kubeconfig has (kubectl would try localhost:8080)");
    expectRefusal(outcome(yaml(kServer, "token: a", "user: u")), "names no cluster, so there is no address to go to (kubectl would try localhost:8080)");
    expectRefusal(outcome(yaml("tls-server-name: x", "token: a")), "has no server, so there is no address to go to (kubectl would try localhost:8080)");
    const auto none = load({KubeconfigSources::Named::ByHome, {"/nonexistent/.kube/config"}});
    ASSERT_TRUE(none);
    expectRefusal(resolve(*none, "").error().what, "no kubeconfig was found (/nonexistent/.kube/config, named by the home folder, does not exist)");
}

TEST(Resolve, namesThatDoNotExist)
{
    const std::string text = yaml(kServer, "token: a");
    expectRefusal(outcome(yaml(kServer, "token: a", "cluster: c, user: u", "nope")), "the current-context \"nope\" does not exist in /etc/kube/config. Known contexts: ctx.");
    expectRefusal(outcome(text, "zzz"), "context \"zzz\" does not exist");
    expectRefusal(outcome(text, "", {.cluster = "zzz"}), "cluster \"zzz\" does not exist");
    expectRefusal(outcome(text, "", {.user = "zzz"}), "auth info \"zzz\" does not exist");
}

TEST(Resolve, overridesReplaceParts)
{
    const auto access = resolve(read("clusters: [{name: d, cluster: {server: https://d}}]\nusers: [{name: v, user: {token: v}}]\n"), "",
                                {.cluster = "d", .user = "v", .defaultNamespace = "n", .impersonation = Impersonation{.user = "me"}});
    ASSERT_TRUE(access) << access.error().what;
    EXPECT_EQ(access->cluster.server, "https://d");
    EXPECT_EQ(access->user.token.inlineText, "v");
    EXPECT_EQ(access->defaultNamespace, "n");
    EXPECT_EQ(access->user.impersonation.user, "me");
}

TEST(Resolve, aUserThatIsMissingIsAnonymousWithAHint)
{
    for (const char* context : {"cluster: c, user: nope", "cluster: c"}) {
        EXPECT_EQ(outcome(yaml(kServer, "token: a", context)), "accepted as none");
        const auto all = contexts(read(yaml(kServer, "token: a", context)));
        ASSERT_EQ(all.size(), 1u);
        ASSERT_EQ(all[0].problems.size(), 1u);
        EXPECT_EQ(all[0].problems[0].weight, ContextProblem::Weight::Warning);
        expectRefusal(all[0].problems[0].sentence, "requests go out without credentials, as system:anonymous");
    }
}

TEST(Resolve, certificateAuthorities)
{
    const TestFolder folder;
    const std::string ca = folder.write("ca.crt", makeCertificate("ca").certificate).string(), text = folder.write("text", "hello").string();
    const auto damaged = folder.write("damaged", makeCertificate("ca").certificate + "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n").string();
    const std::string data = toBase64(makeCertificate("ca").certificate);
    EXPECT_EQ(outcome(yaml(kServer + ", certificate-authority: " + ca, "")), "accepted as none");
    EXPECT_EQ(outcome(yaml(kServer + ", certificate-authority-data: " + data, "")), "accepted as none");
    expectRefusal(outcome(yaml(kServer + ", certificate-authority: /nonexistent", "")), "unable to read certificate-authority for c: /nonexistent: No such file");
    expectRefusal(outcome(yaml(kServer + ", certificate-authority: " + text, "")), "unable to load root certificates: " + text);
    expectRefusal(outcome(yaml(kServer + ", certificate-authority: " + damaged, "")), "certificate 2 in it is damaged");
    expectRefusal(outcome(yaml(kServer + ", certificate-authority-data: aGVsbG8=", "")), "unable to load root certificates: certificate-authority-data");
    expectRefusal(outcome(yaml(kServer + ", certificate-authority: " + ca + ", certificate-authority-data: " + data, "")),
                  "certificate-authority-data and certificate-authority are both specified for c");
    expectRefusal(outcome(yaml(kServer + ", insecure-skip-tls-verify: true, certificate-authority: " + ca, "")),
                  "specifying a root certificates file with the insecure flag is not allowed");
}

TEST(Resolve, clientCertificates)
{
    const TestFolder folder;
    const auto pair = makeCertificate("admin"), other = makeCertificate("other"), old = makeCertificate("old", -60);
    const std::string crt = folder.write("c.crt", pair.certificate).string(), key = folder.write("c.key", pair.key).string();
    EXPECT_EQ(outcome(yaml(kServer, "client-certificate: " + crt + ", client-key: " + key)), "accepted as certificate");
    expectRefusal(outcome(yaml(kServer, "client-certificate: /nonexistent/c, client-key: " + key)), "unable to read client-cert for u: /nonexistent/c: No such file");
    expectRefusal(outcome(yaml(kServer, "client-certificate: " + crt + ", client-key: /nonexistent/k")), "unable to read client-key for u: /nonexistent/k: No such file");
    expectRefusal(outcome(yaml(kServer, "client-certificate: " + crt)),
                  "client-key-data or client-key must be specified for u to use the clientCert authentication method.");
    expectRefusal(outcome(yaml(kServer, "client-certificate: " + crt + ", client-key-data: " + toBase64(other.key))), "private key does not match public key");
    expectRefusal(outcome(yaml(kServer, "client-certificate: " + crt + ", client-certificate-data: aGk=, client-key: " + key)),
                  "client-cert-data and client-cert are both specified for u");
    expectRefusal(outcome(yaml(kServer, "client-certificate: " + crt + ", client-key: " + key + ", client-key-data: aGk=")),
                  "client-key-data and client-key are both specified for u");
    EXPECT_EQ(outcome(yaml(kServer, "client-key: " + key)), "accepted as none"); // a key alone is ignored
    const auto expired = contexts(read(yaml(kServer, "client-certificate-data: " + toBase64(old.certificate) + ", client-key-data: " + toBase64(old.key))));
    ASSERT_EQ(expired.at(0).problems.size(), 1u);
    EXPECT_EQ(expired[0].problems[0].weight, ContextProblem::Weight::Warning);
    expectRefusal(expired[0].problems[0].sentence, "the client certificate of user \"u\" (CN=old) expired at 2");
}

TEST(Resolve, methodsThatExcludeEachOther)
{
    expectRefusal(outcome(yaml(kServer, "token: a, username: b")), "more than one authentication method found for u; found [token basicAuth], only one is allowed");
    expectRefusal(outcome(yaml(kServer, "tokenFile: /nonexistent/t")), "/nonexistent/t: No such file");
    EXPECT_EQ(outcome(yaml(kServer, "token: a, tokenFile: /nonexistent/t")), "accepted as token file");
    expectRefusal(outcome(yaml(kServer, "as-groups: [g]")), "requesting uid, groups or user-extra for u without impersonating a user");
    expectRefusal(outcome(yaml(kServer, "as-uid: g")), "without impersonating a user");
    expectRefusal(outcome(yaml(kServer, "as-user-extra: {a: [b]}")), "without impersonating a user");
    expectRefusal(outcome(yaml(kServer, "token: \"a\\nEvil: header\"")), "token of user \"u\" has a line end");
    expectRefusal(outcome(yaml(kServer, "as: \"a\\nEvil: header\"")), "as of user \"u\" has a line end");
    EXPECT_EQ(outcome(yaml(kServer, "token: \"a b\"")), "accepted as token");
}

TEST(Resolve, proxies)
{
    expectRefusal(outcome(yaml(kServer + ", proxy-url: \"socks4://p:1\"", "")),
                  "invalid 'proxy-url' \"socks4://p:1\" for cluster \"c\": unsupported scheme \"socks4\", must be http, https, or socks5");
    expectRefusal(outcome(yaml(kServer + ", proxy-url: \"http://%zz\"", "")), "could not parse: http://%zz");
    expectRefusal(outcome(yaml(kServer + ", proxy-url: proxy.example", "")), "unsupported scheme \"\"");
    for (const char* url : {"http://p:3128", "https://p", "socks5://p:1080", "HTTP://p", "http://user:p%40ss@p"})
        EXPECT_EQ(outcome(yaml(kServer + ", proxy-url: \"" + url + "\"", "")), "accepted as none") << url;
}

std::string execUser(const std::string& fields) { return "exec: {" + fields + "}"; }

TEST(Resolve, execEntries)
{
    const std::string v1 = "apiVersion: client.authentication.k8s.io/v1, ";
    EXPECT_EQ(outcome(yaml(kServer, execUser(v1 + "command: /opt/aws, interactiveMode: Never"))), "accepted as exec aws");
    EXPECT_EQ(outcome(yaml(kServer, execUser("apiVersion: client.authentication.k8s.io/v1beta1, command: aws"))), "accepted as exec aws");
    expectRefusal(outcome(yaml(kServer, execUser(v1 + "interactiveMode: Never"))), "command must be specified for u to use exec authentication plugin");
    expectRefusal(outcome(yaml(kServer, execUser("command: aws"))), "apiVersion must be specified for u");
    expectRefusal(outcome(yaml(kServer, execUser(v1 + "command: aws"))), "interactiveMode must be specified for u");
    expectRefusal(outcome(yaml(kServer, execUser(v1 + "command: aws, interactiveMode: Sometimes"))), "invalid interactiveMode for u: \"Sometimes\"");
    expectRefusal(outcome(yaml(kServer, execUser("apiVersion: foo/v1, command: aws, interactiveMode: Never"))), "exec plugin: invalid apiVersion \"foo/v1\"");
    expectRefusal(outcome(yaml(kServer, execUser("apiVersion: client.authentication.k8s.io/v1alpha1, command: aws, interactiveMode: Never"))),
                  "exec plugin: invalid apiVersion \"client.authentication.k8s.io/v1alpha1\"");
    expectRefusal(outcome(yaml(kServer, execUser(v1 + "command: aws, interactiveMode: Never, env: [{value: a}]"))), "env variable name must be specified for u");
    expectRefusal(outcome(yaml(kServer, execUser(v1 + "command: aws, interactiveMode: Never") + ", auth-provider: {name: oidc}")),
                  "authProvider cannot be provided in combination with an exec plugin for u");
}

TEST(Resolve, authProviders)
{
    expectRefusal(outcome(yaml(kServer, "auth-provider: {name: gcp}")), "The gcp auth plugin has been removed.");
    expectRefusal(outcome(yaml(kServer, "auth-provider: {name: azure}")), "The azure auth plugin has been removed.");
    expectRefusal(outcome(yaml(kServer, "auth-provider: {name: zzz}")), "no Auth Provider found for name \"zzz\"");
    expectRefusal(outcome(yaml(kServer, "auth-provider: {name: oidc, config: {client-id: a}}")), "Must provide idp-issuer-url");
    expectRefusal(outcome(yaml(kServer, "auth-provider: {name: oidc, config: {idp-issuer-url: https://i}}")), "Must provide client-id");
    EXPECT_EQ(outcome(yaml(kServer, "auth-provider: {name: oidc, config: {idp-issuer-url: https://i, client-id: a}}")), "accepted as oidc");
}

TEST(Contexts, listsEachWithItsAuthKindAndProblems)
{
    const auto all = contexts(read("current-context: b\nclusters: [{name: c, cluster: {server: https://c}}, {name: plain, cluster: {server: \"http://p\"}}]\n"
                                   "users: [{name: t, user: {token: x}}, {name: pw, user: {username: a, password: b}}]\n"
                                   "contexts: [{name: a, context: {cluster: c, user: t}}, {name: b, context: {cluster: plain, user: pw, namespace: shop}}, "
                                   "{name: \"\", context: {cluster: c, user: t}}]\n"));
    ASSERT_EQ(all.size(), 3u);
    EXPECT_EQ(all[0].name, "");
    EXPECT_EQ(all[0].problems.at(0).weight, ContextProblem::Weight::Fatal);
    EXPECT_EQ(all[1].name, "a");
    EXPECT_EQ(all[1].authKind, "token");
    EXPECT_EQ(all[1].server, "https://c");
    EXPECT_EQ(all[1].defaultNamespace, "default");
    EXPECT_FALSE(all[1].isCurrent);
    EXPECT_TRUE(all[1].problems.empty());
    EXPECT_TRUE(all[2].isCurrent);
    EXPECT_EQ(all[2].authKind, "basic");
    EXPECT_EQ(all[2].defaultNamespace, "shop");
    expectRefusal(all[2].problems.at(0).sentence, "is not https: credentials of user \"pw\" are not sent to it");
}

TEST(Certificates, factsOfACertificate)
{
    const auto pair = makeCertificate("admin");
    const auto facts = certificateFacts(pair.key + pair.certificate); // other blocks are passed over
    ASSERT_TRUE(facts);
    EXPECT_EQ(facts->subject, "CN=admin");
    EXPECT_EQ(facts->issuer, "CN=admin");
    const auto left = facts->notAfter - utcNow();
    EXPECT_GT(left, std::chrono::minutes(50));
    EXPECT_LE(left, std::chrono::minutes(61));
    EXPECT_FALSE(certificateFacts("nothing"));
    EXPECT_TRUE(checkKeyPair(pair.certificate, pair.key));
    expectRefusal(checkKeyPair(pair.certificate, "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n").error().what, "pass phrase");
}

} // namespace
} // namespace binnacle::kube
