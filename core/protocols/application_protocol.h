// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/base/byte_reader.h"
#include "core/protocols/exchange.h"

#include <concepts>
#include <cstdint>
#include <limits>

namespace binnacle::protocols {

class RouteCache;

/// What became of the input.
enum class Step : std::uint8_t {
    Frame,         // a frame or a part of one was read (LaneState::part says which), bytes consumed
    NeedMore,      // looks right so far, nothing consumed
    Skip,          // valid but of no interest, or a part of a frame that its state remembers; bytes consumed, or `skip` set
    Resync,        // not this protocol here: search the next boundary, count a loss
    LeaveProtocol, // stop parsing this stream as ours
};

/// Which part of a message a Step::Frame stands for.
enum class Part : std::uint8_t {
    Begin, // the head is known, the body goes on
    End,   // of the one that began
    Whole, // both at once
};

/// How much bytes look like the beginning of a message.
enum class Likeness : std::uint8_t {
    No,
    Maybe, // too short to say
    Weak,  // could be; the other direction has to agree
    Yes,
};

/// What the frame of the parsers and a parser share about one direction.  A protocol's own state derives from it.
struct LaneState {
    static constexpr std::uint64_t kUntilClose = std::numeric_limits<std::uint64_t>::max();

    std::uint64_t skip = 0;    // bytes to pass over before next() is called again, seen or not
    std::uint32_t scanned = 0; // of an unfinished head: bytes known to hold no end, so that slow senders cost no second look
    bool inMessage = false;    // next() has consumed a part of a message
    Part part = Part::Whole;   // of the last Step::Frame
};

/// A protocol is a type with these members, in a folder of its own: frames.h (what is on the wire), parser.cpp (bytes → frames),
/// pairer.cpp (frames → exchange).  It never allocates, never looks at time, and keeps no literal beyond the call.
///
/// nextRequest() and nextResponse() are called again after `skip` bytes have passed, then also with no input left, since that may end a
/// message.  `answering` is the request that the response arriving now belongs to; null when that is not known.
template <class P>
concept ApplicationProtocol =
    requires(ByteReader& in, typename P::State& state, const typename P::Request*& found, typename P::Response& response,
             const typename P::Request& asked, const typename P::Response& answer, Exchange& out, RouteCache& routes, ByteView bytes,
             Direction direction) {
        { P::kProtocol } -> std::convertible_to<Protocol>;
        { P::kPipelines } -> std::convertible_to<bool>; // do clients usually send before the answer is there?
        { P::kMaxInFlight } -> std::convertible_to<std::size_t>; // unanswered requests that are kept
        { P::looksLike(bytes, direction) } -> std::same_as<Likeness>;
        { state.lane(direction) } -> std::convertible_to<LaneState&>;
        { state.resetLane(direction) };
        { P::nextRequest(in, state, routes, found) } -> std::same_as<Step>; // `found` points into `state`
        { P::nextResponse(in, state, &asked, response) } -> std::same_as<Step>;
        { asked.routeText() } -> std::same_as<std::string_view>;
        { answer.leaves } -> std::convertible_to<bool>; // after this response the connection speaks something else
        { P::pair(asked, &answer, out) } -> std::same_as<void>; // texts and error; null: broken off
    };

/// A protocol whose clients send many alike messages in one call can tell how many more like the one just read, whole, follow it: each of
/// unit.size() bytes, whole too, and such that reading it would give the same frame and leave the same state.  At most `most`.
template <class P>
concept RepeatsMessages = requires(ByteView unit, ByteView behind, Direction direction, const typename P::State& state, std::size_t most) {
    { P::repeats(unit, behind, direction, state, most) } -> std::same_as<std::size_t>;
};

} // namespace binnacle::protocols
