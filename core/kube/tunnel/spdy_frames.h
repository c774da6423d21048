// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/base/byte_view.h"
#include "core/base/result.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace binnacle::kube {

// SPDY/3.1 as far as a port-forward's stream pair needs it (draft-mbelshe-httpbis-spdy-00, versions 3 and 3.1).
// There is no flow control: the other side ignores WINDOW_UPDATE, TCP alone holds back.

enum class SpdyType : std::uint16_t { SynStream = 1, SynReply = 2, RstStream = 3, Settings = 4, Ping = 6, GoAway = 7, Headers = 8, WindowUpdate = 9 };

using SpdyHeaders = std::vector<std::pair<std::string, std::string>>; // names in lower case

/// The dictionary that both zlib streams of a connection begin with.
std::string_view spdyDictionary();

/// Packs header blocks; one for the life of a connection, in the order in which the blocks are sent.
class SpdyHeaderPacker {
public:
    SpdyHeaderPacker();
    ~SpdyHeaderPacker();
    std::string pack(const SpdyHeaders& headers);

private:
    struct State;
    std::unique_ptr<State> m_state;
};

/// Unpacks header blocks, in the order in which they arrive.  At most 64 KiB and 256 headers a block.
class SpdyHeaderUnpacker {
public:
    SpdyHeaderUnpacker();
    ~SpdyHeaderUnpacker();
    Result<SpdyHeaders> unpack(ByteView block);

private:
    struct State;
    std::unique_ptr<State> m_state;
};

void appendSpdyControl(std::string& out, SpdyType type, std::uint8_t flags, std::string_view payload);
void appendSpdySynStream(std::string& out, std::uint32_t stream, std::uint8_t flags, std::string_view headerBlock);
void appendSpdyData(std::string& out, std::uint32_t stream, std::uint8_t flags, ByteView payload);
void appendSpdyPing(std::string& out, std::uint32_t id);
inline constexpr std::uint8_t kSpdyFin = 1;

struct SpdyFrame {
    std::optional<SpdyType> type; // none: data
    std::uint8_t flags = 0;
    std::uint32_t stream = 0;    // data and the stream's control frames; of a ping its id
    std::uint32_t status = 0;    // RST_STREAM, GOAWAY
    ByteView payload;            // data, or a header block; good until feed() is called again
    bool isFin() const { return flags & kSpdyFin; }
};

/// Cuts a server's bytes into frames, wherever TCP cuts them.
class SpdyReader {
public:
    explicit SpdyReader(std::size_t largest = 17u << 20) : m_largest(largest) {} // the 24 bits of a length hold 16 MiB
    void feed(ByteView bytes);
    Result<std::optional<SpdyFrame>> next();

private:
    std::string m_buffer;
    std::size_t m_start = 0;
    std::size_t m_largest;
};

} // namespace binnacle::kube
