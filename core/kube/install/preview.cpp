// SPDX-License-Identifier: Apache-2.0
#include "core/kube/install/preview.h"

#include "core/kube/install/internal/json.h"

#include <algorithm>
#include <map>

namespace binnacle::kube {
namespace {

using Leaves = std::map<std::string, std::string>;

/// `[agent]` for items with a name, else `[0]`.
std::string indexOf(const Json& item, std::size_t position)
{
    const std::string name = textAt(item, "/name");
    return '[' + (name.empty() ? std::to_string(position) : name) + ']';
}

std::string joined(const std::string& path, const std::string& key)
{
    return path.empty() ? key : path + '.' + key;
}

void collect(const Json& value, const std::string& path, Leaves& leaves)
{
    if (value.is_object() && !value.empty()) {
        for (const auto& [key, field] : value.items())
            collect(field, joined(path, key), leaves);
    } else if (value.is_array() && !value.empty()) {
        for (std::size_t i = 0; i < value.size(); ++i)
            collect(value[i], path + indexOf(value[i], i), leaves);
    } else {
        leaves[path] = value.is_string() ? value.get<std::string>() : value.dump();
    }
}

Leaves leavesOf(std::string_view text)
{
    Json object = readJson(text);
    object.erase("status");
    if (object.contains("metadata")) {
        for (const char* own : {"managedFields", "resourceVersion", "generation", "uid", "creationTimestamp", "selfLink"})
            object["metadata"].erase(own);
        // The controller's own counter of rollouts.
        if (object["metadata"].contains("annotations"))
            object["metadata"]["annotations"].erase("deprecated.daemonset.template.generation");
    }
    Leaves leaves;
    collect(object, "", leaves);
    return leaves;
}

std::string adviceFor(const std::string& manager)
{
    if (manager == "helm" || manager.starts_with("Helm"))
        return "Helm installed it: change it with `helm upgrade`, or `helm uninstall` the release first";
    if (manager.starts_with("kubectl"))
        return "it was applied by kubectl: change it the same way, or delete the object first";
    if (manager.contains("argocd") || manager.contains("flux") || manager.contains("kustomize-controller"))
        return "a repository of manifests keeps it: change it there";
    return "let `" + manager + "` change it, or delete the object first";
}

} // namespace

ObjectChange compareObjects(const ObjectName& object, const std::optional<std::string>& live, std::string_view applied)
{
    if (!live)
        return {object, ObjectChange::Kind::Create, {}};
    const Leaves before = leavesOf(*live);
    const Leaves after = leavesOf(applied);
    ObjectChange change{object, ObjectChange::Kind::Unchanged, {}};
    for (const auto& [path, value] : before) {
        const auto found = after.find(path);
        if (found == after.end())
            change.fields.push_back({path, value, ""});
        else if (found->second != value)
            change.fields.push_back({path, value, found->second});
    }
    for (const auto& [path, value] : after) {
        if (!before.contains(path))
            change.fields.push_back({path, "", value});
    }
    std::ranges::sort(change.fields, {}, &FieldChange::path);
    if (!change.fields.empty())
        change.kind = ObjectChange::Kind::Change;
    return change;
}

std::vector<FieldConflict> conflictsOf(std::string_view status)
{
    std::vector<FieldConflict> conflicts;
    const Json body = readJson(status);
    for (const Json& cause : itemsAt(body, "/details/causes")) {
        if (textAt(cause, "/reason") != "FieldManagerConflict")
            continue;
        // conflict with "helm" using apps/v1 at 2026-…
        const std::string message = textAt(cause, "/message");
        const std::size_t first = message.find('"');
        const std::size_t last = first == std::string::npos ? first : message.find('"', first + 1);
        conflicts.push_back({textAt(cause, "/field"), last == std::string::npos ? message : message.substr(first + 1, last - first - 1)});
    }
    return conflicts;
}

std::string explain(const ObjectName& object, const std::vector<FieldConflict>& conflicts)
{
    std::map<std::string, std::vector<std::string>> byManager;
    for (const FieldConflict& conflict : conflicts)
        byManager[conflict.manager].push_back(conflict.field);
    std::string text = object.words() + " belongs to someone else in part, and nothing is taken over.";
    for (const auto& [manager, fields] : byManager) {
        text += " `" + manager + "` holds ";
        for (std::size_t i = 0; i < fields.size(); ++i)
            text += (i == 0 ? "" : ", ") + fields[i];
        text += ": " + adviceFor(manager) + '.';
    }
    return text;
}

} // namespace binnacle::kube
