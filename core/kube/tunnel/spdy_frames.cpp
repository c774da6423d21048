// SPDX-License-Identifier: Apache-2.0
#include "core/kube/tunnel/spdy_frames.h"

#include "core/base/byte_reader.h"

namespace binnacle::kube {
namespace {

constexpr std::size_t kHeaderSize = 8;
constexpr std::uint16_t kVersion = 3;

void appendNumber(std::string& out, std::uint64_t value, int bytes)
{
    while (bytes-- > 0)
        out += static_cast<char>(value >> (8 * bytes));
}

bool isKnown(std::uint16_t type) { return type >= 1 && type <= 9 && type != 5; }

/// Takes the fields that a control frame's payload begins with.
Result<void> readControl(SpdyFrame& frame)
{
    ByteReader in(frame.payload);
    const auto number = [&in] { return in.takeBigEndian<std::uint32_t>().value_or(0); };
    const std::size_t fixed = *frame.type == SpdyType::SynStream ? 10 : *frame.type == SpdyType::RstStream || *frame.type == SpdyType::GoAway
            || *frame.type == SpdyType::WindowUpdate                     ? 8
                                                                         : 4;
    if (frame.payload.size() < fixed)
        return failure(ErrorCode::Corrupt, "a SPDY frame is too short");
    if (*frame.type == SpdyType::Settings)
        return {};
    frame.stream = *frame.type == SpdyType::Ping ? number() : number() & 0x7fffffffu;
    if (*frame.type == SpdyType::RstStream || *frame.type == SpdyType::GoAway)
        frame.status = number();
    frame.payload = frame.payload.subspan(fixed);
    return {};
}

} // namespace

void appendSpdyControl(std::string& out, SpdyType type, std::uint8_t flags, std::string_view payload)
{
    appendNumber(out, 0x8000u | kVersion, 2);
    appendNumber(out, static_cast<std::uint16_t>(type), 2);
    appendNumber(out, flags, 1);
    appendNumber(out, payload.size(), 3);
    out += payload;
}

void appendSpdySynStream(std::string& out, std::uint32_t stream, std::uint8_t flags, std::string_view headerBlock)
{
    std::string payload;
    appendNumber(payload, stream, 4);
    appendNumber(payload, 0, 4); // belongs to no other stream
    appendNumber(payload, 0, 2); // priority and slot
    payload += headerBlock;
    appendSpdyControl(out, SpdyType::SynStream, flags, payload);
}

void appendSpdyData(std::string& out, std::uint32_t stream, std::uint8_t flags, ByteView payload)
{
    appendNumber(out, stream & 0x7fffffffu, 4);
    appendNumber(out, flags, 1);
    appendNumber(out, payload.size(), 3);
    out += asText(payload);
}

void appendSpdyPing(std::string& out, std::uint32_t id)
{
    std::string payload;
    appendNumber(payload, id, 4);
    appendSpdyControl(out, SpdyType::Ping, 0, payload);
}

void SpdyReader::feed(ByteView bytes)
{
    m_buffer.erase(0, m_start);
    m_start = 0;
    m_buffer += asText(bytes);
}

Result<std::optional<SpdyFrame>> SpdyReader::next()
{
    ByteReader in(asBytes(m_buffer).subspan(m_start));
    if (in.left() < kHeaderSize)
        return std::nullopt;
    const std::uint32_t first = *in.takeBigEndian<std::uint32_t>();
    const std::uint32_t second = *in.takeBigEndian<std::uint32_t>();
    SpdyFrame frame;
    frame.flags = static_cast<std::uint8_t>(second >> 24);
    const std::size_t size = second & 0xffffff;
    const bool isControl = first & 0x80000000u;
    const auto type = static_cast<std::uint16_t>(first & 0xffff);
    if (isControl && ((first >> 16 & 0x7fff) != kVersion || !isKnown(type)))
        return failure(ErrorCode::Corrupt, "the other side does not keep to SPDY/3.1");
    if (size > m_largest)
        return failure(ErrorCode::Full, "a SPDY frame is too large");
    const auto payload = in.take(size);
    if (!payload)
        return std::nullopt;
    m_start += kHeaderSize + size;
    frame.payload = *payload;
    if (isControl) {
        frame.type = SpdyType(type);
        BN_TRY(readControl(frame));
    } else {
        frame.stream = first & 0x7fffffffu;
    }
    return frame;
}

} // namespace binnacle::kube
