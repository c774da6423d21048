// SPDX-License-Identifier: GPL-3.0-or-later
#include "desktop/ingest/cluster_session.h"

#include "core/kube/diagnose/agent_pod.h"
#include "desktop/ingest/agent_handshake.h"

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

} // namespace

ClusterOpener clusterOpener(std::shared_ptr<KubeRuntime> runtime)
{
    return [runtime = std::move(runtime)](const ClusterWish& wish, const Cancellation& cancellation) -> Result<std::unique_ptr<ClusterSession>> {
        const auto access = clusterAccess(wish.kubeconfig, wish.context);
        if (!access)
            return std::unexpected(access.error());
        auto connection = runtime->connect(*access);
        if (!connection)
            return std::unexpected(std::move(connection).error());
        return std::make_unique<HttpClusterSession>(runtime, std::move(*connection), cancellation);
    };
}

} // namespace binnacle::desktop
