// SPDX-License-Identifier: Apache-2.0
#include "core/kube/credentials/credential_store.h"

#include "core/base/base64.h"
#include "core/kube/config/contexts.h"
#include "core/kube/credentials/cached_source.h"
#include "core/kube/credentials/exec_provider.h"
#include "core/kube/credentials/file_provider.h"
#include "core/kube/credentials/oidc_provider.h"

#include <algorithm>
#include <array>
#include <cstdio>

namespace binnacle::kube {

namespace {

std::vector<std::pair<std::string, std::string>> impersonationHeaders(const Impersonation& as)
{
    std::vector<std::pair<std::string, std::string>> headers;
    if (as.user.empty())
        return headers;
    headers.emplace_back("Impersonate-User", as.user);
    if (!as.uid.empty())
        headers.emplace_back("Impersonate-Uid", as.uid);
    for (const std::string& group : as.groups)
        headers.emplace_back("Impersonate-Group", group);
    for (const auto& [key, values] : as.extra) {
        for (const std::string& value : values)
            headers.emplace_back("Impersonate-Extra-" + impersonationKey(key), value);
    }
    return headers;
}

bool hasBasic(const UserCredentials& user) { return !user.username.empty() || !user.password.empty(); }

/// A plugin is not run when the kubeconfig itself gives something (client-go, exec.go: UpdateTransportConfig).
bool needsPlugin(const UserCredentials& user)
{
    return user.exec && !user.token.isSet() && !hasBasic(user) && !(user.clientCertificate.isSet() && user.clientKey.isSet());
}

bool needsIssuer(const UserCredentials& user) { return user.authProvider && !user.exec && !user.token.isSet() && !hasBasic(user); }

std::shared_ptr<CredentialSource> makeSource(const ClusterAccess& access, const std::shared_ptr<PluginHost>& host)
{
    const UserCredentials& user = access.user;
    CachedSource::Fixed fixed;
    fixed.impersonation = impersonationHeaders(user.impersonation);
    CredentialReport first;
    first.kind = authKind(user);
    std::vector<std::unique_ptr<CredentialProvider>> providers;
    if (!isEncrypted(access.cluster)) {
        if (first.kind != "none")
            first.notes.push_back("the server " + access.cluster.server + " is not https: credentials are not sent");
        return std::make_shared<CachedSource>(std::move(providers), std::move(fixed), std::move(first), host->options().now);
    }
    if (hasBasic(user))
        fixed.authorization = "Basic " + toBase64(user.username + ":" + user.password);
    if (user.token.isSet() || user.clientCertificate.isSet())
        providers.push_back(std::make_unique<FileProvider>(user, host->options().now));
    if (needsPlugin(user))
        providers.push_back(std::make_unique<ExecProvider>(access, host));
    else if (user.exec)
        first.notes.push_back("the exec plugin is not run, because the kubeconfig gives user " + user.name + " other credentials (" + first.kind + ")");
    if (needsIssuer(user))
        providers.push_back(std::make_unique<OidcProvider>(user, host->options()));
    return std::make_shared<CachedSource>(std::move(providers), std::move(fixed), std::move(first), host->options().now);
}

} // namespace

std::string impersonationKey(std::string_view key)
{
    constexpr std::string_view kLegal = "!#$&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    std::string out;
    for (const char c : key) {
        std::array<char, 4> code{};
        std::snprintf(code.data(), code.size(), "%%%02X", static_cast<unsigned>(static_cast<unsigned char>(c)));
        out += kLegal.find(c) != std::string_view::npos ? std::string(1, c) : code.data();
    }
    return out;
}

CredentialStore::CredentialStore(CredentialOptions options) : m_host(std::make_shared<PluginHost>(std::move(options))) {}

CredentialStore::~CredentialStore() = default;

Result<std::shared_ptr<CredentialSource>> CredentialStore::sourceFor(const ClusterAccess& access)
{
    const std::lock_guard lock(m_mutex);
    std::erase_if(m_known, [](const Known& known) { return known.source.expired(); });
    for (const Known& known : m_known) {
        if (auto source = known.source.lock(); source && known.cluster == access.cluster && known.user == access.user)
            return source;
    }
    const auto problems = findProblems(access, m_host->options().now());
    const auto fatal = std::ranges::find(problems, ContextProblem::Weight::Fatal, &ContextProblem::weight);
    if (fatal != problems.end())
        return failure(ErrorCode::Invalid, fatal->sentence);
    auto source = makeSource(access, m_host);
    m_known.push_back({access.cluster, access.user, source});
    return source;
}

void CredentialStore::forgetAnswers() { m_host->forgetAnswers(); }

} // namespace binnacle::kube
