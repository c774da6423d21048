// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/kube/credentials/credential_store.h"
#include "core/kube/net/http_client.h"
#include "core/kube/net/reactor.h"

#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace binnacle::desktop {

struct KubeRuntimeOptions {
    kube::CredentialOptions::Terminal terminal = kube::CredentialOptions::Terminal::None;
    std::function<bool(const kube::PluginQuestion&, const Cancellation&)> confirmPlugin; // empty: every command runs, as with kubectl
    std::function<void(std::string_view)> onPluginText;
};

/// What all clusters of this program share: the reactor's thread, the credentials (a plugin runs once for all who need it), and the
/// proxies of the environment.  Outlives every link; destroyed on any thread but the reactor's.  Thread: any.
class KubeRuntime {
public:
    explicit KubeRuntime(KubeRuntimeOptions options = {});

    /// A client of one API server as one user.  Reads the files that the access names, runs nothing yet.
    struct Connection {
        std::shared_ptr<kube::CredentialSource> credentials;
        std::unique_ptr<kube::HttpClient> client;
    };
    Result<Connection> connect(const kube::ClusterAccess& access);

    kube::CredentialStore& credentials() { return m_store; }
    kube::Reactor& reactor() { return m_reactor; }

private:
    Result<kube::IssuerAnswer> callIssuer(const kube::IssuerRequest& request, const Cancellation& cancellation);
    kube::CredentialOptions credentialOptions(KubeRuntimeOptions options);

    kube::Reactor m_reactor;
    kube::CredentialStore m_store;
};

/// The context of a kubeconfig.  Blocks on the disk.
Result<kube::ClusterAccess> clusterAccess(const std::string& kubeconfigFile, const std::string& context);

} // namespace binnacle::desktop
