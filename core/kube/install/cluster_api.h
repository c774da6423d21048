// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/base/result.h"

#include <optional>
#include <string>
#include <string_view>

namespace binnacle::kube {

struct ApiQuestion {
    std::string method = "GET";
    std::string target;      // `/api/v1/nodes?limit=500`, percent-encoded
    std::string contentType; // of the body
    std::string body;
};

struct ApiAnswer {
    int status = 0;
    std::string body;
    bool isFine() const { return status >= 200 && status < 300; }
};

/// One cluster as one user, as far as installing needs it.  Blocks until the answer is there; an error means that there is none (network,
/// credentials, cancelled), while whatever the server says is an answer.
class ClusterApi {
public:
    virtual ~ClusterApi() = default;
    virtual Result<ApiAnswer> ask(const ApiQuestion& question) = 0;
};

/// What a server's refusal means, in a sentence: its own words first, then what to do.
Error errorOf(const ApiAnswer& answer);

/// ask(), with everything but 2xx made an error.  404 is NotFound, 401 and 403 Denied.
Result<std::string> ask(ClusterApi& api, const ApiQuestion& question);
/// The object's JSON; nothing when there is none.
Result<std::optional<std::string>> find(ClusterApi& api, const std::string& target);
/// Every page of a list, as one `{"items":[…]}`.
Result<std::string> list(ClusterApi& api, const std::string& target);

/// For a query: everything but letters, digits and `-._~` as %XX.
std::string percentEncoded(std::string_view text);

} // namespace binnacle::kube
