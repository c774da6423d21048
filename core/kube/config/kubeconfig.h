// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/base/result.h"
#include "core/kube/cluster_access.h"

#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace binnacle::kube {

struct ContextEntry {
    std::string cluster;
    std::string user;
    std::string defaultNamespace; // empty: `default`
    std::filesystem::path origin;
    friend bool operator==(const ContextEntry&, const ContextEntry&) = default;
};

struct UserEntry {
    UserCredentials credentials;
    std::string interactiveMode; // of `exec`, as written: judged when the user is used
    friend bool operator==(const UserEntry&, const UserEntry&) = default;
};

/// Kubeconfig files as they merge: every context, cluster and user by name, paths absolute, data decoded.  Nothing is judged beyond types.
struct Kubeconfig {
    std::string currentContext;
    std::map<std::string, ContextEntry> contexts;
    std::map<std::string, ClusterEndpoint> clusters;
    std::map<std::string, UserEntry> users;
    std::vector<std::filesystem::path> files;   // that were read, first wins
    std::vector<std::filesystem::path> missing; // that do not exist
    std::string whereFrom;                      // for a person: what named these files
    friend bool operator==(const Kubeconfig&, const Kubeconfig&) = default;
};

/// One file's text; `origin` is its absolute path.  What client-go accepts is accepted, what it refuses is an error with the line.
Result<Kubeconfig> parseKubeconfig(std::string_view text, const std::filesystem::path& origin);

} // namespace binnacle::kube
