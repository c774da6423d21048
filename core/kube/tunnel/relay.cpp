// SPDX-License-Identifier: Apache-2.0
#include "core/kube/tunnel/internal/relay.h"

#include <boost/asio/write.hpp>

#include <algorithm>

namespace binnacle::kube {
namespace {

constexpr int kMissedPings = 2;
constexpr int kStuckPings = 10; // the other side takes nothing: back-pressure, for a while

/// Shared by the tasks of one relay; the last one to end wakes whoever waits.
struct Relay {
    Relay(asio::io_context& itsContext, LocalSocket itsLocal, ForwardPointer itsRemote)
        : context(itsContext), local(std::move(itsLocal)), remote(std::move(itsRemote)), operation(std::make_shared<Operation>()),
          finished(itsContext, Timer::time_point::max())
    {
    }

    /// The first one to end says why; the others are woken.
    void end(std::optional<Error> why, bool byPod)
    {
        if (isEnding)
            return;
        isEnding = true;
        result.why = std::move(why);
        result.byPod = byPod && !isLeaving;
        operation->stop(Operation::Stop::Cancelled);
    }

    void leave()
    {
        if (--running == 0)
            finished.cancel();
    }

    asio::io_context& context;
    LocalSocket local;
    ForwardPointer remote;
    OperationPointer operation; // of the pauses between pings
    Timer finished;
    RelayEnd result;
    int running = 0;
    bool isEnding = false;
    bool isLeaving = false;   // the local side has gone; what the other side answers to our goodbye is no end of its own
    bool isPinging = false;   // a ping is not out yet: nothing can be sent
    bool isHeldBack = false; // the local side does not read: nothing can arrive, and that is no sign of death
};
using RelayPointer = std::shared_ptr<Relay>;

void closeLocal(Relay& relay)
{
    Failure ignored;
    relay.local.shutdown(LocalSocket::shutdown_both, ignored);
    relay.local.close(ignored);
}

Task<void> carryDown(RelayPointer relay)
{
    std::vector<std::uint8_t> piece(ForwardConnection::kLargestPiece);
    for (;;) {
        const auto got = co_await relay->remote->read(piece);
        if (!got || *got == 0) {
            relay->end(got ? std::nullopt : std::optional(got.error()), true);
            break;
        }
        relay->result.received += *got;
        Failure failure;
        relay->isHeldBack = true;
        co_await asio::async_write(relay->local, asio::buffer(piece.data(), *got), into(failure));
        relay->isHeldBack = false;
        if (failure) {
            relay->end(std::nullopt, false);
            break;
        }
    }
    closeLocal(*relay);
    relay->leave();
}

Task<void> carryUp(RelayPointer relay, std::string early)
{
    std::vector<std::uint8_t> piece(ForwardConnection::kLargestPiece);
    for (std::string_view left = early; !left.empty();) {
        const std::string_view now = left.substr(0, piece.size());
        left.remove_prefix(now.size());
        if (const auto sent = co_await relay->remote->write(asBytes(now)); !sent)
            break; // carryDown learns why
        relay->result.sent += now.size();
    }
    for (;;) {
        Failure failure;
        const std::size_t got = co_await relay->local.async_read_some(asio::buffer(piece), into(failure));
        if (failure) {
            relay->isLeaving = true;
            if (!relay->isEnding)
                co_await relay->remote->finish();
            relay->end(std::nullopt, false);
            break;
        }
        if (const auto sent = co_await relay->remote->write(ByteView(piece).first(got)); !sent)
            break;
        relay->result.sent += got;
    }
    relay->remote->close();
    relay->leave();
}

Task<void> sendPing(RelayPointer relay)
{
    relay->isPinging = true;
    (void)co_await relay->remote->ping();
    relay->isPinging = false;
}

/// Ticks until the relay ends; a connection that gives no sign of life in two of them is given up.
Task<void> keepAlive(RelayPointer relay, std::chrono::milliseconds every)
{
    int missed = -1; // nothing was asked yet
    int stuck = 0;
    std::uint64_t seen = relay->remote->arrivals();
    while (co_await sleepFor(relay->operation, relay->context, every)) {
        stuck = relay->isPinging ? stuck + 1 : 0;
        missed = relay->remote->arrivals() != seen || relay->isHeldBack || relay->isPinging ? 0 : missed + 1;
        seen = relay->remote->arrivals();
        if (missed >= kMissedPings || stuck >= kStuckPings) {
            relay->end(Error{ErrorCode::Unavailable, "no answer to two pings: the connection is dead, as after a network change or behind a load balancer that forgot it"}, true);
            break;
        }
        if (!relay->isPinging)
            start(relay->context, [relay] { return sendPing(relay); });
    }
    relay->remote->close();
    closeLocal(*relay);
    relay->leave();
}

} // namespace

Task<RelayEnd> relay(OperationPointer operation, asio::io_context& context, LocalSocket local, ForwardPointer remote, std::string early,
                     std::chrono::milliseconds pingEvery)
{
    const auto shared = std::make_shared<Relay>(context, std::move(local), std::move(remote));
    shared->running = 3;
    const Operation::Waker waker(*operation, [shared] { shared->end(std::nullopt, false); });
    if (operation->isStopped())
        shared->end(std::nullopt, false);
    start(context, [shared] { return carryDown(shared); });
    start(context, [shared, early = std::move(early)] { return carryUp(shared, early); });
    start(context, [shared, pingEvery] { return keepAlive(shared, pingEvery); });
    while (shared->running > 0) {
        Failure ignored;
        co_await shared->finished.async_wait(into(ignored));
    }
    co_return std::move(shared->result);
}

} // namespace binnacle::kube
