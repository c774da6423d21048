// SPDX-License-Identifier: Apache-2.0
#include "core/kube/config/in_cluster.h"

#include "core/base/platform/files.h"

namespace binnacle::kube {

namespace {

std::string trimmed(std::string_view text)
{
    constexpr std::string_view kSpace = " \t\r\n";
    const std::size_t from = text.find_first_not_of(kSpace);
    return from == std::string_view::npos ? std::string() : std::string(text.substr(from, text.find_last_not_of(kSpace) - from + 1));
}

} // namespace

Result<ClusterAccess> inClusterAccess(const platform::Environment& environment, const std::filesystem::path& folder)
{
    const std::string host = platform::variable(environment, "KUBERNETES_SERVICE_HOST");
    const std::string port = platform::variable(environment, "KUBERNETES_SERVICE_PORT");
    if (host.empty() || port.empty())
        return failure(ErrorCode::NotFound, "this is no pod: KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT are not both set");
    if (const auto token = platform::readFile(folder / "token"); !token)
        return failure(token.error().code, "the pod has no service account token (" + token.error().what
                                               + "): set automountServiceAccountToken: true for the pod or its service account");
    ClusterAccess access;
    access.cluster.name = "in-cluster";
    access.cluster.server = "https://" + (host.find(':') == std::string::npos ? host : "[" + host + "]") + ":" + port;
    access.cluster.certificateAuthority.file = folder / "ca.crt";
    access.user.name = "service account";
    access.user.token.file = folder / "token";
    access.origin = access.cluster.origin = access.user.origin = folder;
    if (const auto name = platform::readFile(folder / "namespace"); name && !trimmed(*name).empty())
        access.defaultNamespace = trimmed(*name);
    return access;
}

} // namespace binnacle::kube
