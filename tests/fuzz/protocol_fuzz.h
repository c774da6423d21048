// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/base/byte_reader.h"
#include "core/protocols/route_template.h"
#include "core/protocols/stream_parser.h"

#include <array>
#include <cstdlib>
#include <string>

/// What the protocol fuzzers share: input → chunks, and what has to hold for everything that comes out.
namespace binnacle::protocols {

class CheckingSink final : public ExchangeSink {
public:
    void onExchange(const Exchange& exchange) override
    {
        const bool sane = exchange.responseEnd >= exchange.responseStart && exchange.responseStart >= exchange.requestStart
                          && !exchange.route.empty() && exchange.route.size() <= kMaxRoute && exchange.method.size() <= exchange.route.size()
                          && exchange.status.size() <= 16 && (exchange.error || !exchange.status.empty());
        if (!sane)
            std::abort();
        ++exchanges;
    }
    void onLoss(Loss, std::uint64_t count, HostTime) override
    {
        if (count == 0)
            std::abort();
        losses += count;
    }
    std::uint64_t exchanges = 0, losses = 0;
};

/// One byte of control before each chunk: direction, length; with `gaps` also what is missing or comes twice.
class ChunkSource {
public:
    explicit ChunkSource(ByteView input) : m_in(input) {}

    bool next(Chunk& chunk, bool gaps)
    {
        const auto control = m_in.takeBigEndian<std::uint8_t>();
        const auto length = m_in.takeBigEndian<std::uint8_t>();
        if (!control || !length)
            return false;
        chunk.direction = *control & 1 ? Direction::Response : Direction::Request;
        std::uint64_t& position = m_positions[*control & 1];
        const std::size_t wanted = *control & 2 ? std::size_t{*length} * 64 : *length;
        chunk.bytes = *m_in.take(std::min(wanted, m_in.left()));
        chunk.originalSize = static_cast<std::uint32_t>(chunk.bytes.size());
        if (gaps && *control & 4)
            position += *control >> 4;
        if (gaps && *control & 8)
            position -= std::min<std::uint64_t>(position, *control >> 4);
        if (gaps && (*control & 12) == 12)
            chunk.originalSize += 1 + (*control >> 4) * 100U;
        chunk.position = position;
        chunk.tcpSequence = static_cast<std::uint32_t>(position);
        position += chunk.originalSize;
        m_at += *control & 64 ? 1'000'000'000 : 1000;
        chunk.at = hostTime(m_at);
        return true;
    }

    StreamEnd end() const { return {hostTime(m_at + 1), m_positions[0], m_positions[1]}; }

private:
    ByteReader m_in;
    std::uint64_t m_positions[2] = {0, 0};
    std::uint64_t m_at = 1;
};

inline void feedAll(StreamParser& parser, ChunkSource& source, bool gaps, CheckingSink& sink)
{
    Chunk chunk;
    std::array<InFlight, 4> waiting;
    while (source.next(chunk, gaps)) {
        parser.feed(chunk, sink);
        if (parser.inFlight(waiting) > StreamParser::kMaxInFlight)
            std::abort();
    }
    parser.close(source.end(), sink);
    if (parser.inFlight(waiting) != 0)
        std::abort();
}

/// A connection that is known to speak a protocol: one good exchange, then the input.
inline int fuzzConversation(ByteView input, std::string_view request, std::string_view response)
{
    std::string good;
    for (const auto& [direction, text] : {std::pair('\0', request), std::pair('\1', response)}) {
        good += direction;
        good += static_cast<char>(text.size());
        good += text;
    }
    good.append(reinterpret_cast<const char*>(input.data()), input.size());
    RouteCache routes;
    CheckingSink sink;
    ChunkSource source(asBytes(good));
    StreamParser parser(Start::FromFirstByte, Roles::Known, routes);
    feedAll(parser, source, false, sink);
    if (sink.exchanges == 0)
        std::abort();
    return 0;
}

inline int fuzzStream(ByteView input)
{
    if (input.empty())
        return 0;
    RouteCache routes;
    CheckingSink sink;
    ChunkSource source(input.subspan(1));
    StreamParser parser(input[0] & 1 ? Start::MidStream : Start::FromFirstByte, input[0] & 2 ? Roles::Guessed : Roles::Known, routes);
    feedAll(parser, source, input[0] & 4, sink);
    return 0;
}

} // namespace binnacle::protocols
