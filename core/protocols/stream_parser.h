// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/base/byte_view.h"
#include "core/protocols/exchange.h"

#include <cstddef>
#include <memory>
#include <optional>
#include <span>

namespace binnacle::protocols {

class AnyStream;
class Detection;
class RouteCache;

/// What one socket call moved.
struct Chunk {
    HostTime at{};
    Direction direction = Direction::Request;
    std::uint64_t position = 0;     // of the first byte in the stream of its direction; counts from 0 with Start::FromFirstByte
    std::uint32_t tcpSequence = 0;  // of the first byte
    std::uint32_t thread = 0;
    ByteView bytes;
    std::uint32_t originalSize = 0; // ≥ bytes.size(): the rest was moved by the same call and not captured
};

/// How a connection ended.  With the totals, bytes that were lost at the very end are known to be missing, and what they
/// belonged to is a loss; without them it is taken as broken off.
struct StreamEnd {
    HostTime at{};
    std::optional<std::uint64_t> requestBytes{};  // positions at which the two streams ended
    std::optional<std::uint64_t> responseBytes{};
};

enum class Start : std::uint8_t {
    FromFirstByte, // the connection was seen to open
    MidStream,     // it was there before: the first bytes may be the middle of a message
};

enum class Roles : std::uint8_t {
    Known,   // Chunk::direction is certain
    Guessed, // it may be the wrong way round; the parser finds out (rolesSwapped) and turns it
};

enum class Verdict : std::uint8_t {
    Undecided,           // go on feeding
    Parse,               // protocol() is known
    NotAProtocolWeKnow,  // final: feed no more, count bytes only.  Also after an upgrade.
};

/// Turns the chunks of one TCP connection into exchanges: finds the protocol from the first bytes, puts messages together over chunk
/// borders, pairs responses with requests.
///
/// Owns a copy of at most kMaxPartial bytes a direction (one unfinished head or line) and the unanswered requests, at most kMaxInFlight
/// (HTTP 1,024 of 216 bytes, Redis 16,384 of 120; alike ones that one call sent share them); what is over counts as lost.
/// Bodies and values are skipped by their stated length, seen or not.  Thread: any one at a time; callbacks come from feed() and close().
///
/// Feed chunks in the order they happened, duplicates allowed.  Missing bytes are noticed by `position` and `originalSize`:
///  - wholly inside a skipped body or value they cost nothing;
///  - elsewhere the exchanges they touch are counted as Loss::ParserGap and reading goes on at the next message that begins a chunk.
///    Which request a later response answers is taken as known again when the rules of exchange_queue.h prove it, so that a gap
///    costs exchanges and never gives a wrong latency.
/// A head or line over kMaxPartial is counted as Loss::ParserBufferFull, bytes that are none of the protocol as Loss::ParserResync.
class StreamParser {
public:
    static constexpr std::size_t kMaxPartial = 16 * 1024;
    static constexpr std::size_t kMaxInFlight = 16 * 1024;

    /// `routes` is lent: one for all parsers of a thread, outlives them.
    StreamParser(Start start, Roles roles, RouteCache& routes);
    StreamParser(StreamParser&&) noexcept;
    StreamParser& operator=(StreamParser&&) noexcept;
    ~StreamParser();

    /// For Start::MidStream: from when on all bytes of the connection are fed.  After a pause from there to the first bytes nothing older is
    /// unanswered, so that the first exchange counts too.
    void quietSince(HostTime at) { m_quietSince = at; }

    void feed(const Chunk& chunk, ExchangeSink& sink);

    /// Reports what is left: a response that lasts until close is complete, other unfinished exchanges are broken off.
    /// Feed nothing afterwards.
    void close(const StreamEnd& end, ExchangeSink& sink);

    Verdict verdict() const
    {
        return m_detection ? Verdict::Undecided : m_stream ? Verdict::Parse : Verdict::NotAProtocolWeKnow;
    }
    Protocol protocol() const { return m_protocol; } // Unknown until the verdict is Parse; stays after an upgrade

    /// Nothing while it is not known; true when what was fed as Request is the server's side.
    std::optional<bool> rolesSwapped() const { return m_swapped; }

    /// Unanswered requests, oldest first, as many as fit; returns how many there are.
    std::size_t inFlight(std::span<InFlight> out) const;

    /// Responses whose request was before the parser's time, or that nobody asked for.  Not exchanges and not losses.
    std::uint64_t orphanResponses() const;

    /// Where what each chunk touches lies, for whoever wants it in the cache beforehand; nullptr before the verdict Parse.
    const void* state() const { return m_stream.get(); }

private:
    void decide(const Chunk& chunk, ExchangeSink& sink);
    bool feedStream(const Chunk& chunk, ExchangeSink& sink);
    void leave();

    std::unique_ptr<Detection> m_detection; // until the verdict
    std::unique_ptr<AnyStream> m_stream;    // from the verdict Parse on
    HostTime m_quietSince{};
    RouteCache* m_routes;                   // not owned, outlives this
    std::uint64_t m_orphans = 0;            // of a stream that was left
    Protocol m_protocol = Protocol::Unknown;
    std::optional<bool> m_swapped;
};

} // namespace binnacle::protocols
