// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/base/byte_view.h"
#include "core/base/result.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace binnacle::kube {

// RFC 6455 as port-forwarding needs it.  Written here, not taken from Beast, because the other side reads frames where the RFC means
// messages: each of ours must be one frame, and pongs, errors and data must be told apart before anything is buffered further.

enum class WebSocketOpcode : std::uint8_t { Continuation = 0, Text = 1, Binary = 2, Close = 8, Ping = 9, Pong = 10 };

/// Appends one whole, final frame of a client: masked with `mask`.
void appendWebSocketFrame(std::string& out, WebSocketOpcode opcode, ByteView head, ByteView payload, std::uint32_t mask);

/// Puts a server's frames together to messages, wherever TCP cuts them.
class WebSocketReader {
public:
    struct Message {
        WebSocketOpcode opcode; // never Continuation
        ByteView payload;       // good until feed() is called again
    };
    explicit WebSocketReader(std::size_t largest = 4u << 20) : m_largest(largest) {}

    void feed(ByteView bytes);
    /// The next whole message, if there is one.  Corrupt after an offence against the RFC, or when a message is too large.
    Result<std::optional<Message>> next();

private:
    struct Header {
        WebSocketOpcode opcode;
        bool isFinal;
        std::size_t size;
        std::uint64_t payload;
    };
    std::optional<Header> header() const;
    Result<void> check(const Header& header) const;

    std::string m_buffer;
    std::size_t m_start = 0;
    std::string m_fragments; // of the message that is open
    std::optional<WebSocketOpcode> m_open;
    std::string m_whole; // the fragmented message that was handed out last
    std::size_t m_largest;
};

/// What a server must answer to a Sec-WebSocket-Key.
std::string webSocketAccept(std::string_view key);
std::string makeWebSocketKey();
std::uint32_t makeWebSocketMask();
/// `1000 normal closure`, with the peer's reason.
std::string closeInWords(ByteView payload);

} // namespace binnacle::kube
