// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/base/cancellation.h"
#include "core/base/result.h"
#include "core/kube/cluster_access.h"
#include "core/kube/credentials/credential_source.h"
#include "core/kube/net/connection_report.h"
#include "core/kube/net/http_message.h"
#include "core/kube/net/proxy_rules.h"
#include "core/kube/net/reactor.h"

#include <chrono>
#include <functional>
#include <memory>

namespace binnacle::kube {

struct HttpClientOptions {
    ProxyEnvironment environment = ProxyEnvironment::ofProcess();
    std::string userAgent = "binnacle";
    std::chrono::milliseconds resolvePatience{10'000};
    std::chrono::milliseconds connectPatience{15'000}; // over all addresses
    std::chrono::milliseconds proxyPatience{15'000};
    std::chrono::milliseconds tlsPatience{15'000};
    std::chrono::milliseconds credentialsPatience{120'000}; // a plugin may wait for a person
    std::chrono::milliseconds idleLimit{60'000};            // a kept connection is not used after that
    std::size_t keptConnections = 8;
    int mostTries = 4; // of a request that is answered 429, 503 or 504 with Retry-After
};

/// Speaks HTTP/1.1 with one API server as one user.
///
/// Owns the pool of kept connections.  Thread: any; work is done on the reactor's, which outlives the client and its requests.
/// An answer of any status is a success here; 401 has been tried a second time with new credentials if there were any, 429, 503 and 504
/// have been waited for as Retry-After asks (bounded).  Errors name the phase: name look-up, connect, proxy, TLS, request.
class HttpClient {
public:
    HttpClient(Reactor& reactor, ClusterAccess access, std::shared_ptr<CredentialSource> credentials, HttpClientOptions options = {});
    ~HttpClient();
    HttpClient(const HttpClient&) = delete;
    HttpClient& operator=(const HttpClient&) = delete;

    /// `done` is called once, on the reactor.
    PendingOperation request(HttpRequest request, std::function<void(Result<HttpResponse>)> done);
    /// Blocks: never on the reactor, never on the UI thread.
    Result<HttpResponse> send(HttpRequest request, const Cancellation& cancellation = {});

    /// Of the last attempt to connect, whole or not.
    ConnectionReport lastConnection() const;
    const ClusterAccess& access() const;
    Reactor& reactor() const;

    struct State; // internal/http_session.h
    const std::shared_ptr<State>& state() const { return m_state; }

private:
    std::shared_ptr<State> m_state;
};

} // namespace binnacle::kube
