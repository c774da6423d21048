// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

namespace binnacle::kube {

/// One port of one pod.
struct PodPort {
    std::string namespaceName;
    std::string pod;
    std::string uid; // for reports; the API forwards by name
    std::uint16_t port = 0;
    friend bool operator==(const PodPort&, const PodPort&) = default;
};

enum class ForwardProtocol : std::uint8_t { WebSocket, Spdy };
enum class ForwardChoice : std::uint8_t { Best, WebSocketOnly, SpdyOnly };

} // namespace binnacle::kube
