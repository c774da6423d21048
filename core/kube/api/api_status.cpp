// SPDX-License-Identifier: Apache-2.0
#include "core/kube/api/api_status.h"

#include "core/kube/api/internal/json.h"

#include <nlohmann/json.hpp>

#include <algorithm>

namespace binnacle::kube {
namespace {

constexpr std::size_t kLongestMessage = 1000;

std::string oneLine(std::string_view text)
{
    std::string line(text.substr(0, kLongestMessage));
    std::ranges::replace_if(line, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }, ' ');
    while (line.ends_with(' '))
        line.pop_back();
    return line;
}

ErrorCode codeOf(int status)
{
    switch (status) {
    case 401:
    case 403:
        return ErrorCode::Denied;
    case 404:
        return ErrorCode::NotFound;
    case 405:
    case 406:
    case 415:
        return ErrorCode::Unsupported;
    case 400:
    case 409:
    case 422:
        return ErrorCode::Invalid;
    default:
        return ErrorCode::Unavailable;
    }
}

/// Go's HTTP clients in between answer with pages; of those only the fact is of use.
bool isPage(std::string_view body) { return body.find("<html") != std::string_view::npos || body.find("<!DOCTYPE") != std::string_view::npos; }

} // namespace

ApiStatus decodeStatus(int httpStatus, std::string_view body)
{
    ApiStatus status{.code = httpStatus};
    const Json object = parseJson(body);
    if (textAt(object, "kind") != "Status") {
        status.message = isPage(body) ? "(a web page)" : oneLine(body);
        return status;
    }
    status.fromApi = true;
    status.code = static_cast<int>(numberAt(object, "code").value_or(httpStatus));
    status.reason = oneLine(textAt(object, "reason"));
    status.message = oneLine(textAt(object, "message"));
    status.freshContinue = textAt(memberOf(object, "metadata"), "continue");
    for (const Json& cause : itemsOf(memberOf(memberOf(object, "details"), "causes"))) {
        if (status.causes.size() < 8)
            status.causes.push_back(oneLine(std::string(textAt(cause, "reason")) + ": " + std::string(textAt(cause, "message"))));
    }
    return status;
}

Error toError(const ApiStatus& status, std::string_view verb, std::string_view resource)
{
    const std::string what = std::string(verb) + " " + std::string(resource);
    const std::string said = status.message.empty() ? std::string{} : ": " + status.message;
    const std::string numbered = std::to_string(status.code) + (status.reason.empty() ? "" : " " + status.reason);
    switch (status.code) {
    case 401:
        return {ErrorCode::Denied, what + ": the API server does not accept these credentials (401" + said + "); log in again, or check the user of this context"};
    case 403: // an empty tail (`pods "x" is forbidden: `) is what 1.35 says of the second check of an upgrade
        return {ErrorCode::Denied, "this user may not " + what + " (403" + said + "); a Role with the verb `" + std::string(verb) + "` on that resource is needed"};
    case 404:
        return {ErrorCode::NotFound, what + ": not found (404" + said + ")" + (status.fromApi ? "" : "; the server's URL may lead to something other than an API server")};
    default:
        return {codeOf(status.code), what + ": the API server answered " + numbered + said};
    }
}

} // namespace binnacle::kube
