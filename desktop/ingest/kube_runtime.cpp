// SPDX-License-Identifier: GPL-3.0-or-later
#include "desktop/ingest/kube_runtime.h"

#include "core/kube/config/contexts.h"
#include "core/kube/config/sources.h"
#include "core/kube/net/url.h"

namespace binnacle::desktop {
namespace {

/// For an issuer of tokens, who is asked by somebody that has none yet.
class NoCredentials : public kube::CredentialSource {
public:
    Result<kube::RequestCredentials> load(const Cancellation&) override { return kube::RequestCredentials{}; }
    Retry invalidate(const kube::RequestCredentials&) override { return Retry::Pointless; }
    kube::CredentialReport report() const override { return {}; }
};

} // namespace

KubeRuntime::KubeRuntime(KubeRuntimeOptions options) : m_store(credentialOptions(std::move(options))) {}

kube::CredentialOptions KubeRuntime::credentialOptions(KubeRuntimeOptions options)
{
    kube::CredentialOptions result;
    result.environment = platform::environment();
    result.terminal = options.terminal;
    result.confirmPlugin = std::move(options.confirmPlugin);
    result.onPluginText = std::move(options.onPluginText);
    result.callIssuer = [this](const kube::IssuerRequest& request, const Cancellation& cancellation) { return callIssuer(request, cancellation); };
    return result;
}

Result<kube::IssuerAnswer> KubeRuntime::callIssuer(const kube::IssuerRequest& request, const Cancellation& cancellation)
{
    const auto url = kube::parseServerUrl(request.url);
    if (!url)
        return std::unexpected(Error(url.error()).within("the issuer's address"));
    kube::ClusterAccess access;
    access.cluster.name = "issuer";
    access.cluster.server = url->scheme + "://" + url->authority();
    access.cluster.certificateAuthority.inlineText = request.certificateAuthority;
    kube::HttpClient client(m_reactor, access, std::make_shared<NoCredentials>());
    const std::size_t path = request.url.find('/', request.url.find("://") + 3);
    kube::HttpRequest message{.method = request.method, .target = path == std::string::npos ? "/" : request.url.substr(path)};
    message.headers = request.headers;
    message.body = request.body;
    auto answer = client.send(std::move(message), cancellation);
    if (!answer)
        return std::unexpected(std::move(answer).error());
    return kube::IssuerAnswer{answer->status, std::move(answer->body)};
}

Result<KubeRuntime::Connection> KubeRuntime::connect(const kube::ClusterAccess& access)
{
    auto credentials = m_store.sourceFor(access);
    if (!credentials)
        return std::unexpected(std::move(credentials).error());
    Connection connection{*credentials, nullptr};
    connection.client = std::make_unique<kube::HttpClient>(m_reactor, access, *credentials);
    return connection;
}

Result<kube::ClusterAccess> clusterAccess(const std::string& kubeconfigFile, const std::string& context)
{
    const auto config = kube::load(kube::findSources({kubeconfigFile}, platform::environment()));
    if (!config)
        return std::unexpected(config.error());
    return kube::resolve(*config, context);
}

} // namespace binnacle::desktop
