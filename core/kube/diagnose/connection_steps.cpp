// SPDX-License-Identifier: Apache-2.0
// From the kubeconfig to an encrypted connection.
#include "core/kube/api/internal/json.h"
#include "core/kube/config/contexts.h"
#include "core/kube/config/sources.h"
#include "core/kube/credentials/printable.h"
#include "core/kube/diagnose/internal/knowledge.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <charconv>

namespace binnacle::kube {
namespace {

constexpr Nanoseconds kSoon = std::chrono::hours(24 * 14); // a certificate that ends within this is worth a word
constexpr std::size_t kMostNames = 12;
constexpr std::size_t kMostErrorText = 2000;

/// Whoever asks for the way only.
class NoCredentials : public CredentialSource {
public:
    Result<RequestCredentials> load(const Cancellation&) override { return RequestCredentials{}; }
    Retry invalidate(const RequestCredentials&) override { return Retry::Pointless; }
    CredentialReport report() const override { return {}; }
};

std::string joined(const std::vector<std::string>& words, std::size_t most = ~std::size_t{0})
{
    std::string text;
    for (std::size_t i = 0; i < std::min(words.size(), most); ++i)
        text += (i ? ", " : "") + words[i];
    return words.size() > most ? text + " and " + std::to_string(words.size() - most) + " more" : text;
}

std::string inMilliseconds(Nanoseconds time) { return std::to_string(std::chrono::duration_cast<std::chrono::milliseconds>(time).count()) + " ms"; }

const PhaseReport* findPhase(const ConnectionReport& report, ConnectPhase phase)
{
    const auto found = std::ranges::find(report.phases, phase, &PhaseReport::phase);
    return found == report.phases.end() ? nullptr : &*found;
}

/// Puts what a phase did into the step; false when it failed.
bool tellPhase(const ConnectionReport& report, ConnectPhase phase, DiagnosisStep& step, const std::string& next)
{
    const PhaseReport* done = findPhase(report, phase);
    if (!done)
        return true;
    if (!done->error.empty()) {
        fail(step, printable(done->error), next);
        return false;
    }
    step.found.push_back(std::string(nameOf(phase)) + ": " + printable(done->detail) + " in " + inMilliseconds(done->took));
    return true;
}

void tellPlugin(const ExecReport& exec, DiagnosisStep& step)
{
    step.found.push_back("exec plugin: " + commandLineText(exec.commandLine.empty() ? std::vector{exec.command} : exec.commandLine));
    if (!exec.searchedPath.empty())
        step.found.push_back("PATH searched (" + exec.pathOrigin + "): " + printable(exec.searchedPath));
    if (exec.timedOut)
        step.found.push_back("it was ended after " + inMilliseconds(exec.duration));
    else if (exec.signal)
        step.found.push_back("it was ended by signal " + std::to_string(*exec.signal));
    else if (exec.exitCode)
        step.found.push_back("exit code " + std::to_string(*exec.exitCode) + " after " + inMilliseconds(exec.duration));
    if (!exec.standardError.empty())
        step.found.push_back("its standard error: " + printable(exec.standardError.substr(exec.standardError.size() - std::min(exec.standardError.size(), kMostErrorText))));
}

void tellCertificate(const TlsReport& tls, DiagnosisStep& step)
{
    step.found.push_back(tls.protocol + (tls.cipher.empty() ? "" : ", " + tls.cipher));
    step.found.push_back("certificate of " + printable(tls.subject) + ", issued by " + printable(tls.issuer));
    step.found.push_back("valid for " + printable(joined(tls.names, kMostNames)));
    if (tls.notAfter != UtcTime{})
        step.found.push_back("from " + toRfc3339(tls.notBefore) + " to " + toRfc3339(tls.notAfter));
    if (!tls.trust.empty())
        step.found.push_back("judged by the authorities of: " + printable(tls.trust));
}

void takeVersion(Diagnosis::Knowledge& known, const HttpResponse& response)
{
    const Json version = parseJson(response.body);
    known.serverVersion = textAt(version, "gitVersion");
    const std::string minor = textAt(version, "minor"); // may be `27+`
    std::from_chars(minor.data(), minor.data() + minor.size(), known.serverMinor);
}

} // namespace

void checkFile(Diagnosis::Knowledge& known, DiagnosisStep& step)
{
    known.access.reset();
    const KubeconfigSources sources = findSources({known.wish.kubeconfig}, known.tools.environment);
    const auto config = load(sources);
    if (!config)
        return fail(step, config.error().what, "Mend the file, or name another with --kubeconfig.");
    for (const auto& file : config->files)
        step.found.push_back("read " + file.string());
    for (const auto& file : config->missing)
        step.found.push_back("not there: " + file.string());
    auto access = resolve(*config, known.wish.context);
    if (!access)
        return fail(step, access.error().what, "`binnacle contexts` lists what there is and what is wrong with each.");
    step.found.push_back("context " + access->context + ": cluster " + access->cluster.name + " at " + access->cluster.server + ", user " + access->user.name);
    for (const ContextProblem& problem : findProblems(*access, known.tools.now())) {
        if (problem.weight == ContextProblem::Weight::Fatal)
            return fail(step, problem.sentence, "Mend this entry of the kubeconfig.");
        warn(step, problem.sentence);
    }
    known.access = std::move(*access);
}

void checkCredentials(Diagnosis::Knowledge& known, DiagnosisStep& step, const Cancellation& cancellation)
{
    known.client.reset();
    step.found.push_back("kind: " + authKind(known.access->user));
    auto source = known.tools.credentialsFor(*known.access);
    if (!source)
        return fail(step, source.error().what, "Mend the user of this context in the kubeconfig.");
    known.credentials = *source;
    const auto loaded = known.credentials->load(cancellation);
    const CredentialReport report = known.credentials->report();
    for (const auto& file : report.files)
        step.found.push_back("read " + file.string());
    if (report.exec)
        tellPlugin(*report.exec, step);
    if (!report.issuer.empty())
        step.found.push_back("issuer: " + printable(report.issuer));
    if (report.certificate)
        step.found.push_back("client certificate of " + printable(report.certificate->subject) + ", until " + toRfc3339(report.certificate->notAfter));
    if (!loaded)
        return fail(step, loaded.error().what, report.exec ? "Run the command above in a terminal: what it prints there tells more." : "Log in again, or check this user's entry in the kubeconfig.");
    if (report.expiresAt)
        step.found.push_back("good until " + toRfc3339(*report.expiresAt));
    for (const std::string& note : report.notes)
        warn(step, note);
    known.client = std::make_unique<HttpClient>(known.tools.reactor, *known.access, known.credentials, known.tools.http);
}

void checkDns(Diagnosis::Knowledge& known, DiagnosisStep& step, const Cancellation& cancellation)
{
    HttpClient client(known.tools.reactor, *known.access, std::make_shared<NoCredentials>(), known.tools.http);
    known.connectionError.clear();
    known.serverVersion.clear();
    known.serverMinor = 0;
    const auto answer = client.send({.target = "/version"}, cancellation);
    known.connection = client.lastConnection();
    if (answer)
        takeVersion(known, *answer);
    else
        known.connectionError = answer.error().what;
    const bool byProxy = !known.connection->proxy.empty();
    const std::string whom = byProxy ? "the proxy " + known.connection->proxy : known.access->cluster.server;
    step.found.push_back("on the way to " + whom);
    if (!tellPhase(*known.connection, ConnectPhase::Resolve, step, "Check the spelling of " + whom + ", the VPN, and what `getent hosts` says of the name."))
        return;
    if (!tellPhase(*known.connection, ConnectPhase::Connect, step, "Check that " + whom + " is up, and that no firewall or missing VPN is in between."))
        return;
    if (known.connection->phases.empty())
        fail(step, printable(known.connectionError), "Check `server` of this cluster in the kubeconfig.");
}

void checkProxy(const Diagnosis::Knowledge& known, DiagnosisStep& step)
{
    if (known.connection->proxy.empty()) {
        step.found.emplace_back("none");
        return;
    }
    step.found.push_back(printable(known.connection->proxy));
    const std::string next = "Check `proxy-url` of the cluster, or HTTPS_PROXY and NO_PROXY of the environment.";
    if (tellPhase(*known.connection, ConnectPhase::ProxyTls, step, next))
        tellPhase(*known.connection, ConnectPhase::Proxy, step, next);
}

void checkTls(const Diagnosis::Knowledge& known, DiagnosisStep& step)
{
    const TlsReport& tls = known.connection->tls;
    if (!tls.attempted && !isEncrypted(known.access->cluster))
        return warn(step, "the server is asked without encryption, and no credentials are sent to it", "Write `https://` in the cluster's `server`.");
    if (!tls.subject.empty())
        tellCertificate(tls, step);
    const PhaseReport* phase = findPhase(*known.connection, ConnectPhase::Tls);
    if (!tls.cause.empty() || (phase && !phase->error.empty())) {
        return fail(step, printable(tls.cause.empty() ? phase->error : tls.cause) + "; it had to be valid for " + tls.expectedName,
                    "Check `certificate-authority` and `tls-server-name` of the cluster, and whether a proxy in between has a certificate of its own.");
    }
    if (!known.connectionError.empty())
        return fail(step, printable(known.connectionError), "Something else than an API server may listen there.");
    if (tls.skippedVerification)
        warn(step, "the certificate is not verified (insecure-skip-tls-verify): anybody in between can read along", "Give the cluster's `certificate-authority` instead.");
    if (tls.notAfter != UtcTime{} && tls.notAfter - known.tools.now() < kSoon)
        warn(step, "the server's certificate ends at " + toRfc3339(tls.notAfter), "Renew it.");
    if (known.serverVersion.empty())
        warn(step, "GET /version was not answered as an API server does", "The server's URL may lead to a login page or another program.");
    else
        step.found.push_back("Kubernetes " + printable(known.serverVersion));
}

} // namespace binnacle::kube
