// SPDX-License-Identifier: Apache-2.0
#include "core/kube/config/sources.h"

#include "core/base/platform/files.h"

#include <algorithm>

namespace binnacle::kube {

namespace {

constexpr std::size_t kMaxFileBytes = 8u << 20;

std::vector<std::string> splitList(std::string_view list, char separator)
{
    std::vector<std::string> parts;
    while (!list.empty()) {
        const std::size_t end = list.find(separator);
        const std::string part(list.substr(0, end));
        if (!part.empty() && std::find(parts.begin(), parts.end(), part) == parts.end())
            parts.push_back(part);
        list = end == std::string_view::npos ? std::string_view() : list.substr(end + 1);
    }
    return parts;
}

bool isThere(const std::filesystem::path& file)
{
    std::error_code ignored;
    return std::filesystem::exists(file, ignored);
}

std::filesystem::path kubeconfigIn(const std::filesystem::path& home) { return home / ".kube" / "config"; }

/// Empty when nothing says where it is.  On Windows the first folder that has a kubeconfig, else the first that exists, else the first that is named.
std::filesystem::path homeFolder(const platform::Environment& environment, PathRules rules)
{
    const std::string home = platform::variable(environment, "HOME");
    if (rules == PathRules::Posix)
        return home;
    const std::string drive = platform::variable(environment, "HOMEDRIVE"), path = platform::variable(environment, "HOMEPATH");
    const std::string drivePath = drive.empty() || path.empty() ? std::string() : drive + path;
    const std::string profile = platform::variable(environment, "USERPROFILE");
    for (const std::string& folder : {home, drivePath, profile}) {
        if (!folder.empty() && isThere(kubeconfigIn(folder)))
            return folder;
    }
    for (const std::string& folder : {home, profile, drivePath}) {
        if (!folder.empty() && isThere(folder))
            return folder;
    }
    return !home.empty() ? home : !profile.empty() ? profile : drivePath;
}

std::filesystem::path absolutePath(const std::filesystem::path& file)
{
    std::error_code problem;
    auto absolute = std::filesystem::absolute(file, problem);
    return problem ? file : absolute;
}

Result<std::string> readKubeconfigFile(const std::filesystem::path& file)
{
    std::error_code ignored;
    if (std::filesystem::is_directory(file, ignored))
        return failure(ErrorCode::Invalid, file.string() + " is a folder, not a kubeconfig file");
    auto text = platform::readFile(file, kMaxFileBytes + 1);
    if (text && text->size() > kMaxFileBytes)
        return failure(ErrorCode::Full, file.string() + " is larger than 8 MiB, which no kubeconfig should be");
    return text;
}

void mergeBelow(Kubeconfig& merged, Kubeconfig&& next)
{
    merged.contexts.merge(next.contexts); // keeps what is there: the first file wins, entry by entry
    merged.clusters.merge(next.clusters);
    merged.users.merge(next.users);
    if (merged.currentContext.empty())
        merged.currentContext = std::move(next.currentContext);
}

std::string whereFrom(const KubeconfigSources& sources)
{
    switch (sources.named) {
    case KubeconfigSources::Named::ByOption:
        return "--kubeconfig";
    case KubeconfigSources::Named::ByVariable:
        return "KUBECONFIG";
    case KubeconfigSources::Named::ByHome:
        return "the home folder";
    case KubeconfigSources::Named::Nowhere:
        break;
    }
    return "nothing (neither KUBECONFIG nor HOME is set)";
}

Error together(const std::vector<Error>& problems)
{
    Error all{problems.front().code, {}};
    for (const Error& problem : problems)
        all.what += (all.what.empty() ? "" : "\n") + problem.what;
    return all;
}

} // namespace

KubeconfigSources findSources(const KubeconfigOptions& options, const platform::Environment& environment, PathRules rules)
{
    using Named = KubeconfigSources::Named;
    if (!options.file.empty())
        return {Named::ByOption, {absolutePath(options.file)}};
    if (const std::string list = platform::variable(environment, "KUBECONFIG"); !list.empty()) {
        KubeconfigSources sources{Named::ByVariable, {}};
        for (const std::string& file : splitList(list, rules == PathRules::Windows ? ';' : ':'))
            sources.files.push_back(absolutePath(file));
        return sources;
    }
    const std::filesystem::path home = homeFolder(environment, rules);
    if (home.empty())
        return {};
    return {Named::ByHome, {absolutePath(kubeconfigIn(home))}};
}

Result<Kubeconfig> load(const KubeconfigSources& sources)
{
    Kubeconfig merged;
    merged.whereFrom = whereFrom(sources);
    std::vector<Error> problems;
    for (const std::filesystem::path& file : sources.files) {
        auto text = readKubeconfigFile(file);
        if (!text && text.error().code == ErrorCode::NotFound && sources.named != KubeconfigSources::Named::ByOption) {
            merged.missing.push_back(file);
            continue;
        }
        if (!text) {
            problems.push_back(std::move(text).error().within("the kubeconfig cannot be read"));
            continue;
        }
        auto parsed = parseKubeconfig(*text, file);
        if (!parsed) {
            problems.push_back(std::move(parsed).error().within(file.string()));
            continue;
        }
        merged.files.push_back(file);
        mergeBelow(merged, std::move(*parsed));
    }
    if (!problems.empty())
        return std::unexpected(together(problems));
    return merged;
}

} // namespace binnacle::kube
