// SPDX-License-Identifier: Apache-2.0
// Credential sources over real files and real plugins (small shell scripts); the clock and the issuer are the test's.
#include "core/base/base64.h"
#include "core/base/platform/files.h"
#include "core/kube/credentials/credential_store.h"
#include "core/kube/credentials/oidc_provider.h"
#include "tests/core/kube/support/test_certificate.h"
#include "tests/core/kube/support/test_folder.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <atomic>
#include <future>
#include <thread>

namespace binnacle::kube {
namespace {

using Retry = CredentialSource::Retry;
using tests::contentOf;
using tests::makeCertificate;
using tests::TestFolder;
using namespace std::chrono_literals;

constexpr auto kVersion = "client.authentication.k8s.io/v1";

/// A store with a clock that only the test moves.
class Credentials : public ::testing::Test {
protected:
    Credentials()
    {
        options.environment = {{"PATH", "/usr/bin:/bin"}, {"HOME", folder.path().string()}, {"SHELL", "/bin/sh"}};
        options.now = [this] { return now.load(); };
        access.cluster.name = "c";
        access.cluster.server = "https://10.0.0.1";
        access.user.name = "u";
        access.user.origin = folder.path() / "config";
    }

    void useExec(const std::filesystem::path& command)
    {
        access.user.exec = ExecPlugin{kVersion, command.string(), {}, {}, "", false, ExecPlugin::InteractiveMode::Never};
    }

    /// Each run adds a line to `runs` and answers a token with the number of the run.
    void useCounter(const std::string& more = "", const std::string& before = "")
    {
        useExec(folder.script("plugin", before + "echo run >> '" + runs().string() + "'\nn=$(wc -l < '" + runs().string() + "')\n"
                                            + "printf '{\"apiVersion\":\"client.authentication.k8s.io/v1\",\"kind\":\"ExecCredential\",\"status\":{\"token\":\"t%d\""
                                            + more + "}}' $n\n"));
    }

    std::filesystem::path runs() const { return folder.path() / "runs"; }
    long runCount() const { return std::ranges::count(contentOf(runs()), '\n'); }

    CredentialStore& store()
    {
        if (!m_store)
            m_store = std::make_unique<CredentialStore>(options);
        return *m_store;
    }

    std::shared_ptr<CredentialSource> source()
    {
        auto made = store().sourceFor(access);
        EXPECT_TRUE(made) << (made ? "" : made.error().what);
        return made.value_or(nullptr);
    }

    static std::string authorization(CredentialSource& source)
    {
        const auto credentials = source.load({});
        return credentials ? credentials->authorization : "error: " + credentials.error().what;
    }

