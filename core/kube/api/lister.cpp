// SPDX-License-Identifier: Apache-2.0
#include "core/kube/api/internal/lister.h"

#include "core/kube/net/internal/http_session.h"

#include <nlohmann/json.hpp>

namespace binnacle::kube {
namespace {

constexpr std::size_t kMostPages = 10'000; // a server that never ends its list

HttpRequest pageRequest(const ListQuery& query, unsigned pageSize, const std::string& token)
{
    Query parameters = selectorsOf(query);
    if (pageSize)
        parameters.emplace_back("limit", std::to_string(pageSize));
    if (!token.empty())
        parameters.emplace_back("continue", token);
    const char* accept = query.detail == Detail::Whole ? "application/json" : "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1";
    return {.target = query.collection.toTarget(parameters), .headers = {{"Accept", accept}}};
}

/// Adds a page; the token of the next one, empty at the end.
Result<std::string> addPage(std::string_view body, const ListQuery& query, ListedObjects& found)
{
    Json page = parseJson(body);
    if (!memberOf(page, "items").is_array() && !memberOf(page, "items").is_null())
        page = Json(Json::value_t::discarded);
    if (!page.is_object())
        return failure(ErrorCode::Corrupt, "list " + query.collection.toWords() + ": the answer is no list; the server's URL may lead to something other than an API server");
    const Json& metadata = memberOf(page, "metadata");
    found.resourceVersion = textAt(metadata, "resourceVersion");
    std::string token = textAt(metadata, "continue");
    if (auto items = page.find("items"); items != page.end() && items->is_array()) {
        for (Json& item : *items)
            found.items.push_back(std::move(item));
    }
    return token;
}

} // namespace

Query selectorsOf(const ListQuery& query)
{
    Query parameters;
    if (!query.labelSelector.empty())
        parameters.emplace_back("labelSelector", query.labelSelector);
    if (!query.fieldSelector.empty())
        parameters.emplace_back("fieldSelector", query.fieldSelector);
    return parameters;
}

Task<Result<ListedObjects>> listAll(std::shared_ptr<HttpClient::State> client, OperationPointer operation, ListQuery query, OnExpiry onExpiry)
{
    ListedObjects found;
    std::string token;
    unsigned pageSize = query.pageSize;
    int expired = 0;
    for (std::size_t page = 0; page < kMostPages; ++page) {
        const HttpRequest request = pageRequest(query, pageSize, token);
        auto response = co_await client->exchange(operation, request);
        if (!response)
            co_return std::unexpected(std::move(response).error());
        if (response->status != 200) {
            const ApiStatus status = decodeStatus(response->status, response->body);
            if (status.code != 410 || token.empty() || ++expired > 3)
                co_return std::unexpected(toError(status, "list", query.collection.toWords()));
            if (onExpiry == OnExpiry::TakeTheRest && !status.freshContinue.empty()) {
                token = status.freshContinue;
                found.consistent = false;
            } else {
                token.clear();
                found = {};
                pageSize = 0;
            }
            continue;
        }
        auto next = addPage(response->body, query, found);
        if (!next)
            co_return std::unexpected(std::move(next).error());
        if (next->empty())
            co_return found;
        token = std::move(*next);
    }
    co_return failure(ErrorCode::Corrupt, "list " + query.collection.toWords() + ": the server's list does not end");
}

} // namespace binnacle::kube
