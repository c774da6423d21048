// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/base/byte_view.h"
#include "core/base/result.h"

#include <array>
#include <cstdint>
#include <string>

namespace binnacle::kube {

/// The channels of `v4.channel.k8s.io` for one forwarded port: 0 carries its bytes, 1 the other side's errors.
///
/// The first message of each channel is the port number and is skipped; empty messages and other channels mean nothing.
class ForwardChannels {
public:
    static constexpr std::uint8_t kData = 0;
    static constexpr std::uint8_t kError = 1;
    explicit ForwardChannels(std::uint16_t port) : m_port(port) {}

    /// The bytes that a message carries for us, if any.  Corrupt when the port that comes first is another one.
    Result<ByteView> take(ByteView message);
    /// What came on the error channel so far: the dial or the connection failed.
    const std::string& errorText() const { return m_errorText; }

private:
    std::uint16_t m_port;
    std::array<bool, 2> m_sawPort{};
    std::string m_errorText; // at most 4 KiB
};

/// The runtime's text in fewer words: `connection refused` and the like, with what it means for a port-forward.
Error forwardError(std::string_view text, std::uint16_t port);

} // namespace binnacle::kube
