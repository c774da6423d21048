// SPDX-License-Identifier: Apache-2.0
#include "agent/metadata/kubernetes/in_cluster_connection.h"

#include "core/kube/config/in_cluster.h"
#include "core/kube/credentials/credential_store.h"

#include <utility>

namespace binnacle::agent {

bool hasServiceAccount(const platform::Environment& environment, const std::filesystem::path& folder)
{
    std::error_code ignored;
    return !platform::variable(environment, "KUBERNETES_SERVICE_HOST").empty() && std::filesystem::exists(folder / "token", ignored);
}

std::function<Result<KubernetesWatcher::Connection>()> inClusterConnection(platform::Environment environment, std::filesystem::path folder)
{
    kube::CredentialOptions options;
    options.environment = environment;
    auto store = std::make_shared<kube::CredentialStore>(std::move(options)); // outlives its sources: the function is kept as long
    return [environment = std::move(environment), folder = std::move(folder), store]() -> Result<KubernetesWatcher::Connection> {
        auto access = kube::inClusterAccess(environment, folder);
        if (!access)
            return std::unexpected(std::move(access).error());
        auto credentials = store->sourceFor(*access);
        if (!credentials)
            return std::unexpected(std::move(credentials).error());
        return KubernetesWatcher::Connection{std::move(*access), std::move(*credentials)};
    };
}

} // namespace binnacle::agent
