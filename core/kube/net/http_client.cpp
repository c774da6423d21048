// SPDX-License-Identifier: Apache-2.0
#include "core/kube/net/http_client.h"

#include "core/kube/net/internal/http_session.h"

#include <algorithm>
#include <charconv>

namespace binnacle::kube {
namespace {

bool sameName(std::string_view a, std::string_view b)
{
    return std::ranges::equal(a, b, [](char x, char y) {
        const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c; };
        return lower(x) == lower(y);
    });
}

} // namespace

std::optional<std::string_view> findHeader(const HttpHeaders& headers, std::string_view name)
{
    const auto found = std::ranges::find_if(headers, [name](const auto& header) { return sameName(header.first, name); });
    return found == headers.end() ? std::nullopt : std::optional<std::string_view>(found->second);
}

std::optional<std::string_view> HttpResponse::header(std::string_view name) const { return findHeader(headers, name); }

std::optional<std::chrono::milliseconds> retryAfter(const HttpHeaders& headers, std::chrono::seconds most)
{
    const auto text = findHeader(headers, "Retry-After");
    unsigned seconds = 0;
    if (!text)
        return std::nullopt;
    const auto [end, problem] = std::from_chars(text->data(), text->data() + text->size(), seconds);
    if (problem != std::errc{} || end != text->data() + text->size())
        return std::nullopt;
    return std::min<std::chrono::seconds>(std::chrono::seconds(seconds), most);
}

HttpClient::HttpClient(Reactor& reactor, ClusterAccess access, std::shared_ptr<CredentialSource> credentials, HttpClientOptions options)
    : m_state(std::make_shared<State>(reactor, std::move(access), std::move(credentials), std::move(options)))
{
}

HttpClient::~HttpClient()
{
    m_state->reactor.post([state = m_state] { state->shutDown(); });
}

PendingOperation HttpClient::request(HttpRequest wanted, std::function<void(Result<HttpResponse>)> done)
{
    return kube::request<Result<HttpResponse>>(
        m_state->reactor, [state = m_state, wanted = std::move(wanted)](OperationPointer operation) { return state->exchange(operation, wanted); },
        std::move(done));
}

Result<HttpResponse> HttpClient::send(HttpRequest wanted, const Cancellation& cancellation)
{
    return requestAndWait<Result<HttpResponse>>(
        m_state->reactor, [state = m_state, wanted = std::move(wanted)](OperationPointer operation) { return state->exchange(operation, wanted); },
        cancellation);
}

ConnectionReport HttpClient::lastConnection() const
{
    const auto report = m_state->report.get();
    return report ? *report : ConnectionReport{};
}

const ClusterAccess& HttpClient::access() const { return m_state->access; }
Reactor& HttpClient::reactor() const { return m_state->reactor; }

} // namespace binnacle::kube
