// SPDX-License-Identifier: GPL-3.0-or-later
#include "desktop/cli/row_filter.h"

#include "desktop/cli/where.h"

#include <set>
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

Result<void> filterMap(Json& object, const std::string& text)
{
    const auto matching = [](const Where& where) { return [&where](const Json& row) { return where.matches(row); }; };
    if (const auto edges = Where::parse(text, rowKeys("edges"))) {
        keepRows(object.at("edges"), matching(*edges));
        keepEndsOfEdges(object);
        return {};
    }
    if (const auto nodes = Where::parse(text, rowKeys("nodes"))) {
        keepRows(object.at("nodes"), matching(*nodes));
        keepEdgesOfNodes(object);
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
    auto where = Where::parse(text, rowKeys(array));
    if (!where)
        return std::unexpected(std::move(where).error());
    keepRows(object.at(array), [&](const Json& row) { return where->matches(row); });
    if (what == ShowWhat::Tcp)
        keepConnectionsOfPairs(object);
    return {};
}

} // namespace binnacle::desktop
