// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/kube/net/http_client.h"
#include "core/kube/net/internal/stream.h"
#include "core/kube/net/url.h"

#include <optional>

namespace binnacle::kube {

/// Where to, through what, and how it is judged.
struct ConnectPlan {
    Url server;
    std::optional<Url> proxy;
    TlsSettings tls;                     // of the server; unused where it speaks http
    std::shared_ptr<TlsContext> context; // made of `tls`
    std::string expectedName;            // for SNI and verification
    TlsSettings proxyTls;                // an https proxy is judged by the cluster's authorities, as kubectl does, or the system's
    std::shared_ptr<TlsContext> proxyContext;
};

/// Name look-up, connect, proxy, TLS: each with its own patience, each in the report, each named in an error.
Task<Result<StreamPointer>> connectTo(OperationPointer operation, asio::io_context& context, ConnectPlan plan, HttpClientOptions patience,
                                      ConnectionReport& report);

/// Asks the proxy at the other end of `stream` for a way to `server`.
Task<Result<void>> askHttpProxy(OperationPointer operation, Stream& stream, const Url& proxy, const Url& server);
Task<Result<void>> askSocksProxy(OperationPointer operation, Stream& stream, const Url& proxy, const Url& server);

std::string basicAuthorization(std::string_view user, std::string_view password);

} // namespace binnacle::kube
