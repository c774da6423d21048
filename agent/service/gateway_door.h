// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/base/result.h"

#include <cstdint>
#include <functional>
#include <string>

namespace binnacle::agent {

/// How gateways get in from outside the pod: over TLS, each side with a certificate that it signed itself, and a token of the cluster
/// that says whose key that is (docs/adr/0008-tokens-that-name-the-key.md).
struct GatewayDoor {
    std::uint16_t port = 0;              // on all addresses; 0: one that is free
    std::string certificate, privateKey; // PEM, of this agent
    /// A token that names the key of `certificate`.  Any thread; blocks some seconds.
    std::function<Result<std::string>()> proof;
    /// Whether `token` is a gateway's and names the key of `certificate`.  Any thread; blocks some seconds.
    std::function<Result<void>(const std::string& certificate, const std::string& token)> review;
};

} // namespace binnacle::agent
