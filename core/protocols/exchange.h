// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/base/catalog.h"
#include "core/base/clocks.h"

#include <array>
#include <cstdint>
#include <string_view>

namespace binnacle::protocols {

enum class Direction : std::uint8_t {
    Request,  // client → server
    Response, // server → client
};

constexpr Direction opposite(Direction d) { return d == Direction::Request ? Direction::Response : Direction::Request; }

/// One request with its response, or one that was broken off.  Views are valid during the callback only.
///
/// Holds no query string, header value, body, key or value; the propagation ids are the one exception.
struct Exchange {
    Protocol protocol = Protocol::Unknown;
    std::string_view method; // HTTP method (`_OTHER` if not registered), Redis command in upper case (`OTHER` if it is none)
    std::string_view route;  // "GET /orders/{id}", "CONFIG GET"; at most kMaxRoute bytes (route_template.h)
    std::string_view status; // "200", "OK", "WRONGTYPE"; empty when the connection ended before the response was complete
    bool error = false;      // HTTP 5xx, Redis error reply, broken off

    HostTime requestStart{}, requestEnd{};   // first and last byte; requestEnd is that of the last byte seen if the last was lost
    HostTime responseStart{}, responseEnd{}; // responseStart is of the final response, not of a 1xx before it; equal the end of the
                                             // connection when broken off
    std::uint32_t requestThread = 0;    // who moved the first request byte
    std::uint32_t responseThread = 0;   // who moved the last response byte
    std::uint64_t requestPosition = 0;  // stream position of the first byte of each
    std::uint64_t responsePosition = 0;
    std::uint32_t requestSequence = 0;  // TCP sequence number of the first byte of each
    std::uint32_t responseSequence = 0;
    std::uint64_t requestBytes = 0;     // on the wire, head and body
    std::uint64_t responseBytes = 0;
    std::uint16_t version = 0;          // HTTP: 10 or 11

    std::uint64_t requestIdHash = 0; // stableHash64 of x-request-id, 0 if none
    bool hasTraceparent = false;
    // Both zero without one.  Whoever makes an Exchange sets them: given a value here, compilers clear the whole of it before they fill it.
    std::array<std::uint8_t, 16> traceId;
    std::array<std::uint8_t, 8> parentSpanId;
};

/// The exchange `steps` behind `first` in a run of alike ones (ExchangeSink::onRun).
inline Exchange inRun(Exchange first, std::uint32_t steps)
{
    first.requestPosition += steps * first.requestBytes;
    first.responsePosition += steps * first.responseBytes;
    first.requestSequence += static_cast<std::uint32_t>(steps * first.requestBytes);
    first.responseSequence += static_cast<std::uint32_t>(steps * first.responseBytes);
    return first;
}

/// A request that has no complete response yet.  The view lives until the parser is fed again.
struct InFlight {
    std::string_view route;
    HostTime startedAt{};
    std::uint32_t thread = 0;
    std::uint64_t requestPosition = 0;
};

/// Takes what a StreamParser finds.
class ExchangeSink {
public:
    virtual ~ExchangeSink() = default;
    virtual void onExchange(const Exchange& exchange) = 0;
    /// `count` exchanges that one record asked and one answered, alike in everything but where their bytes are: each request begins where the
    /// one before it ended, and so does each response.  As onExchange() for each of them, in their order.
    virtual void onRun(const Exchange& first, std::uint32_t count)
    {
        for (std::uint32_t i = 0; i < count; ++i)
            onExchange(inRun(first, i));
    }
    /// ParserGap counts exchanges, ParserResync and ParserBufferFull count bytes.
    virtual void onLoss(Loss loss, std::uint64_t count, HostTime at) = 0;
};

} // namespace binnacle::protocols