    TestFolder folder;
    CredentialOptions options;
    ClusterAccess access;
    std::atomic<UtcTime> now{utcNow()};

private:
    std::unique_ptr<CredentialStore> m_store;
};

bool says(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

// -- what the kubeconfig gives itself

TEST_F(Credentials, tokenBasicAndNothing)
{
    EXPECT_EQ(authorization(*source()), "");
    EXPECT_EQ(source()->report().kind, "none");
    access.user.token.inlineText = "a b";
    EXPECT_EQ(authorization(*source()), "Bearer a b");
    EXPECT_EQ(source()->invalidate(*source()->load({})), Retry::Pointless);
    access.user.token = {};
    access.user.username = "admin";
    access.user.password = "p:w";
    EXPECT_EQ(authorization(*source()), "Basic " + toBase64("admin:p:w"));
}

TEST_F(Credentials, impersonationRepeatsHeadersAndEscapesKeys)
{
    access.user.impersonation = {"me", "7", {"a", "b"}, {{"acme.com/p", {"x", "y"}}}};
    const std::vector<std::pair<std::string, std::string>> expected{{"Impersonate-User", "me"}, {"Impersonate-Uid", "7"}, {"Impersonate-Group", "a"},
        {"Impersonate-Group", "b"}, {"Impersonate-Extra-acme.com%2Fp", "x"}, {"Impersonate-Extra-acme.com%2Fp", "y"}};
    EXPECT_EQ(source()->load({})->impersonation, expected);
}

TEST_F(Credentials, nothingSecretGoesOverPlainHttp)
{
    access.cluster.server = "http://10.0.0.1";
    access.user.token.inlineText = "secret";
    EXPECT_EQ(authorization(*source()), "");
    EXPECT_TRUE(says(source()->report().notes.at(0), "is not https"));
}

TEST_F(Credentials, aTokenFileIsTrimmedAndReadAgainEachMinute)
{
    access.user.token = {"inline", folder.write("token", " one \n")};
    const auto held = source();
    EXPECT_EQ(authorization(*held), "Bearer one"); // the file wins
    folder.write("token", "two\n");
    now = now.load() + 49s;
    EXPECT_EQ(authorization(*held), "Bearer one");
    now = now.load() + 2s;
    const auto before = held->load({})->revision;
    EXPECT_EQ(authorization(*held), "Bearer two");
    EXPECT_EQ(held->load({})->revision, before);
    EXPECT_EQ(held->report().files, std::vector<std::filesystem::path>{folder.path() / "token"});
}

TEST_F(Credentials, theLastGoodTokenServesWhileTheFileIsAway)
{
    access.user.token.file = folder.write("token", "one\n");
    const auto held = source();
    EXPECT_EQ(authorization(*held), "Bearer one");
    std::filesystem::remove(access.user.token.file);
    now = now.load() + 2min;
    EXPECT_EQ(authorization(*held), "Bearer one");
}

TEST_F(Credentials, anEmptyTokenFileIsNoCredentials)
{
    access.user.token.file = folder.write("token", "\n");
    const auto held = source();
    EXPECT_EQ(authorization(*held), "");
    EXPECT_TRUE(says(held->report().notes.at(0), "is empty"));
}

TEST_F(Credentials, aRefusedTokenFileIsReadAtOnce)
{
    access.user.token.file = folder.write("token", "one\n");
    const auto held = source();
    const auto first = *held->load({});
    EXPECT_EQ(held->invalidate(first), Retry::Pointless); // the same as before
    folder.write("token", "two\n");
    EXPECT_EQ(held->invalidate(first), Retry::Worthwhile);
    EXPECT_EQ(authorization(*held), "Bearer two");
    EXPECT_EQ(held->invalidate(first), Retry::Worthwhile); // an answer to an old request
}

TEST_F(Credentials, anExchangedCertificateRaisesTheGenerationAndAHalfExchangedOneDoesNot)
{
    const auto first = makeCertificate("first"), second = makeCertificate("second");
    access.user.clientCertificate.file = folder.write("crt", first.certificate);
    access.user.clientKey.file = folder.write("key", first.key);
    const auto held = source();
    const auto before = *held->load({});
    EXPECT_EQ(before.clientCertificate, first.certificate);
    EXPECT_EQ(held->report().certificate->subject, "CN=first");
    folder.write("crt", second.certificate);
    now = now.load() + 1min;
    EXPECT_EQ(*held->load({}), before);
    folder.write("key", second.key);
    now = now.load() + 1min;
    const auto after = *held->load({});
    EXPECT_EQ(after.clientKey, second.key);
    EXPECT_GT(after.generation, before.generation);
    EXPECT_EQ(held->report().certificate->subject, "CN=second");
}

// -- exec plugins

TEST_F(Credentials, aPluginRunsOnceAndItsAnswerIsKept)
{
    useCounter();
    const auto held = source();
    EXPECT_EQ(authorization(*held), "Bearer t1");
    now = now.load() + 24h;
    EXPECT_EQ(authorization(*held), "Bearer t1"); // no expiry: until a 401
    EXPECT_EQ(held->report().kind, "exec plugin");
    EXPECT_EQ(held->report().exec->exitCode, 0);
    EXPECT_EQ(held->report().exec->runs, 1u);
    EXPECT_EQ(held->report().exec->answeredVersion, kVersion);
}

TEST_F(Credentials, aPluginRunsAgainAfterItsExpiry)
{
    useCounter(",\"expirationTimestamp\":\"" + toRfc3339(now.load() + 1h) + "\"");
    const auto held = source();
    EXPECT_EQ(authorization(*held), "Bearer t1");
    EXPECT_EQ(held->report().expiresAt, now.load() + 1h);
    now = now.load() + 59min;
    EXPECT_EQ(authorization(*held), "Bearer t1");
    now = now.load() + 1min;
    EXPECT_EQ(authorization(*held), "Bearer t2");
    EXPECT_EQ(authorization(*held), "Bearer t3"); // expired as it came: used once
}

TEST_F(Credentials, after401ThePluginRunsOnceMoreAndNotInCircles)
{
    useCounter();
    const auto held = source();
    const auto first = *held->load({});
    EXPECT_EQ(held->invalidate(first), Retry::Worthwhile);
    const auto second = *held->load({});
    EXPECT_EQ(second.authorization, "Bearer t2");
    EXPECT_EQ(held->invalidate(first), Retry::Worthwhile); // a late answer to the old token runs nothing
    EXPECT_EQ(authorization(*held), "Bearer t2");
    EXPECT_EQ(held->invalidate(second), Retry::Pointless);
    EXPECT_EQ(authorization(*held), "Bearer t2");
    now = now.load() + 1min; // it served a while: another 401 is news
    EXPECT_EQ(held->invalidate(second), Retry::Worthwhile);
    EXPECT_EQ(authorization(*held), "Bearer t3");
}

TEST_F(Credentials, manyCallersOfManySourcesShareOneRun)
{
    const auto gate = folder.path() / "gate";
    useCounter("", "touch '" + gate.string() + ".reached'\nwhile [ ! -e '" + gate.string() + "' ]; do sleep 0.01; done\n");
    std::vector<std::shared_ptr<CredentialSource>> held;
    for (int i = 0; i < 8; ++i)
        held.push_back(source());
    std::vector<std::string> answers(held.size());
    std::vector<std::thread> threads;
    for (std::size_t i = 0; i < held.size(); ++i)
        threads.emplace_back([&, i] { answers[i] = authorization(*held[i]); });
    while (!std::filesystem::exists(gate.string() + ".reached"))
        std::this_thread::sleep_for(5ms);
    EXPECT_EQ(held[0]->report().kind, "exec plugin"); // a report does not wait
    folder.write("gate", "");
    for (auto& thread : threads)
        thread.join();
    EXPECT_EQ(answers, std::vector<std::string>(8, "Bearer t1"));
    EXPECT_EQ(runCount(), 1);
}

TEST_F(Credentials, cancellingOneCallerLetsAnotherRun)
{
    const auto gate = folder.path() / "gate";
    useCounter("", "[ -e '" + gate.string() + "' ] || { touch '" + gate.string() + ".reached'; exec sleep 1000; }\n");
    const auto held = source();
    const Cancellation cancellation;
    std::string first, second;
    std::thread runner([&] {
        const auto answer = held->load(cancellation);
        first = answer ? "answered" : answer.error().code == ErrorCode::Cancelled ? "cancelled" : answer.error().what;
    });
    while (!std::filesystem::exists(gate.string() + ".reached"))
        std::this_thread::sleep_for(5ms);
    std::thread waiter([&] { second = authorization(*held); });
    folder.write("gate", "");
    cancellation.cancel();
    runner.join();
    waiter.join();
    EXPECT_EQ(first, "cancelled");
    EXPECT_EQ(second, "Bearer t1");
}

TEST_F(Credentials, thePluginSeesItsEnvironmentAndTheCluster)
{
    const auto seen = folder.path() / "seen";
    useExec(folder.script("plugin", "printf '%s' \"$KUBERNETES_EXEC_INFO\" > '" + seen.string() + "'\nprintf '%s|%s|%s' \"$A\" \"$HOME\" \"$*\" > '" + seen.string()
                                        + ".env'\n[ -t 0 ] && exit 9\necho '{\"apiVersion\":\"client.authentication.k8s.io/v1\",\"kind\":\"ExecCredential\","
                                          "\"status\":{\"token\":\"t\"}}'\n"));
    access.user.exec->arguments = {"get", "a b"};
    access.user.exec->environment = {{"A", "from kubeconfig"}};
    access.user.exec->provideClusterInfo = true;
    const auto authority = makeCertificate("ca").certificate;
    access.cluster.certificateAuthority.file = folder.write("ca.crt", authority);
    EXPECT_EQ(authorization(*source()), "Bearer t");
    EXPECT_EQ(contentOf(seen.string() + ".env"), "from kubeconfig|" + folder.path().string() + "|get a b");
    const auto info = nlohmann::json::parse(contentOf(seen));
    EXPECT_EQ(info["spec"]["interactive"], false);
    EXPECT_EQ(info["spec"]["cluster"]["certificate-authority-data"], toBase64(authority));
}

TEST_F(Credentials, aFailingPluginIsReportedWithItsExitCodeAndWords)
{
    useExec(folder.script("plugin", "printf 'your \\033[31msession has expired\\n' >&2; exit 3\n"));
    const auto held = source();
    const std::string said = authorization(*held);
    EXPECT_TRUE(says(said, "plugin failed with exit code 3. It said: your U+001B[31msession has expired. Try it in a terminal: ")) << said;
    const auto report = held->report();
    EXPECT_EQ(report.exec->exitCode, 3);
    EXPECT_EQ(report.exec->standardError, "your \033[31msession has expired\n");
    EXPECT_TRUE(says(report.lastError, "exit code 3"));
}

TEST_F(Credentials, aPluginThatIsNotInstalledNamesThePathsAndTheHint)
{
    useExec("binnacle-no-such-plugin");
    access.user.exec->installHint = "Get it:\n\033[1mhttps://example.com";
    const auto held = source();
    const std::string said = authorization(*held);
    EXPECT_TRUE(says(said, "exec: executable binnacle-no-such-plugin not found in PATH (")) << said;
    EXPECT_TRUE(says(said, "Get it:\nU+001B[1mhttps://example.com")) << said;
    EXPECT_TRUE(says(held->report().exec->pathOrigin, "login shell /bin/sh"));
    for (int i = 0; i < 9; ++i)
        EXPECT_TRUE(says(authorization(*held), "Get it")) << i;
    EXPECT_FALSE(says(authorization(*held), "Get it")); // ten an hour
    now = now.load() + 1h;
    EXPECT_TRUE(says(authorization(*held), "Get it"));
}

TEST_F(Credentials, thePathOfTheLoginShellIsUsedWhereOursIsTooShort)
{
    useCounter();
    std::filesystem::create_directories(folder.path() / "bin");
    std::filesystem::rename(folder.path() / "plugin", folder.path() / "bin/binnacle-plugin");
    folder.write(".profile", "PATH=" + (folder.path() / "bin").string() + ":$PATH\n");
    access.user.exec->command = "binnacle-plugin";
    const auto held = source();
    EXPECT_EQ(authorization(*held), "Bearer t1");
    EXPECT_EQ(held->report().exec->commandLine, std::vector<std::string>{(folder.path() / "bin/binnacle-plugin").string()});
    EXPECT_EQ(held->report().exec->pathOrigin, "login shell /bin/sh");
}

TEST_F(Credentials, aSilentPluginIsEndedAfterItsTime)
{
    options.pluginTimeOut = 200ms;
    useExec(folder.script("plugin", "echo 'open https://login.example and enter ABC' >&2; sleep 1000\n"));
    std::string heard;
    options.onPluginText = [&](std::string_view text) { heard += text; };
    const auto held = source();
    EXPECT_TRUE(says(authorization(*held), "did not answer within 0 s and was ended; does it wait for a login?"));
    EXPECT_TRUE(held->report().exec->timedOut);
    EXPECT_FALSE(held->report().exec->exitCode);
}

TEST_F(Credentials, whatAPluginSaysIsHeardAsItComes)
{
    std::string heard;
    options.onPluginText = [&](std::string_view text) { heard += text; };
    useCounter("", "echo 'open https://login.example' >&2\n");
    EXPECT_EQ(authorization(*source()), "Bearer t1");
    EXPECT_EQ(heard, "open https://login.example\n");
}

TEST_F(Credentials, aPluginThatNeedsATerminalIsNotRunInAWindow)
{
    useCounter();
    access.user.exec->interactiveMode = ExecPlugin::InteractiveMode::Always;
    EXPECT_TRUE(says(authorization(*source()), "exec plugin cannot support interactive mode: standard input is not a terminal"));
    EXPECT_EQ(runCount(), 0);
}

TEST_F(Credentials, aCommandIsConfirmedOnceWithItsExactLine)
{
    std::vector<std::string> asked;
    bool allowed = false;
    options.confirmPlugin = [&](const PluginQuestion& question, const Cancellation&) {
        asked.push_back(question.commandLine);
        return allowed;
    };
    useCounter();
    access.user.exec->arguments = {"get token"};
    const auto held = source();
    EXPECT_TRUE(says(authorization(*held), "was not allowed to run: "));
    EXPECT_TRUE(says(authorization(*held), "was not allowed to run: "));
    EXPECT_EQ(asked, std::vector<std::string>{(folder.path() / "plugin").string() + " 'get token'"});
    EXPECT_EQ(runCount(), 0);
    store().forgetAnswers();
    allowed = true;
    EXPECT_EQ(authorization(*held), "Bearer t1");
    EXPECT_EQ(held->invalidate(*held->load({})), Retry::Worthwhile);
    EXPECT_EQ(authorization(*held), "Bearer t2");
    EXPECT_EQ(asked.size(), 2u);
}

TEST_F(Credentials, anAnswerThatCameByCancellingDoesNotCount)
{
    int asked = 0;
    const Cancellation cancellation;
    options.confirmPlugin = [&](const PluginQuestion&, const Cancellation& given) {
        if (++asked == 1)
            cancellation.cancel(); // the window closes while it asks
        return !given.isCancelled();
    };
    useCounter();
    const auto held = source();
    const auto first = held->load(cancellation);
    ASSERT_FALSE(first);
    EXPECT_EQ(first.error().code, ErrorCode::Cancelled);
    EXPECT_EQ(runCount(), 0);
    EXPECT_EQ(authorization(*held), "Bearer t1") << "asked again, and allowed";
    EXPECT_EQ(asked, 2);
}

TEST_F(Credentials, whoWaitsToAskGivesUpWhenCancelled)
{
    std::promise<void> asking, answer;
    options.confirmPlugin = [&](const PluginQuestion&, const Cancellation&) {
        asking.set_value();
        answer.get_future().wait();
        return true;
    };
    useCounter();
    const auto first = source();
    access.user.name = "somebody else"; // with the same plugin
    const auto second = source();
    auto running = std::async(std::launch::async, [&] { return first->load({}).has_value(); });
    asking.get_future().wait();
    const Cancellation cancellation;
    cancellation.cancel();
    const auto waited = second->load(cancellation); // would never end if it waited for the person
    ASSERT_FALSE(waited);
    EXPECT_EQ(waited.error().code, ErrorCode::Cancelled);
    answer.set_value();
    EXPECT_TRUE(running.get());
}

TEST_F(Credentials, aPluginIsNotRunBesideOtherCredentials)
{
    useCounter();
    access.user.token.inlineText = "mine";
    EXPECT_EQ(authorization(*source()), "Bearer mine");
    EXPECT_TRUE(says(source()->report().notes.at(0), "the exec plugin is not run"));
    EXPECT_EQ(runCount(), 0);
}

TEST_F(Credentials, newCertificatesOfAPluginRaiseTheGeneration)
{
    const auto first = makeCertificate("first"), second = makeCertificate("second");
    const auto answer = [&](const tests::CertificatePair& pair) {
        folder.write("answer", nlohmann::json{{"apiVersion", kVersion}, {"kind", "ExecCredential"},
                                   {"status", {{"clientCertificateData", pair.certificate}, {"clientKeyData", pair.key}}}}.dump());
    };
    answer(first);
    useExec(folder.script("plugin", "cat '" + (folder.path() / "answer").string() + "'\n"));
    const auto held = source();
    const auto before = *held->load({});
    EXPECT_EQ(before.clientCertificate, first.certificate);
    answer(second);
    EXPECT_EQ(held->invalidate(before), Retry::Worthwhile);
    EXPECT_GT(held->load({})->generation, before.generation);
    EXPECT_EQ(held->report().certificate->subject, "CN=second");
}

TEST_F(Credentials, aFileThatMayNotRunSaysSo)
{
    useExec(folder.write("plugin", "#!/bin/sh\n"));
    EXPECT_TRUE(says(authorization(*source()), "chmod +x"));
}

TEST_F(Credentials, anAccessWithAFatalProblemGetsNoSource)
{
    access.user.authProvider = AuthProvider{"gcp", {}};
    const auto made = store().sourceFor(access);
    ASSERT_FALSE(made);
    EXPECT_TRUE(says(made.error().what, "The gcp auth plugin has been removed."));
}

// -- OIDC

std::string idToken(UtcTime expires)
{
    std::string payload = toBase64("{\"exp\":" + std::to_string(expires.time_since_epoch() / 1s) + "}");
    std::erase(payload, '=');
    return "e30." + payload + ".c2ln";
}

class Oidc : public Credentials {
protected:
    Oidc()
    {
        options.callIssuer = [this](const IssuerRequest& request, const Cancellation&) -> Result<IssuerAnswer> {
            requests.push_back(request);
            if (request.method == "GET")
                return IssuerAnswer{200, R"({"token_endpoint":"https://login.example/token"})"};
            return answer;
        };
    }

    void use(std::map<std::string, std::string> more)
    {
        more["idp-issuer-url"] = "https://login.example/";
        more["client-id"] = "kube";
        access.user.authProvider = AuthProvider{"oidc", std::move(more)};
    }

    std::string bearer(UtcTime expires) const { return "Bearer " + idToken(expires); }

    std::vector<IssuerRequest> requests;
    IssuerAnswer answer;
};

TEST_F(Oidc, aTokenThatLastsIsUsedAsItIs)
{
    use({{"id-token", idToken(now.load() + 1h)}});
    const auto held = source();
    EXPECT_EQ(authorization(*held), bearer(now.load() + 1h));
    EXPECT_TRUE(requests.empty());
    EXPECT_EQ(held->report().issuer, "https://login.example/");
}

TEST_F(Oidc, aTokenThatEndsWithinTenSecondsIsRefreshed)
{
    use({{"id-token", idToken(now.load() + 9s)}, {"refresh-token", "r&1"}});
    answer = {200, R"({"id_token":")" + idToken(now.load() + 1h) + R"(","refresh_token":"r2"})"};
    const auto held = source();
    EXPECT_EQ(authorization(*held), bearer(now.load() + 1h));
    ASSERT_EQ(requests.size(), 2u);
    EXPECT_EQ(requests[0].url, "https://login.example/.well-known/openid-configuration");
    EXPECT_EQ(requests[1].url, "https://login.example/token");
    EXPECT_EQ(requests[1].body, "grant_type=refresh_token&refresh_token=r%261&client_id=kube");
    EXPECT_TRUE(says(held->report().notes.at(0), "the issuer exchanged the refresh token"));
    now = now.load() + 2h;
    answer.body = R"({"id_token":")" + idToken(now.load() + 1h) + R"("})";
    EXPECT_EQ(authorization(*held), bearer(now.load() + 1h));
    EXPECT_TRUE(says(requests.back().body, "refresh_token=r2&"));
}

TEST_F(Oidc, aSecretGoesIntoTheHeaderAndThenIntoTheBody)
{
    use({{"refresh-token", "r"}, {"client-secret", "s/1"}});
    answer = {401, R"({"error":"invalid_client"})"};
    EXPECT_TRUE(says(authorization(*source()), "failed to refresh token (user u, issuer https://login.example/): HTTP 401, invalid_client"));
    ASSERT_EQ(requests.size(), 3u);
    EXPECT_EQ(requests[1].headers.back(), std::make_pair(std::string("Authorization"), "Basic " + toBase64("kube:s%2F1")));
    EXPECT_FALSE(says(requests[1].body, "client_secret"));
    EXPECT_TRUE(says(requests[2].body, "client_secret=s%2F1"));
}

TEST_F(Oidc, whatCannotBeRefreshedSaysWhy)
{
    use({{"id-token", idToken(now.load() - 1h)}});
    EXPECT_TRUE(says(authorization(*source()), "No valid id-token, and cannot refresh without refresh-token"));
    use({{"refresh-token", "r"}});
    answer = {200, "{}"};
    EXPECT_TRUE(says(authorization(*source()), "token response did not contain an id_token"));
    answer = {200, R"({"id_token":")" + idToken(now.load() - 1h) + R"("})"};
    EXPECT_TRUE(says(authorization(*source()), "has expired already"));
}

TEST(TokenExpiry, onlyAJsonWebTokenHasOne)
{
    EXPECT_EQ(tokenExpiry(idToken(utcTime(5'000'000'000))), utcTime(5'000'000'000));
    for (const char* text : {"", "a.b", "a.!.c", "e30.e30.e30", "a.b.c.d", "e30.eyJleHAiOiJ4In0.c", "e30.eyJleHAiOjFlMzAwfQ.c"})
        EXPECT_FALSE(tokenExpiry(text)) << text;
}

} // namespace
} // namespace binnacle::kube
