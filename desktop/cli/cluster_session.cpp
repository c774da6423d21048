// SPDX-License-Identifier: GPL-3.0-or-later
#include "desktop/cli/cluster_session.h"

#include "core/kube/diagnose/agent_pod.h"
#include "desktop/cli/sources.h"
#include "desktop/ingest/agent_handshake.h"
#include "desktop/ingest/kube_runtime.h"

#include <atomic>
#include <csignal>
#include <cstdio>
#include <iostream>

namespace binnacle::desktop {

namespace {

/// kube::ClusterApi over the HTTP client of core/kube/net.
class HttpClusterSession : public ClusterSession, private kube::ClusterApi {
public:
    HttpClusterSession(std::shared_ptr<KubeRuntime> runtime, KubeRuntime::Connection connection, Cancellation cancellation)
        : m_runtime(std::move(runtime)), m_connection(std::move(connection)), m_cancellation(std::move(cancellation))
    {
    }

    kube::ClusterApi& api() override { return *this; }

    std::string words() const override
    {
        const kube::ClusterAccess& access = m_connection.client->access();
        return "context " + access.context + " (" + access.cluster.server + ") as " + (access.user.name.empty() ? "nobody" : access.user.name);
    }

    Result<void> greetAgent(const std::string& nameSpace, const std::string& pod) override
    {
        const auto answer = askAgent(*m_connection.client, {nameSpace, pod, "", kube::AgentPod::kDefaultPort}, m_cancellation);
        return answer ? Result<void>() : std::unexpected(answer.error());
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
        auto response = m_connection.client->send(std::move(request), m_cancellation);
        if (!response)
            return std::unexpected(std::move(response).error());
        return kube::ApiAnswer{response->status, std::move(response->body)};
    }

    const std::shared_ptr<KubeRuntime> m_runtime; // outlives the connection
    const KubeRuntime::Connection m_connection;
    const Cancellation m_cancellation;
};

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
    const auto access = clusterAccess(choice.kubeconfig, choice.context);
    if (!access)
        return std::unexpected(access.error());
    auto runtime = terminalRuntime();
    auto connection = runtime->connect(*access);
    if (!connection)
        return std::unexpected(std::move(connection).error());
    return std::make_unique<HttpClusterSession>(std::move(runtime), std::move(*connection), cancellation);
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
