// SPDX-License-Identifier: GPL-3.0-or-later
#include "desktop/cli/cluster_session.h"

#include "core/kube/config/contexts.h"
#include "core/kube/config/sources.h"
#include "core/kube/credentials/credential_store.h"
#include "core/kube/net/http_client.h"

#include <atomic>
#include <csignal>
#include <cstdio>
#include <iostream>

namespace binnacle::desktop {

namespace {

/// kube::ClusterApi over the HTTP client of core/kube/net.
class HttpClusterSession : public ClusterSession, private kube::ClusterApi {
public:
    HttpClusterSession(kube::ClusterAccess access, std::shared_ptr<kube::CredentialSource> credentials, Cancellation cancellation)
        : m_client(m_reactor, std::move(access), std::move(credentials)), m_cancellation(std::move(cancellation))
    {
    }

    kube::ClusterApi& api() override { return *this; }

    std::string words() const override
    {
        const kube::ClusterAccess& access = m_client.access();
        return "context " + access.context + " (" + access.cluster.server + ") as " + (access.user.name.empty() ? "nobody" : access.user.name);
    }

private:
    Result<kube::ApiAnswer> ask(const kube::ApiQuestion& question) override
    {
        kube::HttpRequest request;
        request.method = question.method;
        request.target = question.target;
        request.body = question.body;
        request.headers.emplace_back("Accept", question.target.contains("/log?") ? "*/*" : "application/json");
        if (!question.contentType.empty())
            request.headers.emplace_back("Content-Type", question.contentType);
        auto response = m_client.send(std::move(request), m_cancellation);
        if (!response)
            return std::unexpected(std::move(response).error());
        return kube::ApiAnswer{response->status, std::move(response->body)};
    }

    kube::Reactor m_reactor; // before the client: it outlives it
    kube::HttpClient m_client;
    Cancellation m_cancellation;
};

kube::CredentialOptions credentialOptions()
{
    kube::CredentialOptions options;
    options.environment = platform::environment();
    options.terminal = kube::CredentialOptions::Terminal::Available;
    options.onPluginText = [](std::string_view text) { std::fwrite(text.data(), 1, text.size(), stderr); };
    return options;
}

std::atomic<const Cancellation*> active = nullptr; // of the CancelOnSignal that lives

extern "C" void cancelActive(int signal)
{
    if (const Cancellation* cancellation = active.load())
        cancellation->cancel(); // an atomic store: a handler may
    std::signal(signal, SIG_DFL);
}

} // namespace

Result<std::unique_ptr<ClusterSession>> ClusterSession::open(const ClusterChoice& choice, const Cancellation& cancellation)
{
    static kube::CredentialStore store(credentialOptions());
    const auto sources = kube::findSources({choice.kubeconfig}, platform::environment());
    const auto kubeconfig = kube::load(sources);
    if (!kubeconfig)
        return std::unexpected(kubeconfig.error());
    auto access = kube::resolve(*kubeconfig, choice.context);
    if (!access)
        return std::unexpected(std::move(access).error());
    auto credentials = store.sourceFor(*access);
    if (!credentials)
        return std::unexpected(std::move(credentials).error());
    return std::make_unique<HttpClusterSession>(std::move(*access), std::move(*credentials), cancellation);
}

CancelOnSignal::CancelOnSignal(Cancellation cancellation) : m_cancellation(std::move(cancellation))
{
    active = &m_cancellation;
    m_interrupt = std::signal(SIGINT, cancelActive);
    m_terminate = std::signal(SIGTERM, cancelActive);
}

CancelOnSignal::~CancelOnSignal()
{
    std::signal(SIGINT, m_interrupt);
    std::signal(SIGTERM, m_terminate);
    active = nullptr;
}

bool isConfirmed(const std::string& question)
{
    std::fprintf(stderr, "%s [y/N] ", question.c_str());
    std::fflush(stderr);
    std::string answer;
    if (!std::getline(std::cin, answer)) {
        std::fputc('\n', stderr);
        return false;
    }
    return answer == "y" || answer == "Y" || answer == "yes";
}

} // namespace binnacle::desktop
