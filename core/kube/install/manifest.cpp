// SPDX-License-Identifier: Apache-2.0
#include "core/kube/install/manifest.h"

#include "core/base/fault.h"
#include "core/kube/install/internal/json.h"

#include <algorithm>

namespace binnacle::kube {
namespace {

/// Words that YAML 1.1 or 1.2 readers take for something else than text.
bool isReserved(std::string_view word)
{
    static constexpr std::string_view kWords[] = {"null", "~", "true", "false", "yes", "no", "on", "off", "y", "n"};
    std::string lower(word);
    std::ranges::transform(lower, lower.begin(), [](unsigned char c) { return static_cast<char>(c >= 'A' && c <= 'Z' ? c + 32 : c); });
    return std::ranges::find(kWords, lower) != std::end(kWords);
}

/// Plain only where no reader could see anything but text: a letter or a slash first, then letters, digits and what paths and names hold.
bool isPlain(std::string_view text)
{
    const auto isLetter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); };
    const auto isInside = [&](char c) { return isLetter(c) || (c >= '0' && c <= '9') || std::string_view("./-_=% ").contains(c); };
    const bool startsWell = !text.empty() && (isLetter(text.front()) || text.front() == '/' || text.starts_with("--"));
    return startsWell && text != "---" && text.back() != ' ' && std::ranges::all_of(text, isInside) && !isReserved(text);
}

std::string scalar(const Json& value)
{
    if (value.is_string() && isPlain(value.get_ref<const std::string&>()))
        return value.get<std::string>();
    if (value.is_array())
        return "[]";
    if (value.is_object())
        return "{}";
    return value.dump(); // JSON's strings and numbers are YAML's
}

bool isBlock(const Json& value) { return (value.is_object() || value.is_array()) && !value.empty(); }

void writeBlock(const Json& value, std::size_t indent, std::string& out);

/// After `key:` or `-`: the value on the same line, or a block below.
void writeValue(const Json& value, std::size_t indent, std::string& out)
{
    if (!isBlock(value)) {
        out += ' ' + scalar(value) + '\n';
        return;
    }
    out += '\n';
    writeBlock(value, indent, out);
}

void writeField(const std::string& key, const Json& value, std::size_t indent, std::string& out)
{
    out += scalar(Json(key)) + ':';
    writeValue(value, indent + 2, out);
}

void writeItem(const Json& item, std::size_t indent, std::string& out)
{
    out += std::string(indent, ' ') + "-";
    if (!item.is_object() || item.empty()) {
        writeValue(item, indent + 2, out);
        return;
    }
    bool isFirst = true; // its first field stands on the line of the dash
    for (const auto& [key, value] : item.items()) {
        out += isFirst ? std::string(" ") : std::string(indent + 2, ' ');
        writeField(key, value, indent + 2, out);
        isFirst = false;
    }
}

void writeBlock(const Json& value, std::size_t indent, std::string& out)
{
    if (value.is_array()) {
        for (const Json& item : value)
            writeItem(item, indent, out);
        return;
    }
    for (const auto& [key, field] : value.items()) {
        out += std::string(indent, ' ');
        writeField(key, field, indent, out);
    }
}

} // namespace

std::string ObjectName::words() const
{
    return kind + ' ' + (nameSpace.empty() ? name : nameSpace + '/' + name);
}

const std::vector<KindFacts>& installedKinds()
{
    // In the order in which they are applied, of base_manifests; they are deleted in the reverse one.
    static const std::vector<KindFacts> kKinds{
        {"Namespace", "", "v1", "namespaces", false},
        {"PriorityClass", "scheduling.k8s.io", "v1", "priorityclasses", false},
        {"SecurityContextConstraints", "security.openshift.io", "v1", "securitycontextconstraints", false},
        {"ServiceAccount", "", "v1", "serviceaccounts", true},
        {"ClusterRole", "rbac.authorization.k8s.io", "v1", "clusterroles", false},
        {"ClusterRoleBinding", "rbac.authorization.k8s.io", "v1", "clusterrolebindings", false},
        {"Role", "rbac.authorization.k8s.io", "v1", "roles", true},
        {"RoleBinding", "rbac.authorization.k8s.io", "v1", "rolebindings", true},
        {"NetworkPolicy", "networking.k8s.io", "v1", "networkpolicies", true},
        {"Lease", "coordination.k8s.io", "v1", "leases", true}, // made by the agents; here to be taken away
        {"DaemonSet", "apps", "v1", "daemonsets", true},
        {"Deployment", "apps", "v1", "deployments", true},
    };
    return kKinds;
}

const KindFacts& factsOf(std::string_view kind)
{
    const auto found = std::ranges::find(installedKinds(), kind, &KindFacts::kind);
    BN_ASSERT(found != installedKinds().end());
    return found == installedKinds().end() ? installedKinds().front() : *found;
}

std::string pathOf(const ObjectName& object)
{
    const KindFacts& facts = factsOf(object.kind);
    std::string path = facts.group.empty() ? "/api/" : "/apis/" + std::string(facts.group) + '/';
    path += facts.version;
    if (!object.nameSpace.empty())
        path += "/namespaces/" + object.nameSpace;
    path += '/' + std::string(facts.plural);
    return object.name.empty() ? path : path + '/' + object.name;
}

Result<std::string> toYaml(std::string_view json)
{
    try {
        const Json value = Json::parse(json);
        std::string out;
        if (isBlock(value))
            writeBlock(value, 0, out);
        else
            out = scalar(value) + '\n';
        return out;
    } catch (const Json::exception& problem) {
        return failure(ErrorCode::Corrupt, std::string("no JSON: ") + problem.what());
    }
}

std::string toYaml(const std::vector<Manifest>& manifests)
{
    std::string out;
    for (const Manifest& manifest : manifests)
        out += "---\n" + toYaml(manifest.json).value_or("");
    return out;
}

} // namespace binnacle::kube
