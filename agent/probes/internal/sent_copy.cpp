// SPDX-License-Identifier: Apache-2.0
#include "agent/probes/internal/sent_copy.h"

#include "bpf/abi/sent_copy.h"
#include "core/base/platform/descriptor.h"

#include <binnacle_bpf.skel.h>
#include <bpf/bpf.h>
#include <fmt/format.h>

#include <netinet/in.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/uio.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <set>
#include <string_view>
#include <utility>
#include <vector>

namespace binnacle::agent {
namespace {

using platform::Descriptor;

/// A connection of the agent to itself.
struct Connection {
    Descriptor client, server;
};

std::unexpected<Error> cannot(std::string_view what)
{
    return failure(ErrorCode::Unavailable, fmt::format("the agent's connection to itself over 127.0.0.1: {}: {}", what, std::strerror(errno)));
}

/// No call waits for longer than a second, and what is closed is closed by a reset: no port is taken for a minute.
bool isBounded(const Descriptor& socket)
{
    constexpr timeval kLongest{1, 0};
    constexpr linger kLeaveNothing{1, 0};
    return socket.isOpen() && ::setsockopt(socket.number(), SOL_SOCKET, SO_RCVTIMEO, &kLongest, sizeof(kLongest)) == 0
           && ::setsockopt(socket.number(), SOL_SOCKET, SO_SNDTIMEO, &kLongest, sizeof(kLongest)) == 0
           && ::setsockopt(socket.number(), SOL_SOCKET, SO_LINGER, &kLeaveNothing, sizeof(kLeaveNothing)) == 0;
}

Result<Connection> connectToSelf()
{
    const Descriptor listener(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    Descriptor client(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (!isBounded(listener) || !isBounded(client))
        return cannot("socket");
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof(address);
    auto* const place = reinterpret_cast<sockaddr*>(&address); // the kernel chooses the port
    if (::bind(listener.number(), place, size) != 0 || ::listen(listener.number(), 1) != 0 || ::getsockname(listener.number(), place, &size) != 0)
        return cannot("listen");
    if (::connect(client.number(), place, size) != 0)
        return cannot("connect");
    Descriptor server(::accept4(listener.number(), nullptr, nullptr, SOCK_CLOEXEC));
    if (!isBounded(server))
        return cannot("accept");
    return Connection{std::move(client), std::move(server)};
}

using Pattern = std::array<std::uint8_t, BN_SENT_PATTERN>;

struct Answer {
    bn_sent_copy what = BN_SENT_COPY_NO_ANSWER;
    std::uint32_t page = 0;
};

/// What the kernel side says of the last bytes that this thread sent.
Result<Answer> ask(binnacle_bpf& skeleton, const Connection& connection, const Pattern& sent)
{
    const bn_sent_question question{reinterpret_cast<__u64>(sent.data()), static_cast<__u32>(connection.client.number()), 0};
    std::array<__u64, 1> arguments{reinterpret_cast<__u64>(&question)};
    bpf_test_run_opts run{};
    run.sz = sizeof(run);
    run.ctx_in = arguments.data();
    run.ctx_size_in = sizeof(arguments);
    if (const int error = bpf_prog_test_run_opts(bpf_program__fd(skeleton.progs.find_sent_copy), &run); error != 0)
        return failure(ErrorCode::Unavailable, fmt::format("the kernel does not run the search: {}", std::strerror(-error)));
    return Answer{static_cast<bn_sent_copy>(run.retval & 0xff), run.retval >> 8};
}

/// Sends `before` bytes of nothing and then random ones, in one call.
Result<Answer> sendAndAsk(binnacle_bpf& skeleton, const Connection& connection, std::size_t before)
{
    std::vector<std::uint8_t> filling(before);
    Pattern pattern;
    if (::getrandom(pattern.data(), pattern.size(), 0) != static_cast<ssize_t>(pattern.size()))
        return cannot("random numbers");
    const std::array<iovec, 2> parts{{{filling.data(), filling.size()}, {pattern.data(), pattern.size()}}};
    errno = EAGAIN; // of a call that sends less than all
    if (::writev(connection.client.number(), parts.data(), parts.size()) != static_cast<ssize_t>(before + pattern.size()))
        return cannot("send");
    return ask(skeleton, connection, pattern);
}

/// Where little happens, all slabs that are partly free are in use by some CPU, and the kernel side finds none.  Sockets that come and go leave
/// some of theirs (mm/slub.c: min_partial of a cache are kept).
void leaveFreeSlabs()
{
    constexpr std::size_t kSockets = 160; // a dozen slabs, of which a CPU keeps four
    std::vector<Descriptor> sockets;
    sockets.reserve(kSockets);
    while (sockets.size() < kSockets)
        sockets.emplace_back(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
}

/// A task's piece of memory is 32 KiB or, when memory is short, one page.  What is not read keeps its piece in use, so that this many
/// messages of nearly a page lie in two at least; more might not find room in the socket.
constexpr int kMessages = 11;
constexpr int kLeastRead = 6;
constexpr std::size_t kFilling = 3989; // with the pattern, no divisor of a page

Result<void> search(binnacle_bpf& skeleton)
{
    const auto connection = connectToSelf();
    if (!connection)
        return std::unexpected(connection.error());
    int read = 0;
    std::set<std::uint32_t> pages;
    for (int message = 0; message < kMessages; ++message) {
        auto answer = sendAndAsk(skeleton, *connection, message == 0 ? 0 : kFilling);
        if (message == 0 && answer && answer->what == BN_SENT_COPY_UNKNOWN) {
            leaveFreeSlabs();
            answer = sendAndAsk(skeleton, *connection, 0);
        }
        if (!answer)
            return std::unexpected(answer.error());
        if (answer->what == BN_SENT_COPY_UNKNOWN)
            return failure(ErrorCode::Unsupported, "the kernel's copy of what is sent is not where it is looked for");
        if (answer->what == BN_SENT_COPY_READ) {
            ++read;
            pages.insert(answer->page);
        }
    }
    if (read < kLeastRead || pages.size() < 2)
        return failure(ErrorCode::Unsupported, "the kernel's copy of what is sent was not found often enough");
    return {};
}

} // namespace

Result<void> findSentCopy(binnacle_bpf& skeleton)
{
    auto found = search(skeleton);
    if (!found)
        skeleton.bss->page_address_bias = 0;
    return found;
}

} // namespace binnacle::agent
