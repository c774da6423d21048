// SPDX-License-Identifier: Apache-2.0
#include "core/kube/config/contexts.h"

#include "core/base/platform/files.h"
#include "core/kube/config/certificates.h"
#include "core/kube/config/internal/context_checks.h"

#include <algorithm>

namespace binnacle::kube {

namespace {

std::string inQuotes(const std::string& name) { return "\"" + name + "\""; }

std::string fileList(const std::vector<std::filesystem::path>& files)
{
    std::string text;
    for (const auto& file : files)
        text += (text.empty() ? "" : ", ") + file.string();
    return text;
}

/// At most twelve: a kubeconfig may have thousands.
template <class Map>
std::string nameList(const Map& map)
{
    constexpr std::size_t kShown = 12;
    std::string text;
    std::size_t shown = 0;
    for (const auto& [name, entry] : map) {
        if (shown++ == kShown)
            break;
        text += (text.empty() ? "" : ", ") + (name.empty() ? "\"\"" : name);
    }
    return map.size() > kShown ? text + " and " + std::to_string(map.size() - kShown) + " more" : text;
}

template <class Map>
std::string known(const Map& map, const char* what)
{
    return map.empty() ? "It has no " + std::string(what) + " at all." : "Known " + std::string(what) + ": " + nameList(map) + ".";
}

/// Why there is no kubeconfig to speak of.
std::string nothingLoaded(const Kubeconfig& kubeconfig)
{
    if (!kubeconfig.missing.empty())
        return "no kubeconfig was found (" + fileList(kubeconfig.missing) + ", named by " + kubeconfig.whereFrom
               + ", does not exist). Get one from your cluster's provider, then pass --kubeconfig FILE or set KUBECONFIG.";
    if (kubeconfig.files.empty())
        return "no kubeconfig was looked for: it is named by " + kubeconfig.whereFrom + ". Pass --kubeconfig FILE or set KUBECONFIG.";
    return "the kubeconfig " + fileList(kubeconfig.files) + " has no contexts. Add one with: kubectl config set-context NAME --cluster=CLUSTER --user=USER";
}

Result<ContextEntry> chosenContext(const Kubeconfig& kubeconfig, std::string& name, const ContextOverrides& overrides)
{
    const bool byCurrent = name.empty();
    if (byCurrent)
        name = kubeconfig.currentContext;
    const auto found = kubeconfig.contexts.find(name);
    if (found != kubeconfig.contexts.end() && !name.empty())
        return found->second;
    if (!name.empty())
        return failure(ErrorCode::NotFound, (byCurrent ? "the current-context " : "context ") + inQuotes(name) + " does not exist in "
                                                + (kubeconfig.files.empty() ? "any kubeconfig" : fileList(kubeconfig.files)) + ". "
                                                + known(kubeconfig.contexts, "contexts"));
    if (overrides.cluster)
        return ContextEntry{}; // all of it is named by options
    if (kubeconfig.contexts.empty())
        return failure(ErrorCode::NotFound, nothingLoaded(kubeconfig));
    return failure(ErrorCode::Invalid, "no context was named, and " + fileList(kubeconfig.files) + " sets no current-context. Pass --context NAME ("
                                           + nameList(kubeconfig.contexts) + "), or run: kubectl config use-context NAME");
}

Result<ClusterEndpoint> chosenCluster(const Kubeconfig& kubeconfig, const std::string& contextName, const ContextEntry& context,
                                      const ContextOverrides& overrides)
{
    const std::string& name = overrides.cluster ? *overrides.cluster : context.cluster;
    const auto found = kubeconfig.clusters.find(name);
    if (found != kubeconfig.clusters.end())
        return found->second;
    if (overrides.cluster)
        return failure(ErrorCode::NotFound, "cluster " + inQuotes(name) + " does not exist. " + known(kubeconfig.clusters, "clusters"));
    const std::string where = "context " + inQuotes(contextName) + " of " + context.origin.string();
    if (name.empty())
        return failure(ErrorCode::Invalid, where + " names no cluster, so there is no address to go to (kubectl would try localhost:8080). Run: "
                                               "kubectl config set-context " + contextName + " --cluster=NAME. " + known(kubeconfig.clusters, "clusters"));
    return failure(ErrorCode::NotFound, where + " names the cluster " + inQuotes(name) + ", which no kubeconfig has (kubectl would try localhost:8080). "
                                            + "Add it or correct the name. " + known(kubeconfig.clusters, "clusters"));
}

struct ChosenUser {
    UserEntry entry;
    std::optional<ContextProblem> problem;
};

Result<ChosenUser> chosenUser(const Kubeconfig& kubeconfig, const std::string& contextName, const ContextEntry& context, const ContextOverrides& overrides)
{
    const std::string& name = overrides.user ? *overrides.user : context.user;
    const auto found = kubeconfig.users.find(name);
    if (found != kubeconfig.users.end())
        return ChosenUser{found->second, std::nullopt};
    if (overrides.user)
        return failure(ErrorCode::NotFound, "auth info " + inQuotes(name) + " does not exist: no kubeconfig has such a user. "
                                                + known(kubeconfig.users, "users"));
    ChosenUser anonymous;
    anonymous.entry.credentials.name = name;
    const std::string said = name.empty() ? " names no user" : " names the user " + inQuotes(name) + ", which no kubeconfig has";
    anonymous.problem = ContextProblem{ContextProblem::Weight::Warning, "context " + inQuotes(contextName) + said
                                           + ": requests go out without credentials, as system:anonymous. " + known(kubeconfig.users, "users")};
    return anonymous;
}

struct Chosen {
    ClusterAccess access;
    std::vector<ContextProblem> problems;
};

Result<Chosen> choose(const Kubeconfig& kubeconfig, std::string name, const ContextOverrides& overrides, UtcTime now)
{
    auto context = chosenContext(kubeconfig, name, overrides);
    if (!context)
        return std::unexpected(std::move(context).error());
    auto cluster = chosenCluster(kubeconfig, name, *context, overrides);
    if (!cluster)
        return std::unexpected(std::move(cluster).error());
    auto user = chosenUser(kubeconfig, name, *context, overrides);
    if (!user)
        return std::unexpected(std::move(user).error());
    Chosen chosen;
    ClusterAccess& access = chosen.access;
    access.context = name;
    access.origin = context->origin;
    access.cluster = std::move(*cluster);
    access.user = std::move(user->entry.credentials);
    if (const std::string& wanted = !overrides.defaultNamespace.empty() ? overrides.defaultNamespace : context->defaultNamespace; !wanted.empty())
        access.defaultNamespace = wanted;
    if (overrides.impersonation)
        access.user.impersonation = *overrides.impersonation;
    if (user->problem)
        chosen.problems.push_back(std::move(*user->problem));
    checkInteractiveMode(user->entry.interactiveMode, access.user, chosen.problems);
    std::ranges::move(findProblems(access, now), std::back_inserter(chosen.problems));
    return chosen;
}

/// `aws` of `/usr/local/bin/aws`.
std::string programName(const std::string& command)
{
    const std::string name = std::filesystem::path(command).filename().string();
    return name.empty() ? command : name;
}

ContextSummary summarize(const Kubeconfig& kubeconfig, const std::string& name, const ContextEntry& entry, UtcTime now)
{
    ContextSummary summary;
    summary.name = name;
    summary.isCurrent = name == kubeconfig.currentContext && !name.empty();
    summary.cluster = entry.cluster;
    summary.user = entry.user;
    summary.defaultNamespace = entry.defaultNamespace.empty() ? "default" : entry.defaultNamespace;
    summary.origin = entry.origin;
    if (const auto cluster = kubeconfig.clusters.find(entry.cluster); cluster != kubeconfig.clusters.end())
        summary.server = cluster->second.server;
    const auto user = kubeconfig.users.find(entry.user);
    summary.authKind = user == kubeconfig.users.end() ? "none" : authKind(user->second.credentials);
    if (name.empty()) {
        summary.problems = {{ContextProblem::Weight::Fatal, "the context has an empty name and cannot be chosen: give it a name"}};
        return summary;
    }
    if (auto chosen = choose(kubeconfig, name, {}, now))
        summary.problems = std::move(chosen->problems);
    else
        summary.problems = {{ContextProblem::Weight::Fatal, std::move(chosen).error().what}};
    return summary;
}

} // namespace

std::string authKind(const UserCredentials& user)
{
    if (user.clientCertificate.isSet())
        return "certificate";
    if (!user.token.file.empty())
        return "token file";
    if (!user.token.inlineText.empty())
        return "token";
    if (!user.username.empty() || !user.password.empty())
        return "basic";
    if (user.exec)
        return "exec " + programName(user.exec->command);
    if (user.authProvider)
        return user.authProvider->name;
    return "none";
}

std::vector<ContextSummary> contexts(const Kubeconfig& kubeconfig, UtcTime now)
{
    std::vector<ContextSummary> all;
    all.reserve(kubeconfig.contexts.size());
    for (const auto& [name, entry] : kubeconfig.contexts)
        all.push_back(summarize(kubeconfig, name, entry, now));
    return all;
}

Result<ClusterAccess> resolve(const Kubeconfig& kubeconfig, const std::string& contextName, const ContextOverrides& overrides)
{
    auto chosen = choose(kubeconfig, contextName, overrides, utcNow());
    if (!chosen)
        return std::unexpected(std::move(chosen).error());
    std::string fatal;
    for (const ContextProblem& problem : chosen->problems) {
        if (problem.weight == ContextProblem::Weight::Fatal)
            fatal += (fatal.empty() ? "" : "\n") + problem.sentence;
    }
    if (!fatal.empty())
        return failure(ErrorCode::Invalid, std::move(fatal));
    return std::move(chosen->access);
}

bool isEncrypted(const ClusterEndpoint& cluster)
{
    constexpr std::string_view kScheme = "https://";
    return cluster.server.size() >= kScheme.size()
           && std::equal(kScheme.begin(), kScheme.end(), cluster.server.begin(), [](char a, char b) { return a == (b >= 'A' && b <= 'Z' ? b + 32 : b); });
}

Result<std::string> readMaterial(const InlineOrFile& material)
{
    if (!material.inlineText.empty() || material.file.empty())
        return material.inlineText;
    std::error_code ignored;
    if (std::filesystem::is_directory(material.file, ignored))
        return failure(ErrorCode::Invalid, material.file.string() + " is a folder");
    return platform::readFile(material.file);
}

} // namespace binnacle::kube
