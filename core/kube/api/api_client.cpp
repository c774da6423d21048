// SPDX-License-Identifier: Apache-2.0
#include "core/kube/api/api_client.h"

#include "core/kube/api/internal/lister.h"
#include "core/kube/net/internal/http_session.h"

#include <nlohmann/json.hpp>

namespace binnacle::kube {
namespace {

std::string_view contentType(PatchKind kind)
{
    switch (kind) {
    case PatchKind::Apply: return "application/apply-patch+yaml";
    case PatchKind::Merge: return "application/merge-patch+json";
    case PatchKind::StrategicMerge: return "application/strategic-merge-patch+json";
    case PatchKind::Json: return "application/json-patch+json";
    }
    return "application/json";
}

ApiCall makeCall(std::string method, std::string verb, const ResourcePath& path, const Query& query, std::string body, std::string_view type)
{
    ApiCall call{{.method = std::move(method), .target = path.toTarget(query), .headers = {{"Accept", "application/json"}}, .body = std::move(body)}, std::move(verb), path.toWords()};
    if (!call.request.body.empty())
        call.request.headers.emplace_back("Content-Type", std::string(type));
    return call;
}

Result<std::string> bodyOf(Result<HttpResponse> response, const std::string& verb, const std::string& resource)
{
    if (!response)
        return std::unexpected(std::move(response).error());
    if (response->status >= 200 && response->status < 300)
        return std::move(response->body);
    return std::unexpected(toError(decodeStatus(response->status, response->body), verb, resource));
}

/// What an ApiCall runs on the reactor.
Task<Result<std::string>> perform(std::shared_ptr<HttpClient::State> client, OperationPointer operation, ApiCall call)
{
    auto response = co_await client->exchange(std::move(operation), std::move(call.request));
    co_return bodyOf(std::move(response), call.verb, call.resource);
}

Task<Result<ListAnswer>> gather(std::shared_ptr<HttpClient::State> client, OperationPointer operation, ListQuery query)
{
    auto found = co_await listAll(std::move(client), std::move(operation), std::move(query), OnExpiry::TakeTheRest);
    if (!found)
        co_return std::unexpected(std::move(found).error());
    ListAnswer answer{std::move(found->resourceVersion), {}, found->consistent};
    for (const Json& item : found->items)
        answer.items.push_back(item.dump(-1, ' ', false, Json::error_handler_t::replace));
    co_return answer;
}

} // namespace

ApiCall ApiCall::get(const ResourcePath& path, const Query& query) { return makeCall("GET", path.name.empty() ? "list" : "get", path, query, {}, {}); }

ApiCall ApiCall::getTarget(std::string target)
{
    return {{.target = target, .headers = {{"Accept", "application/json, */*"}}}, "get", std::move(target)};
}

ApiCall ApiCall::create(const ResourcePath& collection, std::string json)
{
    return makeCall("POST", "create", collection, {}, std::move(json), "application/json");
}

ApiCall ApiCall::apply(const ResourcePath& path, std::string document, const std::string& fieldManager, bool force)
{
    return makeCall("PATCH", "patch", path, {{"fieldManager", fieldManager}, {"force", force ? "true" : "false"}}, std::move(document), contentType(PatchKind::Apply));
}

ApiCall ApiCall::patch(const ResourcePath& path, PatchKind kind, std::string document)
{
    return makeCall("PATCH", "patch", path, {}, std::move(document), contentType(kind));
}

ApiCall ApiCall::remove(const ResourcePath& path, std::string optionsJson)
{
    return makeCall("DELETE", "delete", path, {}, std::move(optionsJson), "application/json");
}

Result<std::string> ApiClient::send(ApiCall call, const Cancellation& cancellation)
{
    return requestAndWait<Result<std::string>>(
        m_client.reactor(), [client = m_client.state(), call = std::move(call)](OperationPointer operation) { return perform(client, std::move(operation), call); },
        cancellation);
}

PendingOperation ApiClient::request(ApiCall call, std::function<void(Result<std::string>)> done)
{
    return kube::request<Result<std::string>>(
        m_client.reactor(), [client = m_client.state(), call = std::move(call)](OperationPointer operation) { return perform(client, std::move(operation), call); },
        std::move(done));
}

Result<ListAnswer> ApiClient::list(ListQuery query, const Cancellation& cancellation)
{
    return requestAndWait<Result<ListAnswer>>(
        m_client.reactor(), [client = m_client.state(), query = std::move(query)](OperationPointer operation) { return gather(client, std::move(operation), query); },
        cancellation);
}

PendingOperation ApiClient::requestList(ListQuery query, std::function<void(Result<ListAnswer>)> done)
{
    return kube::request<Result<ListAnswer>>(
        m_client.reactor(), [client = m_client.state(), query = std::move(query)](OperationPointer operation) { return gather(client, std::move(operation), query); },
        std::move(done));
}

} // namespace binnacle::kube
