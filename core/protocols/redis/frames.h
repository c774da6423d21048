// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/protocols/application_protocol.h"
#include "core/protocols/bounded_text.h"

namespace binnacle::protocols {

/// Redis: RESP2, and RESP3 as far as not to lose count (github.com/redis/redis-specifications/blob/master/protocol/RESP3.md).
///
/// Of a request the command's name is kept, and the subcommand of those that are families (CONFIG GET); of a reply whether it is an error, and
/// the error's code.  A name is believed when it has the shape of one ([A-Za-z._-], with a known family or a known error it is checked by
/// the server's reply too: "unknown command" makes it OTHER); keys and values are skipped unread.
///
/// What a server says unasked is no reply: messages of subscriptions, `>` pushes, MONITOR lines.  A command that gets no reply (CLIENT REPLY OFF
/// and SKIP) is no exchange.  After SYNC and PSYNC the connection is a replication stream and is left.
struct Redis {
    static constexpr Protocol kProtocol = Protocol::Redis;
    static constexpr bool kPipelines = true;
    static constexpr std::size_t kMaxInFlight = 16 * 1024;
    static constexpr std::uint8_t kMaxName = 24;
    static constexpr std::uint8_t kMaxHead = 48; // of those that are remembered

    /// Commands that change what comes back.
    enum class Verb : std::uint8_t { Other, Subscribe, Monitor, Replicate, ClientReply };

    struct Request {
        std::uint32_t replies = 1; // a subscription is confirmed once a channel
        Verb verb = Verb::Other;
        std::uint8_t nameLength = 0;         // the first bytes of the route
        BoundedText<2 * kMaxName + 1> route; // "GET", "CONFIG GET"

        std::string_view routeText() const { return route.view(); }
    };

    struct Response {
        BoundedText<16> error; // its code when it is one
        bool isError = false;
        bool unknownCommand = false;
        bool leaves = false;
    };

    /// A message is a run of elements: an aggregate of n adds n to what is left, so that nesting needs no stack and has no depth.
    struct Lane : LaneState {
        std::uint64_t left = 0;    // elements still to come of the message
        std::uint32_t element = 0; // number of the next one
        bool bulkOpen = false;     // `skip` was set for the data of the last bulk string
    };

    struct RequestLane : Lane {
        BoundedText<kMaxName> name, subcommand;
        std::uint32_t arguments = 0; // behind the name
        enum class Reply : std::uint8_t { NotNamed, On, Off, Skip } reply = Reply::NotNamed; // of CLIENT REPLY
        /// "*2\r\n$3\r\nGET\r\n" of the command read last, if it is a plain one: one that begins alike means the same, and only its other
        /// arguments are left to be passed over.
        BoundedText<kMaxHead> head;
        std::uint32_t headArguments = 0;
    };

    struct ResponseLane : Lane {
        char type = 0;                // of the outermost element
        bool unasked = false;         // by its type or first word
        bool confirmation = false;    // of a subscription that is being answered
        std::uint32_t confirmed = 0;  // confirmations seen of the request that is being answered
    };

    struct State {
        RequestLane request;
        ResponseLane response;
        Request read; // the command read last
        // Of the connection; a gap does not change it.
        bool subscribed = false;
        bool monitoring = false;
        bool repliesOff = false;
        bool skipNext = false;

        LaneState& lane(Direction d) { return d == Direction::Request ? static_cast<LaneState&>(request) : response; }
        void resetLane(Direction d)
        {
            if (d == Direction::Request)
                request = {};
            else
                response = {};
        }
    };

    static Likeness looksLike(ByteView bytes, Direction direction);
    static Step nextRequest(ByteReader& in, State& state, RouteCache& routes, const Request*& found);
    static Step nextResponse(ByteReader& in, State& state, const Request* answering, Response& out);
    static std::size_t repeats(ByteView unit, ByteView behind, Direction direction, const State& state, std::size_t most);
    static void pair(const Request& request, const Response* response, Exchange& out);
};

} // namespace binnacle::protocols
