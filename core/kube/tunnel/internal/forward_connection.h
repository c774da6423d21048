// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/kube/net/internal/http_session.h"
#include "core/kube/tunnel/pod_port.h"

#include <memory>
#include <span>

namespace binnacle::kube {

/// Lets one task after the other write to a stream.
class Turnstile {
public:
    explicit Turnstile(asio::io_context& context) : m_free(context, Timer::time_point::max()) {}
    Task<void> enter()
    {
        while (m_isTaken) {
            Failure ignored;
            co_await m_free.async_wait(into(ignored));
        }
        m_isTaken = true;
    }
    void leave()
    {
        m_isTaken = false;
        m_free.cancel_one();
    }

private:
    Timer m_free;
    bool m_isTaken = false;
};

/// One connection to one port of a pod, whatever carries it.
///
/// One read and one write may be under way at a time; pings go between.  read() gives 0 at an orderly end.  Thread: the reactor's.
class ForwardConnection {
public:
    static constexpr std::size_t kLargestPiece = 32u << 10; // of a write; see reference: 64 KiB is the most that is wise

    virtual ~ForwardConnection() = default;
    virtual Task<Result<std::size_t>> read(std::span<std::uint8_t> into) = 0;
    virtual Task<Result<void>> write(ByteView bytes) = 0; // at most kLargestPiece
    virtual Task<Result<void>> ping() = 0;
    virtual Task<void> finish() = 0; // says goodbye
    virtual void close() = 0;        // at once
    /// Counts whatever arrives, pongs as well: a connection on which it stands still between two pings is dead.
    virtual std::uint64_t arrivals() const = 0;
    virtual ForwardProtocol protocol() const = 0;
};
using ForwardPointer = std::unique_ptr<ForwardConnection>;

/// Why a way to a pod could not be had.
struct ForwardRefusal {
    Error error;
    bool isFinal = false;     // trying again changes nothing until the pods or the roles change
    bool mayTryOther = false; // the other protocol could still work
    std::string missingVerb;  // on pods/portforward, where a role lacks it
};
using ForwardOutcome = std::expected<ForwardPointer, ForwardRefusal>;

Task<ForwardOutcome> openWebSocketForward(std::shared_ptr<HttpClient::State> client, OperationPointer operation, PodPort to);
Task<ForwardOutcome> openSpdyForward(std::shared_ptr<HttpClient::State> client, OperationPointer operation, PodPort to);

/// WebSocket, then SPDY where the server or the user's role does not let WebSocket pass.
Task<ForwardOutcome> openForward(std::shared_ptr<HttpClient::State> client, OperationPointer operation, PodPort to, ForwardChoice choice);

/// Asks for an upgrade to `protocol` on a connection of its own.  What comes is an answer of 101, whose reader has the bytes after its head.
Task<std::expected<OpenAnswer, ForwardRefusal>> openUpgrade(std::shared_ptr<HttpClient::State> client, OperationPointer operation, HttpRequest request, PodPort to,
                                                            ForwardProtocol protocol);

Error missingVerbError(const PodPort& to, std::string_view missing);
/// The words for an upgrade that was answered with `status`.
ForwardRefusal upgradeRefusal(const HttpResponse& answer, const PodPort& to, ForwardProtocol protocol);

} // namespace binnacle::kube
