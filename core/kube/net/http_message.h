// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace binnacle::kube {

using HttpHeaders = std::vector<std::pair<std::string, std::string>>; // names may repeat

struct HttpRequest {
    std::string method = "GET";
    std::string target; // `/api/v1/pods?limit=500`: below the server's path prefix, already percent-encoded
    HttpHeaders headers; // Host, Authorization, Content-Length and the like are added
    std::string body;
    std::size_t largestAnswer = 256u << 20; // bytes of the body, unpacked
    std::chrono::milliseconds patience{60'000}; // from the request's first byte to the answer's last; streams: to the answer's head
};

struct HttpResponse {
    int status = 0;
    HttpHeaders headers;
    std::string body; // unpacked

    /// The first header of that name, whatever its case.
    std::optional<std::string_view> header(std::string_view name) const;
};

std::optional<std::string_view> findHeader(const HttpHeaders& headers, std::string_view name);

/// Retry-After in seconds (RFC 9110 §10.2.3); a date or nonsense is none.  At most `most`.
std::optional<std::chrono::milliseconds> retryAfter(const HttpHeaders& headers, std::chrono::seconds most = std::chrono::seconds(30));

} // namespace binnacle::kube
