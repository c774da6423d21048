// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/base/internet_address.h"
#include "core/base/result.h"

#include <cstdint>
#include <string>
#include <string_view>

namespace binnacle::agent {

/// Where the agent listens: `127.0.0.1:9465`, `[::1]:9465` or `unix:PATH`.
struct ListenAddress {
    enum class Kind : std::uint8_t { Tcp, Unix };

    Kind kind = Kind::Unix;
    Endpoint endpoint; // Tcp: loopback only
    std::string path;  // Unix

    /// Refuses what is not loopback: the way in from outside is `kubectl port-forward` or ssh, which check who asks.
    static Result<ListenAddress> parse(std::string_view text);
    std::string toText() const;
    friend bool operator==(const ListenAddress&, const ListenAddress&) = default;
};

/// In a pod `127.0.0.1:9465`; else `unix:/run/binnacle/agent.sock` for root, `unix:$XDG_RUNTIME_DIR/binnacle/agent.sock` for
/// others (`/tmp/binnacle-UID/agent.sock` when there is none).
ListenAddress defaultListenAddress();

} // namespace binnacle::agent
