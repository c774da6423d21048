// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/kube/install/agent_manifests.h"
#include "core/kube/install/cluster_api.h"

#include <string>
#include <vector>

namespace binnacle::kube {

/// One thing that installing does, as an authorizer sees it.
struct Permission {
    std::string group;    // empty: core
    std::string resource; // `pods`, `pods/log`
    std::string verb;
    std::string nameSpace; // empty: the whole cluster
    std::string name;      // empty: any
    std::string purpose;   // `look at ClusterRole binnacle-agent`

    std::string words() const; // `create clusterroles.rbac.authorization.k8s.io binnacle-agent`
    friend bool operator==(const Permission&, const Permission&) = default;
};

/// What an installation of these objects needs, in their order: to read, create and apply each; to hand out what the agents' roles hold; and to watch
/// the pods come up.
std::vector<Permission> permissionsToInstall(const std::vector<Manifest>& manifests, const std::string& nameSpace);

/// Needed for better sentences only: hosts, events, logs.
std::vector<Permission> helpfulPermissions(const std::string& nameSpace);

/// Those of `wanted` that the user does not have, asked one by one (SelfSubjectAccessReview); for an administrator of everything by one question.
/// An authorizer that cannot answer is an error.
Result<std::vector<Permission>> missingPermissions(ClusterApi& api, const std::vector<Permission>& wanted);

/// A ClusterRole `binnacle-installer` that holds exactly `missing`, for an administrator to look at, apply and bind; as YAML.
std::string roleThatGrants(const std::vector<Permission>& missing);

} // namespace binnacle::kube
