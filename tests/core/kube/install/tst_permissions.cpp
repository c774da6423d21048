// SPDX-License-Identifier: Apache-2.0
#include "core/kube/install/permissions.h"
#include "tests/core/kube/install/memory_cluster.h"

#include <gtest/gtest.h>

#include <algorithm>

using namespace binnacle;
using namespace binnacle::kube;
using namespace binnacle::tests;

namespace {

std::vector<Permission> wanted()
{
    InstallOptions options;
    options.image = "registry.example/agent:1";
    return permissionsToInstall(agentManifests(options).value(), options.nameSpace);
}

std::string wordsOf(const std::vector<Permission>& permissions)
{
    std::string all;
    for (const Permission& permission : permissions)
        all += permission.words() + '\n';
    return all;
}

} // namespace

TEST(Permissions, anAdministratorIsAskedOnce)
{
    MemoryCluster cluster;
    EXPECT_TRUE(missingPermissions(cluster, wanted()).value().empty());
    EXPECT_EQ(cluster.asked.size(), 1u);
}

TEST(Permissions, everythingThatIsMissingIsNamedAtOnce)
{
    MemoryCluster cluster;
    cluster.allows = [](const std::string& verb, const std::string& resource) {
        const bool everything = resource == "*" || verb == "escalate";
        const bool refused = resource == "clusterroles" || resource == "priorityclasses" || (resource == "nodes" && verb == "watch");
        return !everything && !refused;
    };
    EXPECT_EQ(wordsOf(missingPermissions(cluster, wanted()).value()),
              "get priorityclasses.scheduling.k8s.io binnacle-agent\n"
              "create priorityclasses.scheduling.k8s.io\n"
              "patch priorityclasses.scheduling.k8s.io binnacle-agent\n"
              "get clusterroles.rbac.authorization.k8s.io binnacle-agent\n"
              "create clusterroles.rbac.authorization.k8s.io\n"
              "patch clusterroles.rbac.authorization.k8s.io binnacle-agent\n"
              "watch nodes\n"); // cannot be handed out by who does not hold it
}

TEST(Permissions, whoMayEscalateNeedsNotHoldWhatIsHandedOut)
{
    MemoryCluster cluster;
    cluster.allows = [](const std::string&, const std::string& resource) { return resource != "*" && resource != "nodes" && resource != "endpointslices"; };
    EXPECT_TRUE(missingPermissions(cluster, wanted()).value().empty());
}

TEST(Permissions, theRoleForAnAdministratorGrantsExactlyWhatIsMissing)
{
    const std::string role = roleThatGrants({{"apps", "daemonsets", "create", "binnacle", "", ""}, {"apps", "daemonsets", "patch", "binnacle", "x", ""},
                                             {"", "pods", "list", "binnacle", "", ""}});
    EXPECT_EQ(role, "apiVersion: rbac.authorization.k8s.io/v1\n"
                    "kind: ClusterRole\n"
                    "metadata:\n"
                    "  name: binnacle-installer\n"
                    "rules:\n"
                    "  - apiGroups:\n"
                    "      - \"\"\n"
                    "    resources:\n"
                    "      - pods\n"
                    "    verbs:\n"
                    "      - list\n"
                    "  - apiGroups:\n"
                    "      - apps\n"
                    "    resources:\n"
                    "      - daemonsets\n"
                    "    verbs:\n"
                    "      - create\n"
                    "      - patch\n");
}

TEST(Permissions, anAuthorizerThatCannotAnswerIsAnError)
{
    MemoryCluster cluster;
    cluster.script("POST /apis/authorization.k8s.io", refusal(500, "InternalError", "webhook authorizer: connection refused"));
    const auto missing = missingPermissions(cluster, wanted());
    ASSERT_FALSE(missing);
    EXPECT_TRUE(missing.error().what.starts_with("asking what you may do: webhook authorizer: connection refused"));
}
