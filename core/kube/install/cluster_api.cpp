// SPDX-License-Identifier: Apache-2.0
#include "core/kube/install/cluster_api.h"

#include "core/kube/install/internal/json.h"

namespace binnacle::kube {
namespace {

constexpr int kPageSize = 500;

ErrorCode codeOf(int status)
{
    if (status == 404)
        return ErrorCode::NotFound;
    if (status == 401 || status == 403)
        return ErrorCode::Denied;
    return status == 400 || status == 422 ? ErrorCode::Invalid : ErrorCode::Unavailable;
}

std::string adviceFor(int status)
{
    switch (status) {
    case 401: return "; the server does not accept these credentials: log in again, then `binnacle diagnose` shows how they came to be";
    case 429: return "; the server is busy: try again in a moment";
    case 500: case 502: case 503: case 504: return "; the server, or a webhook it asks, is in trouble: try again, then look at the control plane";
    default: return {};
    }
}

} // namespace

Error errorOf(const ApiAnswer& answer)
{
    const Json status = readJson(answer.body);
    std::string what = textAt(status, "/message");
    if (what.empty())
        what = "the API server answered " + std::to_string(answer.status) + (answer.body.empty() ? "" : ": " + answer.body.substr(0, 300));
    return {codeOf(answer.status), what + adviceFor(answer.status)};
}

Result<std::string> ask(ClusterApi& api, const ApiQuestion& question)
{
    auto answer = api.ask(question);
    if (!answer)
        return std::unexpected(std::move(answer).error());
    if (!answer->isFine())
        return std::unexpected(errorOf(*answer));
    return std::move(answer->body);
}

Result<std::optional<std::string>> find(ClusterApi& api, const std::string& target)
{
    auto answer = ask(api, {"GET", target, {}, {}});
    if (answer)
        return std::optional(std::move(*answer));
    if (answer.error().code == ErrorCode::NotFound)
        return std::optional<std::string>();
    return std::unexpected(std::move(answer).error());
}

Result<std::string> list(ClusterApi& api, const std::string& target)
{
    Json all = {{"items", Json::array()}};
    std::string next;
    do {
        std::string page = target + (target.contains('?') ? "&limit=" : "?limit=") + std::to_string(kPageSize);
        if (!next.empty())
            page += "&continue=" + percentEncoded(next);
        const auto answer = ask(api, {"GET", page, {}, {}});
        if (!answer)
            return std::unexpected(answer.error());
        const Json list = readJson(*answer);
        for (const Json& item : itemsAt(list, "/items"))
            all["items"].push_back(item);
        next = textAt(list, "/metadata/continue");
    } while (!next.empty());
    return all.dump();
}

std::string percentEncoded(std::string_view text)
{
    static constexpr std::string_view kDigits = "0123456789ABCDEF";
    std::string out;
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || std::string_view("-._~").contains(c)) {
            out += c;
            continue;
        }
        out += '%';
        out += kDigits[byte >> 4];
        out += kDigits[byte & 15];
    }
    return out;
}

} // namespace binnacle::kube
