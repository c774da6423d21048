// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/base/byte_view.h"
#include "core/kube/net/internal/operation.h"
#include "core/kube/net/internal/tls_context.h"

#include <memory>
#include <span>

namespace binnacle::kube {

/// A connection's bytes, whatever they are wrapped in: TCP, TLS, TLS inside a proxy's TLS.
///
/// One read and one write may be under way at a time.  An orderly end reads as 0 bytes without failure.  Thread: the reactor's.
class Stream {
public:
    virtual ~Stream() = default;
    virtual Task<std::size_t> readSome(std::span<std::uint8_t> into, Failure& failure) = 0;
    virtual Task<void> writeAll(ByteView bytes, Failure& failure) = 0;
    virtual void close() = 0; // at once; whoever waits gets a failure
    virtual bool isIdle() = 0; // open, and the other side has neither spoken nor hung up
};
using StreamPointer = std::unique_ptr<Stream>;

struct Dialled {
    StreamPointer stream;
    std::string peer; // `10.0.0.1:6443`
};

/// Tries the addresses in turn, each with its share of the deadline's patience.
Task<Result<Dialled>> dial(OperationPointer operation, asio::io_context& context, std::vector<std::string> addresses, std::uint16_t port,
                           std::chrono::milliseconds patience);

/// Puts TLS on top.  The report is filled whatever the outcome.
Task<Result<StreamPointer>> startTls(OperationPointer operation, StreamPointer below, std::shared_ptr<TlsContext> context, TlsSettings settings,
                                     std::string expectedName, TlsReport& report);

/// The addresses of a name, in the resolver's order.  A look-up that hangs is left behind when the operation stops.
Task<Result<std::vector<std::string>>> resolveName(OperationPointer operation, asio::io_context& context, std::string host);

} // namespace binnacle::kube
