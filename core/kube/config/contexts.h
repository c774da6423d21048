// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/base/clocks.h"
#include "core/kube/config/kubeconfig.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace binnacle::kube {

/// Something about a context that needs no network to be seen.
struct ContextProblem {
    enum class Weight : std::uint8_t { Warning, Fatal }; // Fatal: resolve() refuses
    Weight weight = Weight::Fatal;
    std::string sentence; // what is wrong, and what to do
    friend bool operator==(const ContextProblem&, const ContextProblem&) = default;
};

/// One context as `binnacle contexts` and the connect page list it.
struct ContextSummary {
    std::string name;
    bool isCurrent = false;
    std::string cluster;
    std::string user;
    std::string defaultNamespace;
    std::string server;
    std::filesystem::path origin;
    std::string authKind; // see authKind()
    std::vector<ContextProblem> problems;
    friend bool operator==(const ContextSummary&, const ContextSummary&) = default;
};

/// What replaces parts of a context, as kubectl's options of the same names do.  An unset part stays the context's.
struct ContextOverrides {
    std::optional<std::string> cluster;
    std::optional<std::string> user;
    std::string defaultNamespace;
    std::optional<Impersonation> impersonation;
};

/// What the API server will take the user for: `certificate`, `token file`, `token`, `basic`, `exec NAME` (the command without its folder), the name of
/// an auth-provider (`oidc`), or `none`.  With several, the first of these.
std::string authKind(const UserCredentials& user);

/// Every context, by name.  Reads the certificate files that contexts name, so it blocks on the disk; `now` judges their expiry.
std::vector<ContextSummary> contexts(const Kubeconfig& kubeconfig, UtcTime now = utcNow());

/// How one cluster is reached; an empty name is the current context.  Refuses what client-go refuses, and says what is missing where kubectl would
/// silently try localhost:8080.  A user that is missing or has no credentials is accepted: requests then go out without any.
Result<ClusterAccess> resolve(const Kubeconfig& kubeconfig, const std::string& contextName, const ContextOverrides& overrides = {});

/// What is wrong with an access, however it came to be; reads the files that it names.
std::vector<ContextProblem> findProblems(const ClusterAccess& access, UtcTime now = utcNow());

/// `https` in any case: only then are credentials sent (client-go, IsConfigTransportTLS).
bool isEncrypted(const ClusterEndpoint& cluster);

/// Inline text, else the file's.  The error names the file.
Result<std::string> readMaterial(const InlineOrFile& material);

} // namespace binnacle::kube
