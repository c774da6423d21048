// SPDX-License-Identifier: Apache-2.0
#include "core/kube/install/permissions.h"

#include "core/kube/install/internal/json.h"

#include <algorithm>
#include <map>

namespace binnacle::kube {
namespace {

constexpr const char* kReviews = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews";
constexpr std::string_view kRbac = "rbac.authorization.k8s.io";

void addObject(const Manifest& manifest, std::vector<Permission>& all)
{
    const KindFacts& facts = factsOf(manifest.object.kind);
    const ObjectName& object = manifest.object;
    const auto add = [&](const char* verb, const std::string& purpose) {
        // A name cannot limit `create`: the object is not there yet.
        all.push_back({std::string(facts.group), std::string(facts.plural), verb, object.nameSpace, std::string_view(verb) == "create" ? "" : object.name,
                       purpose + ' ' + object.words()});
    };
    add("get", "look at");
    add("create", "create");
    add("patch", "apply");
}

/// An API server lets nobody hand out what they do not hold themselves, unless they may `escalate`.
void addRules(const Manifest& manifest, std::vector<Permission>& all)
{
    const Json role = readJson(manifest.json);
    for (const Json& rule : itemsAt(role, "/rules")) {
        for (const Json& group : itemsAt(rule, "/apiGroups")) {
            for (const Json& resource : itemsAt(rule, "/resources")) {
                for (const Json& verb : itemsAt(rule, "/verbs"))
                    all.push_back({group, resource, verb, manifest.object.nameSpace, "", "hand it out in " + manifest.object.words()});
            }
        }
    }
}

Json reviewOf(const Permission& permission)
{
    const std::size_t slash = permission.resource.find('/');
    Json attributes = {{"group", permission.group}, {"resource", permission.resource.substr(0, slash)}, {"verb", permission.verb}};
    if (slash != std::string::npos)
        attributes["subresource"] = permission.resource.substr(slash + 1);
    if (!permission.nameSpace.empty())
        attributes["namespace"] = permission.nameSpace;
    if (!permission.name.empty())
        attributes["name"] = permission.name;
    return {{"apiVersion", "authorization.k8s.io/v1"}, {"kind", "SelfSubjectAccessReview"}, {"spec", {{"resourceAttributes", std::move(attributes)}}}};
}

Result<bool> isAllowed(ClusterApi& api, const Permission& permission)
{
    const auto answer = ask(api, {"POST", kReviews, "application/json", reviewOf(permission).dump()});
    if (!answer)
        return std::unexpected(Error(answer.error()).within("asking what you may do"));
    return flagAt(readJson(*answer), "/status/allowed");
}

/// Whoever may `escalate` roles needs to hold nothing of them.
Result<bool> mayEscalate(ClusterApi& api)
{
    return isAllowed(api, {std::string(kRbac), "clusterroles", "escalate", "", "", ""});
}

bool isHandedOut(const Permission& permission) { return permission.purpose.starts_with("hand it out"); }

} // namespace

std::string Permission::words() const
{
    std::string text = verb + ' ' + resource;
    if (!group.empty())
        text += '.' + group;
    if (!name.empty())
        text += ' ' + name;
    return nameSpace.empty() ? text : text + " in " + nameSpace;
}

std::vector<Permission> permissionsToInstall(const std::vector<Manifest>& manifests, const std::string& nameSpace)
{
    std::vector<Permission> all;
    for (const Manifest& manifest : manifests) {
        addObject(manifest, all);
        if (manifest.object.kind == "ClusterRole" || manifest.object.kind == "Role")
            addRules(manifest, all);
    }
    all.push_back({"", "pods", "list", nameSpace, "", "watch the agents come up"});
    // Two roles may hand out the same thing.
    std::vector<Permission> once;
    for (Permission& permission : all) {
        const bool isKnown = std::ranges::any_of(once, [&](const Permission& other) { return other.words() == permission.words(); });
        if (!isKnown)
            once.push_back(std::move(permission));
    }
    return once;
}

std::vector<Permission> helpfulPermissions(const std::string& nameSpace)
{
    return {{"", "nodes", "list", "", "", "say which hosts get no agent, and why"},
            {"", "events", "list", nameSpace, "", "say why a pod is not created or not scheduled"},
            {"", "pods/log", "get", nameSpace, "", "show an agent's last words"}};
}

Result<std::vector<Permission>> missingPermissions(ClusterApi& api, const std::vector<Permission>& wanted)
{
    const auto everything = isAllowed(api, {"*", "*", "*", "", "", ""});
    if (!everything)
        return std::unexpected(everything.error());
    if (*everything)
        return std::vector<Permission>();
    const auto escalate = mayEscalate(api);
    if (!escalate)
        return std::unexpected(escalate.error());
    std::vector<Permission> missing;
    for (const Permission& permission : wanted) {
        if (*escalate && isHandedOut(permission))
            continue;
        const auto allowed = isAllowed(api, permission);
        if (!allowed)
            return std::unexpected(allowed.error());
        if (!*allowed)
            missing.push_back(permission);
    }
    return missing;
}

std::string roleThatGrants(const std::vector<Permission>& missing)
{
    std::map<std::pair<std::string, std::string>, std::vector<std::string>> verbs; // by group and resource
    for (const Permission& permission : missing) {
        auto& known = verbs[{permission.group, permission.resource}];
        if (std::ranges::find(known, permission.verb) == known.end())
            known.push_back(permission.verb);
    }
    Json rules = Json::array();
    for (const auto& [resource, allowed] : verbs)
        rules.push_back({{"apiGroups", {resource.first}}, {"resources", {resource.second}}, {"verbs", allowed}});
    const Json role = {{"apiVersion", std::string(kRbac) + "/v1"}, {"kind", "ClusterRole"}, {"metadata", {{"name", "binnacle-installer"}}}, {"rules", rules}};
    return toYaml(role.dump()).value_or("");
}

} // namespace binnacle::kube
