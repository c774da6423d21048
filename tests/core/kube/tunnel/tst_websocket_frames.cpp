// SPDX-License-Identifier: Apache-2.0
#include "core/kube/tunnel/websocket_frames.h"

#include <gtest/gtest.h>

#include <vector>

namespace binnacle::kube {
namespace {

std::string serverFrame(std::uint8_t first, const std::string& payload)
{
    std::string frame(1, static_cast<char>(first));
    if (payload.size() < 126)
        frame += static_cast<char>(payload.size());
    else
        frame += {126, static_cast<char>(payload.size() >> 8), static_cast<char>(payload.size() & 0xff)};
    return frame + payload;
}

/// `2:text` for each message, or `error` at the first offence.
std::vector<std::string> messagesOf(WebSocketReader& reader, std::string_view bytes)
{
    std::vector<std::string> messages;
    reader.feed(asBytes(bytes));
    for (;;) {
        const auto message = reader.next();
        if (!message) {
            messages.emplace_back("error");
            return messages;
        }
        if (!*message)
            return messages;
        messages.push_back(std::to_string(static_cast<int>((*message)->opcode)) + ":" + std::string(asText((*message)->payload)));
    }
}

TEST(WebSocket, theAcceptIsThatOfRfc6455) { EXPECT_EQ(webSocketAccept("dGhlIHNhbXBsZSBub25jZQ=="), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="); }

TEST(WebSocket, aClientsFrameIsWholeFinalAndMasked)
{
    for (const std::size_t size : {std::size_t(0), std::size_t(124), std::size_t(125), std::size_t(65534), std::size_t(65535)}) {
        const std::string payload(size, 'x');
        std::string frame;
        static constexpr std::uint8_t kChannel[] = {0};
        appendWebSocketFrame(frame, WebSocketOpcode::Binary, kChannel, asBytes(payload), 0x01020304);
        EXPECT_EQ(static_cast<std::uint8_t>(frame[0]), 0x82);
        EXPECT_TRUE(frame[1] & 0x80);
        const std::size_t head = size + 1 < 126 ? 2 : size + 1 < 65536 ? 4 : 10;
        ASSERT_EQ(frame.size(), head + 4 + 1 + size);
        const std::string mask = frame.substr(head, 4);
        for (std::size_t i = 0; i <= size; ++i)
            ASSERT_EQ(static_cast<char>(frame[head + 4 + i] ^ mask[i & 3]), i == 0 ? '\0' : 'x') << i;
    }
}

TEST(WebSocket, theMaskGoesRoundOverHeadAndPayloadOfAnyLength)
{
    constexpr std::uint32_t kMask = 0x81a2c3f4;
    for (std::size_t head = 0; head < 6; ++head) {
        for (std::size_t size = 0; size < 40; ++size) {
            std::string whole;
            for (std::size_t i = 0; i < head + size; ++i)
                whole += static_cast<char>(31 * i + 7);
            std::string frame;
            appendWebSocketFrame(frame, WebSocketOpcode::Binary, asBytes(whole).first(head), asBytes(whole).subspan(head), kMask);
            ASSERT_EQ(frame.size(), 2 + 4 + whole.size());
            std::string unmasked = frame.substr(6);
            for (std::size_t i = 0; i < unmasked.size(); ++i)
                unmasked[i] = static_cast<char>(unmasked[i] ^ frame[2 + (i & 3)]);
            ASSERT_EQ(unmasked, whole) << head << " and " << size;
        }
    }
}

TEST(WebSocket, framesMayBeCutAnywhereAndPutInPieces)
{
    const std::string bytes = serverFrame(0x82, "first") + serverFrame(0x02, "a") + serverFrame(0x89, "ping") + serverFrame(0x00, "b") + serverFrame(0x80, "c")
        + serverFrame(0x82, std::string(300, 'z')) + serverFrame(0x88, std::string("\x03\xe8", 2));
    const std::vector<std::string> wanted{"2:first", "9:ping", "2:abc", "2:" + std::string(300, 'z'), std::string("8:\x03\xe8", 4)};
    for (std::size_t cut = 0; cut <= bytes.size(); ++cut) {
        WebSocketReader reader;
        auto messages = messagesOf(reader, std::string_view(bytes).substr(0, cut));
        const auto more = messagesOf(reader, std::string_view(bytes).substr(cut));
        messages.insert(messages.end(), more.begin(), more.end());
        EXPECT_EQ(messages, wanted) << cut;
    }
}

TEST(WebSocket, offencesAreRefused)
{
    for (const std::string& bytes : {std::string("\x82\x81zzzzz"), serverFrame(0xc2, "compressed"), serverFrame(0x83, "unknown"), serverFrame(0x09, "cut ping"),
                                     serverFrame(0x89, std::string(126, 'x')), serverFrame(0x80, "no beginning"), serverFrame(0x02, "a") + serverFrame(0x82, "b"),
                                     std::string("\x82\x7f\xff\xff\xff\xff\xff\xff\xff\xff", 10)}) {
        WebSocketReader reader;
        EXPECT_EQ(messagesOf(reader, bytes).back(), "error");
    }
    WebSocketReader small(10);
    EXPECT_EQ(messagesOf(small, serverFrame(0x02, "123456") + serverFrame(0x80, "123456")), std::vector<std::string>{"error"}) << "pieces add up";
}

TEST(WebSocket, closesAreTold)
{
    EXPECT_EQ(closeInWords(asBytes(std::string_view("\x03\xea" "bad\nframe", 11))), "closed with 1002 bad frame");
    EXPECT_EQ(closeInWords({}), "closed without a reason");
}

} // namespace
} // namespace binnacle::kube
