// SPDX-License-Identifier: Apache-2.0
#include "core/kube/tunnel/websocket_frames.h"

#include "core/base/byte_reader.h"

#include <openssl/evp.h>
#include <openssl/rand.h>

#include <algorithm>
#include <array>
#include <cstring>

namespace binnacle::kube {
namespace {

bool isControl(WebSocketOpcode opcode) { return static_cast<std::uint8_t>(opcode) >= 8; }

bool isKnown(std::uint8_t opcode) { return opcode <= 2 || (opcode >= 8 && opcode <= 10); }

std::string base64(ByteView bytes)
{
    std::string text(4 * ((bytes.size() + 2) / 3) + 1, '\0');
    text.resize(static_cast<std::size_t>(EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()), bytes.data(), static_cast<int>(bytes.size()))));
    return text;
}

/// `at` is the payload's offset from its beginning: the mask goes round over head and payload.  Eight bytes at a time: whatever goes up
/// passes here.
void appendMasked(std::string& out, ByteView bytes, const std::array<std::uint8_t, 4>& mask, std::size_t at)
{
    std::array<std::uint8_t, 8> turned{};
    for (std::size_t i = 0; i < turned.size(); ++i)
        turned[i] = mask[(at + i) & 3];
    std::uint64_t eight = 0;
    std::memcpy(&eight, turned.data(), sizeof eight);

    const std::size_t start = out.size();
    out.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    char* const target = out.data() + start;
    std::size_t i = 0;
    for (; i + sizeof eight <= bytes.size(); i += sizeof eight) {
        std::uint64_t word = 0;
        std::memcpy(&word, target + i, sizeof word);
        word ^= eight;
        std::memcpy(target + i, &word, sizeof word);
    }
    for (; i < bytes.size(); ++i)
        target[i] = static_cast<char>(static_cast<std::uint8_t>(target[i]) ^ turned[i % 8]);
}

} // namespace

void appendWebSocketFrame(std::string& out, WebSocketOpcode opcode, ByteView head, ByteView payload, std::uint32_t mask)
{
    const std::uint64_t size = head.size() + payload.size();
    out += static_cast<char>(0x80 | static_cast<std::uint8_t>(opcode));
    if (size < 126) {
        out += static_cast<char>(0x80 | size);
    } else {
        const int bytes = size < 65536 ? 2 : 8;
        out += static_cast<char>(0x80 | (bytes == 2 ? 126 : 127));
        for (int i = bytes; i-- > 0;)
            out += static_cast<char>(size >> (8 * i));
    }
    std::array<std::uint8_t, 4> key{};
    std::memcpy(key.data(), &mask, 4); // any order does: it is chance, and sent as it is used
    out.append(reinterpret_cast<const char*>(key.data()), 4);
    appendMasked(out, head, key, 0);
    appendMasked(out, payload, key, head.size());
}

void WebSocketReader::feed(ByteView bytes)
{
    m_buffer.erase(0, m_start);
    m_start = 0;
    m_buffer += asText(bytes);
}

std::optional<WebSocketReader::Header> WebSocketReader::header() const
{
    ByteReader in(asBytes(m_buffer).subspan(m_start));
    const auto first = in.takeBigEndian<std::uint8_t>();
    const auto second = in.takeBigEndian<std::uint8_t>();
    if (!first || !second)
        return std::nullopt;
    std::uint64_t size = *second & 0x7f;
    if (size == 126) {
        const auto more = in.takeBigEndian<std::uint16_t>();
        if (!more)
            return std::nullopt;
        size = *more;
    } else if (size == 127) {
        const auto more = in.takeBigEndian<std::uint64_t>();
        if (!more)
            return std::nullopt;
        size = *more;
    }
    const bool isOffence = (*second & 0x80) || (*first & 0x70) || !isKnown(*first & 0x0f); // masked, reserved bits, unknown
    return Header{isOffence ? WebSocketOpcode(0xff) : WebSocketOpcode(*first & 0x0f), (*first & 0x80) != 0, in.position(), size};
}

Result<void> WebSocketReader::check(const Header& header) const
{
    const bool isFault = static_cast<std::uint8_t>(header.opcode) == 0xff || (isControl(header.opcode) && (!header.isFinal || header.payload > 125))
        || (!isControl(header.opcode) && (header.opcode == WebSocketOpcode::Continuation) != m_open.has_value());
    if (isFault)
        return failure(ErrorCode::Corrupt, "the other side does not keep to the WebSocket protocol");
    if (header.payload > m_largest || m_fragments.size() + header.payload > m_largest)
        return failure(ErrorCode::Full, "a WebSocket message is larger than " + std::to_string(m_largest >> 10) + " KiB");
    return {};
}

Result<std::optional<WebSocketReader::Message>> WebSocketReader::next()
{
    for (;;) {
        const auto frame = header();
        if (!frame)
            return std::nullopt;
        BN_TRY(check(*frame));
        if (m_buffer.size() - m_start - frame->size < frame->payload)
            return std::nullopt;
        const ByteView payload = asBytes(m_buffer).subspan(m_start + frame->size, static_cast<std::size_t>(frame->payload));
        m_start += frame->size + payload.size();
        if (isControl(frame->opcode) || (frame->isFinal && !m_open))
            return Message{frame->opcode, payload};
        if (frame->opcode != WebSocketOpcode::Continuation)
            m_open = frame->opcode;
        m_fragments += asText(payload);
        if (frame->isFinal) {
            m_whole = std::move(m_fragments);
            m_fragments.clear();
            return Message{*std::exchange(m_open, std::nullopt), asBytes(m_whole)};
        }
    }
}

std::string webSocketAccept(std::string_view key)
{
    const std::string text = std::string(key) + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"; // RFC 6455 §1.3
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
    unsigned size = 0;
    EVP_Digest(text.data(), text.size(), digest.data(), &size, EVP_sha1(), nullptr);
    return base64(ByteView(digest.data(), size));
}

std::string makeWebSocketKey()
{
    std::array<unsigned char, 16> bytes{};
    RAND_bytes(bytes.data(), static_cast<int>(bytes.size()));
    return base64(bytes);
}

std::uint32_t makeWebSocketMask()
{
    std::uint32_t mask = 0;
    RAND_bytes(reinterpret_cast<unsigned char*>(&mask), sizeof mask);
    return mask;
}

std::string closeInWords(ByteView payload)
{
    ByteReader in(payload);
    const auto code = in.takeBigEndian<std::uint16_t>();
    if (!code)
        return "closed without a reason";
    std::string reason(in.restAsText());
    std::ranges::replace_if(reason, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }, ' ');
    return "closed with " + std::to_string(*code) + (reason.empty() ? "" : " " + reason);
}

} // namespace binnacle::kube
