// SPDX-License-Identifier: GPL-3.0-or-later
#include "desktop/cli/row_filter.h"

#include "desktop/cli/where.h"

#include <algorithm>
#include <optional>
#include <set>
#include <string_view>
#include <utility>

namespace binnacle::desktop {

namespace {

using Json = nlohmann::ordered_json;

void keepRows(Json& rows, const auto& keeps)
{
    Json kept = Json::array();
    for (Json& row : rows) {
        if (keeps(row))
            kept.push_back(std::move(row));
    }
    rows = std::move(kept);
}

/// Services at either end of the edges that are left.
void keepEndsOfEdges(Json& object)
{
    std::set<std::string> ends;
    for (const Json& edge : object.at("edges")) {
        ends.insert(edge.at("from").get<std::string>());
        ends.insert(edge.at("to").get<std::string>());
    }
    keepRows(object.at("nodes"), [&](const Json& node) { return ends.contains(node.at("id").get<std::string>()); });
}

/// Connections of the pairs that are left.
void keepConnectionsOfPairs(Json& object)
{
    std::set<std::pair<std::string, std::string>> pairs;
    for (const Json& pair : object.at("pairs"))
        pairs.emplace(pair.at("from").get<std::string>(), pair.at("to").get<std::string>());
    keepRows(object.at("connections"), [&](const Json& row) { return pairs.contains({row.at("from").get<std::string>(), row.at("to").get<std::string>()}); });
}

/// Edges that touch the services that are left.
void keepEdgesOfNodes(Json& object)
{
    std::set<std::string> ids;
    for (const Json& node : object.at("nodes"))
        ids.insert(node.at("id").get<std::string>());
    keepRows(object.at("edges"), [&](const Json& edge) {
        return ids.contains(edge.at("from").get<std::string>()) || ids.contains(edge.at("to").get<std::string>());
    });
}

constexpr std::string_view kNamespace = "namespace";

bool hasNamespace(const std::vector<std::string>& fields) { return std::find(fields.begin(), fields.end(), kNamespace) != fields.end(); }

std::vector<std::string> withNamespace(std::vector<std::string> fields)
{
    if (!hasNamespace(fields))
        fields.emplace_back(kNamespace);
    return fields;
}

/// `demo` of `workload:demo/api`; nothing outside Kubernetes.
std::optional<std::string> namespaceOf(std::string_view id)
{
    const std::size_t colon = id.find(':');
    const std::string_view kind = id.substr(0, std::min(colon, id.size()));
    if (kind != "workload" && kind != "service")
        return std::nullopt;
    const std::string_view path = id.substr(colon + 1);
    const std::size_t slash = path.find('/');
    return slash == std::string_view::npos ? std::nullopt : std::optional(std::string(path.substr(0, slash)));
}

/// Of every service that the row names; null for none.
Json namespacesOf(const Json& row)
{
    Json spaces;
    for (const char* field : {"from", "to", "service", "peer", "subject"}) {
        if (!row.contains(field) || !row.at(field).is_string())
            continue;
        if (const auto space = namespaceOf(row.at(field).get_ref<const std::string&>()))
            spaces.push_back(*space);
    }
    return spaces;
}

/// Rows that have no namespace of their own get one to be asked by.
bool fits(const Where& where, const Json& row)
{
    if (!where.asksFor(kNamespace) || row.contains(kNamespace))
        return where.matches(row);
    Json asked = row;
    asked[std::string(kNamespace)] = namespacesOf(row);
    return where.matches(asked);
}

Result<void> filterMap(Json& object, const std::string& text)
{
    const auto matching = [](const Where& where) { return [&where](const Json& row) { return fits(where, row); }; };
    if (const auto nodes = Where::parse(text, rowKeys("nodes"))) {
        const bool aboutEdges = Where::parse(text, rowKeys("edges")).has_value(); // fields that both have are the edges'
        if (!aboutEdges) {
            keepRows(object.at("nodes"), matching(*nodes));
            keepEdgesOfNodes(object);
            return {};
        }
    }
    if (const auto edges = Where::parse(text, withNamespace(rowKeys("edges")))) {
        keepRows(object.at("edges"), matching(*edges));
        keepEndsOfEdges(object);
        return {};
    }
    // Neither: the error is about both.
    std::vector<std::string> fields = rowKeys("edges");
    fields.insert(fields.end(), rowKeys("nodes").begin(), rowKeys("nodes").end());
    if (auto both = Where::parse(text, fields); !both)
        return std::unexpected(std::move(both).error());
    return failure(ErrorCode::Invalid, "--where: fields of edges and of services cannot be mixed in one filter");
}

} // namespace

Result<void> filterRows(ShowWhat what, Json& object, const std::string& text)
{
    if (text.empty())
        return {};
    if (what == ShowWhat::Map)
        return filterMap(object, text);
    const std::string array(factsOf(what).arrays.front());
    auto where = Where::parse(text, withNamespace(rowKeys(array)));
    if (!where)
        return std::unexpected(std::move(where).error());
    keepRows(object.at(array), [&](const Json& row) { return fits(*where, row); });
    if (what == ShowWhat::Tcp)
        keepConnectionsOfPairs(object);
    return {};
}

} // namespace binnacle::desktop
