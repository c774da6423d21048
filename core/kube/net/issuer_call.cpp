// SPDX-License-Identifier: Apache-2.0
#include "core/kube/net/issuer_call.h"

#include "core/kube/net/http_client.h"

#include <algorithm>

namespace binnacle::kube {
namespace {

constexpr std::size_t kLargestAnswer = 1u << 20;

} // namespace

IssuerCall makeIssuerCall(Reactor& reactor, ProxyEnvironment environment)
{
    return [&reactor, environment = std::move(environment)](const IssuerRequest& request, const Cancellation& cancellation) -> Result<IssuerAnswer> {
        if (!request.url.starts_with("https://"))
            return failure(ErrorCode::Invalid, "the issuer's URL must begin with https://, tokens do not go over plain http");
        const std::size_t pathStart = std::min(request.url.find_first_of("/?", 8), request.url.size());
        const std::string target = request.url.substr(pathStart, request.url.find('#') - pathStart);
        ClusterAccess access;
        access.cluster.name = "OpenID Connect issuer";
        access.cluster.server = request.url.substr(0, pathStart);
        access.cluster.certificateAuthority.inlineText = request.certificateAuthority;
        HttpClientOptions options;
        options.environment = environment;
        HttpClient client(reactor, std::move(access), nullptr, std::move(options));
        auto response = client.send({.method = request.method, .target = target.starts_with('/') ? target : "/" + target, .headers = request.headers,
                                     .body = request.body, .largestAnswer = kLargestAnswer, .patience = std::chrono::seconds(30)},
                                    cancellation);
        if (!response)
            return std::unexpected(std::move(response).error());
        return IssuerAnswer{response->status, std::move(response->body)};
    };
}

} // namespace binnacle::kube
