// SPDX-License-Identifier: Apache-2.0
#include "core/kube/tunnel/forward_channels.h"

#include <algorithm>

namespace binnacle::kube {
namespace {

constexpr std::size_t kLongestError = 4096;

} // namespace

Result<ByteView> ForwardChannels::take(ByteView message)
{
    if (message.size() < 2 || message[0] > kError)
        return ByteView{};
    const std::uint8_t channel = message[0];
    const ByteView payload = message.subspan(1);
    if (!m_sawPort[channel]) {
        m_sawPort[channel] = true;
        const bool isOurs = payload.size() == 2 && (payload[0] | payload[1] << 8) == m_port; // little endian
        if (!isOurs)
            return failure(ErrorCode::Corrupt, "the first message of a port-forward does not name the port; the server speaks another protocol");
        return ByteView{};
    }
    if (channel == kData)
        return payload;
    m_errorText += asText(payload.first(std::min(payload.size(), kLongestError - m_errorText.size())));
    return ByteView{};
}

Error forwardError(std::string_view text, std::uint16_t port)
{
    std::string line(text.substr(0, 600));
    std::ranges::replace_if(line, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }, ' ');
    const auto has = [&line](std::string_view part) { return line.find(part) != std::string::npos; };
    const std::string where = "port " + std::to_string(port) + " of the pod";
    if (has("connection refused"))
        return {ErrorCode::Unavailable, "nothing listens on " + where + " (connection refused); the agent there may be starting, or use another port: " + line};
    if (has("connection reset"))
        return {ErrorCode::Unavailable, "the program on " + where + " reset the connection: " + line};
    if (has("network namespace") && has("no such file"))
        return {ErrorCode::Unavailable, "the pod is gone from its node: " + line};
    if (has("socat") && has("not found"))
        return {ErrorCode::Unsupported, "the node's container runtime needs `socat` for port-forward and does not have it: " + line};
    return {ErrorCode::Unavailable, "the node could not forward to " + where + ": " + line};
}

} // namespace binnacle::kube
