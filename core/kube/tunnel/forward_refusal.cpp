// SPDX-License-Identifier: Apache-2.0
#include "core/kube/api/api_status.h"
#include "core/kube/api/resource_path.h"
#include "core/kube/tunnel/internal/forward_connection.h"

namespace binnacle::kube {
namespace {

std::string_view nameOf(ForwardProtocol protocol) { return protocol == ForwardProtocol::WebSocket ? "WebSocket" : "SPDY"; }

std::string wordsFor(const PodPort& to) { return "port-forward to " + to.pod + ":" + std::to_string(to.port) + " in namespace " + to.namespaceName; }

/// The verb on pods/portforward that a 403 of the API server is about; empty when it is about something else.
std::string missingVerbOf(const ApiStatus& status)
{
    const std::string& text = status.message;
    if (text.find("cannot get resource \"pods/portforward\"") != std::string::npos)
        return "get";
    if (text.find("cannot create resource \"pods/portforward\"") != std::string::npos)
        return "create";
    // 1.35 checks `create` as well for a WebSocket, and then says no more than `pods "x" is forbidden: `.
    return text.ends_with(" is forbidden:") ? "create" : "";
}

ForwardRefusal forbidden(const ApiStatus& status, const PodPort& to, ForwardProtocol protocol)
{
    ForwardRefusal refusal{.error = {ErrorCode::Denied, wordsFor(to)}, .isFinal = true, .mayTryOther = protocol == ForwardProtocol::WebSocket, .missingVerb = missingVerbOf(status)};
    const std::string said = status.message.empty() ? "" : ": " + status.message;
    if (status.fromApi)
        refusal.error.what = missingVerbError(to, refusal.missingVerb).what + said;
    else if (status.message.empty())
        refusal.error.what += ": the API server does not know this form of port-forward (" + std::string(nameOf(protocol)) + ", 403 without a word)";
    else
        refusal.error.what += ": something between here and the API server refuses the " + std::string(nameOf(protocol)) + " upgrade (403" + said + ")";
    return refusal;
}

ForwardRefusal stripped(const PodPort& to, const std::string& how, ForwardProtocol protocol)
{
    return {.error = {ErrorCode::Unsupported, wordsFor(to) + ": something between here and the API server, a proxy or a load balancer, takes the Upgrade header away ("
                                                  + how + "); it must let " + std::string(nameOf(protocol)) + " upgrades pass"},
            .mayTryOther = protocol == ForwardProtocol::WebSocket};
}

} // namespace

Error missingVerbError(const PodPort& to, std::string_view missing)
{
    return {ErrorCode::Denied, wordsFor(to) + ": this user's role does not allow it; the verbs `get` and `create` on `pods/portforward` are needed there"
                                   + (missing.empty() ? std::string{} : " (missing: " + std::string(missing) + ")")};
}

ForwardRefusal upgradeRefusal(const HttpResponse& answer, const PodPort& to, ForwardProtocol protocol)
{
    const ApiStatus status = decodeStatus(answer.status, answer.body);
    const ResourcePath pod{{.plural = "pods"}, to.namespaceName, to.pod, "portforward"};
    switch (answer.status) {
    case 403:
        return forbidden(status, to, protocol);
    case 404:
        if (status.fromApi)
            return {.error = {ErrorCode::NotFound, wordsFor(to) + ": not found (404: " + status.message + ")"}, .isFinal = true};
        return {.error = toError(status, "reach", pod.toWords()), .isFinal = true};
    case 400:
        if (!status.fromApi && status.message.find("pgrade") != std::string::npos)
            return stripped(to, "400: " + status.message, protocol);
        if (status.message.find("Upgrade request required") != std::string::npos)
            return stripped(to, "400: " + status.message, protocol);
        if (status.message.find("host assigned") != std::string::npos)
            return {.error = {ErrorCode::Unavailable, wordsFor(to) + ": the pod is on no node yet (400: " + status.message + ")"}};
        return {.error = toError(status, "reach", pod.toWords()), .mayTryOther = !status.fromApi && protocol == ForwardProtocol::WebSocket};
    case 200:
        return stripped(to, "it answered 200 instead of 101", protocol);
    default: {
        const bool isOdd = answer.status == 405 || answer.status == 426 || answer.status == 501 || answer.status == 502;
        return {.error = toError(status, "reach", pod.toWords()), .mayTryOther = isOdd && protocol == ForwardProtocol::WebSocket};
    }
    }
}

Task<std::expected<OpenAnswer, ForwardRefusal>> openUpgrade(std::shared_ptr<HttpClient::State> client, OperationPointer operation, HttpRequest request, PodPort to,
                                                            ForwardProtocol protocol)
{
    request.patience = std::chrono::seconds(30);
    request.headers.emplace_back("Connection", "Upgrade");
    auto answer = co_await client->open(operation, request, HttpClient::State::Reuse::Never);
    if (!answer)
        co_return std::unexpected(ForwardRefusal{std::move(answer).error()});
    if (answer->reader->status() == 101)
        co_return std::move(*answer);
    const auto response = co_await client->finish(operation, std::move(*answer), request);
    if (!response)
        co_return std::unexpected(ForwardRefusal{.error = response.error()});
    co_return std::unexpected(upgradeRefusal(*response, to, protocol));
}

Task<ForwardOutcome> openForward(std::shared_ptr<HttpClient::State> client, OperationPointer operation, PodPort to, ForwardChoice choice)
{
    if (choice == ForwardChoice::SpdyOnly)
        co_return co_await openSpdyForward(client, operation, to);
    auto first = co_await openWebSocketForward(client, operation, to);
    if (first || !first.error().mayTryOther || choice == ForwardChoice::WebSocketOnly || operation->isStopped())
        co_return first;
    auto second = co_await openSpdyForward(client, operation, to);
    if (second || operation->isStopped())
        co_return second;
    ForwardRefusal both = first.error();
    both.isFinal = first.error().isFinal && second.error().isFinal;
    both.mayTryOther = false;
    const std::string& other = second.error().missingVerb;
    if (!both.missingVerb.empty() && !other.empty() && other != both.missingVerb)
        both.error = missingVerbError(to, both.missingVerb + " and " + other);
    else if (both.missingVerb.empty())
        both.error.what += "; by SPDY: " + second.error().error.what;
    co_return std::unexpected(std::move(both));
}

} // namespace binnacle::kube
