// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/base/seen_bytes.h"
#include "core/protocols/application_protocol.h"
#include "core/protocols/route_template.h"

#include <array>
#include <optional>

namespace binnacle::protocols {

/// HTTP/1.0 and HTTP/1.1 (RFC 9110, RFC 9112).
struct Http {
    static constexpr Protocol kProtocol = Protocol::Http;
    static constexpr bool kPipelines = false; // allowed, but hardly any client does
    static constexpr std::size_t kMaxInFlight = 1024;

    /// What decides how the response is framed.
    enum class Verb : std::uint8_t { Other, Head, Connect };

    struct Request {
        std::uint64_t requestIdHash = 0; // stableHash64 of x-request-id
        std::array<std::uint8_t, 16> traceId{};
        std::array<std::uint8_t, 8> parentSpanId{};
        bool hasTraceparent = false;
        Verb verb = Verb::Other;
        std::uint8_t version = 0;        // 10, 11
        std::uint8_t methodLength = 0;   // the first bytes of the route
        RouteText route;                 // "GET /orders/{id}"

        std::string_view routeText() const { return route.view(); }
    };

    struct Response {
        std::array<char, 3> status{};
        bool leaves = false; // 101, or 2xx to CONNECT
    };

    /// What a head says about the body behind it (RFC 9112 §6.3).
    struct Framing {
        std::optional<std::uint64_t> length;
        bool chunked = false;
        bool otherCoding = false; // a transfer coding that does not say where it ends
        bool invalid = false;
    };

    /// Where the reader of one direction stands.
    struct Lane : LaneState {
        enum class At : std::uint8_t {
            Head,      // at a boundary
            Body,      // of stated length: `skip` counts it
            ChunkSize, // before "1f;name=value\r\n"
            ChunkEnd,  // before the line end behind a chunk's data
            Trailer,   // after the last chunk
        };
        At at = At::Head;
        /// Clients and servers on a kept connection repeat themselves: a head that came before, byte for byte, means what it meant then.
        SeenBytes seen;
        Framing seenFraming;
    };

    struct State {
        Lane lanes[2];
        SharedBytes* heads = nullptr; // of all connections, not owned; met with the first request
        Response seenResponse; // what the seen head of that direction said
        Request seenRequest;
        Request request;       // the latest that was not seen before
        Lane& lane(Direction d) { return lanes[static_cast<std::size_t>(d)]; }
        void resetLane(Direction d) { lane(d) = Lane{}; }
    };

    static Likeness looksLike(ByteView bytes, Direction direction);
    static Step nextRequest(ByteReader& in, State& state, RouteCache& routes, const Request*& found);
    static Step nextResponse(ByteReader& in, State& state, const Request* answering, Response& out);
    static void pair(const Request& request, const Response* response, Exchange& out);
};

} // namespace binnacle::protocols
