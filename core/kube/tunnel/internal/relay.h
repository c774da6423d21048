// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/kube/tunnel/internal/forward_connection.h"

#include <boost/asio/basic_stream_socket.hpp>
#include <boost/asio/local/stream_protocol.hpp>

namespace binnacle::kube {

using LocalSocket = asio::basic_stream_socket<asio::local::stream_protocol, asio::io_context::executor_type>;

struct RelayEnd {
    std::optional<Error> why;   // none: an orderly end, by the pod or by us
    bool byPod = false;         // the other side ended it, not the local one
    std::uint64_t received = 0; // bytes from the pod
    std::uint64_t sent = 0;
};

/// Carries bytes both ways until one side ends, with pings between; closes both.  `early` goes to the pod first.
/// Each direction holds one piece: a reader that stops holds back the other side.
Task<RelayEnd> relay(OperationPointer operation, asio::io_context& context, LocalSocket local, ForwardPointer remote, std::string early,
                     std::chrono::milliseconds pingEvery);

} // namespace binnacle::kube
