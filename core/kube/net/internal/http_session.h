// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/base/published.h"
#include "core/kube/net/http_client.h"
#include "core/kube/net/internal/connector.h"
#include "core/kube/net/internal/http_reader.h"
#include "core/kube/net/internal/reactor_loop.h"

#include <list>

namespace binnacle::kube {

/// An answer whose head has been read; its body, or the upgraded protocol's bytes, still come through `stream`.
struct OpenAnswer {
    StreamPointer stream;
    std::unique_ptr<HttpReader> reader; // refers to `stream`: destroyed first
    OpenAnswer(StreamPointer s, std::unique_ptr<HttpReader> r) : stream(std::move(s)), reader(std::move(r)) {}
    OpenAnswer(OpenAnswer&&) = default;
    OpenAnswer& operator=(OpenAnswer&&) = delete;
    ~OpenAnswer() { reader.reset(); }
};

/// What an HttpClient consists of; its tasks keep it alive.  Thread: the reactor's, but for what the client's constructor sets.
struct HttpClient::State : std::enable_shared_from_this<HttpClient::State> {
    enum class Reuse : std::uint8_t { Allowed, Never }; // of kept connections

    State(Reactor& reactor, ClusterAccess access, std::shared_ptr<CredentialSource> credentials, HttpClientOptions options);

    /// The whole answer, with the repetitions that HttpClient promises.
    Task<Result<HttpResponse>> exchange(OperationPointer operation, HttpRequest request);
    /// The answer's head; a 401 has been retried.  Upgrades ask for a connection of their own.
    Task<Result<OpenAnswer>> open(OperationPointer operation, HttpRequest request, Reuse reuse);
    /// Reads what is left, bounded, and keeps the connection if it can be used again.
    Task<Result<HttpResponse>> finish(OperationPointer operation, OpenAnswer answer, HttpRequest request);
    /// Closes what is kept; nothing is kept afterwards.
    void shutDown();

    Reactor& reactor;
    asio::io_context& context;
    const ClusterAccess access;
    const std::shared_ptr<CredentialSource> credentials;
    const HttpClientOptions options;
    Published<ConnectionReport> report;

private:
    struct Kept {
        StreamPointer stream;
        std::uint64_t generation;
        std::chrono::steady_clock::time_point since;
    };
    Task<Result<RequestCredentials>> loadCredentials(OperationPointer operation);
    Task<Result<OpenAnswer>> tryOnce(OperationPointer operation, const HttpRequest& request, const RequestCredentials& who, Reuse reuse);
    Task<Result<OpenAnswer>> converse(OperationPointer operation, StreamPointer stream, const HttpRequest& request, const RequestCredentials& who, bool& untouched);
    Task<Result<StreamPointer>> connectFresh(OperationPointer operation, const RequestCredentials& who);
    Result<ConnectPlan> makePlan(const RequestCredentials& who);
    Result<std::shared_ptr<TlsContext>> contextFor(const TlsSettings& settings);
    Result<std::string> headOf(const HttpRequest& request, const RequestCredentials& who) const;
    StreamPointer takeKept(std::uint64_t generation);
    void keep(StreamPointer stream, std::uint64_t generation);
    Error named(Error error, const HttpRequest& request) const;

    Result<Url> m_server;
    TlsSettings m_settings; // of m_context
    std::shared_ptr<TlsContext> m_context;
    std::list<Kept> m_kept; // the latest first
    std::uint64_t m_generation = 0;
    bool m_isShut = false;
};

} // namespace binnacle::kube
