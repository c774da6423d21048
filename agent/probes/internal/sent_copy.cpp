// SPDX-License-Identifier: Apache-2.0
#include "agent/probes/internal/sent_copy.h"

#include "bpf/abi/sent_copy.h"

#include <binnacle_bpf.skel.h>
#include <bpf/bpf.h>
#include <fmt/format.h>

#include <netinet/in.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

namespace binnacle::agent {
namespace {

class Descriptor {
public:
    explicit Descriptor(int fd) : m_fd(fd) {}
    Descriptor(Descriptor&& other) noexcept : m_fd(std::exchange(other.m_fd, -1)) {}
    Descriptor& operator=(Descriptor&&) = delete;
    ~Descriptor()
    {
        if (m_fd >= 0)
            ::close(m_fd);
    }
    int operator*() const { return m_fd; }

private:
    int m_fd;
};

struct Connection {
    Descriptor client, server;
};

std::unexpected<Error> noConnection()
{
    return failure(ErrorCode::Unavailable, fmt::format("the agent cannot connect to itself over 127.0.0.1 ({})", std::strerror(errno)));
}

/// Over loopback, to a port that the kernel chooses.
Result<Connection> connectToSelf()
{
    const Descriptor listener(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    Descriptor client(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof(address);
    auto* const place = reinterpret_cast<sockaddr*>(&address);
    if (::bind(*listener, place, size) != 0 || ::listen(*listener, 1) != 0 || ::getsockname(*listener, place, &size) != 0)
        return noConnection();
    if (::connect(*client, place, size) != 0)
        return noConnection();
    Descriptor server(::accept4(*listener, nullptr, nullptr, SOCK_CLOEXEC));
    constexpr linger kLeaveNothing{1, 0}; // closed by a reset: no port waits for a minute
    if (*server < 0 || ::setsockopt(*client, SOL_SOCKET, SO_LINGER, &kLeaveNothing, sizeof(kLeaveNothing)) != 0)
        return noConnection();
    return Connection{std::move(client), std::move(server)};
}

using Pattern = std::array<std::uint8_t, BN_SENT_PATTERN>;

/// What the kernel side says of the last bytes that this thread sent.
Result<bn_sent_copy> ask(binnacle_bpf& skeleton, const Pattern& sent)
{
    std::array<__u64, 1> arguments{reinterpret_cast<__u64>(sent.data())};
    bpf_test_run_opts run{};
    run.sz = sizeof(run);
    run.ctx_in = arguments.data();
    run.ctx_size_in = sizeof(arguments);
    if (const int error = bpf_prog_test_run_opts(bpf_program__fd(skeleton.progs.find_sent_copy), &run); error != 0)
        return failure(ErrorCode::Unavailable, fmt::format("the kernel does not run the search ({})", std::strerror(-error)));
    return static_cast<bn_sent_copy>(run.retval);
}

/// Sends a buffer of nothing and then random bytes, in one call.
Result<bn_sent_copy> sendAndAsk(binnacle_bpf& skeleton, const Connection& connection, std::size_t before)
{
    std::array<std::uint8_t, 4096> filling{}, back;
    Pattern pattern;
    if (::getrandom(pattern.data(), pattern.size(), 0) != static_cast<ssize_t>(pattern.size()))
        return failure(ErrorCode::Unavailable, "there are no random numbers");
    const std::array<iovec, 2> parts{{{filling.data(), before}, {pattern.data(), pattern.size()}}};
    if (::writev(*connection.client, parts.data(), parts.size()) != static_cast<ssize_t>(before + pattern.size()))
        return noConnection();
    auto answer = ask(skeleton, pattern);
    if (::recv(*connection.server, back.data(), before + pattern.size(), MSG_WAITALL) != static_cast<ssize_t>(before + pattern.size()))
        return noConnection();
    return answer;
}

/// A task's piece of memory is 32 KiB or, when memory is short, one page: this many messages of nearly a page are on several of them.
constexpr int kMessages = 24;
constexpr int kLeastRead = 12;
constexpr std::size_t kFilling = 3989; // with the pattern, no divisor of a page

Result<void> search(binnacle_bpf& skeleton)
{
    const auto connection = connectToSelf();
    if (!connection)
        return std::unexpected(connection.error());
    int read = 0;
    for (int message = 0; message < kMessages; ++message) {
        const auto answer = sendAndAsk(skeleton, *connection, message == 0 ? 0 : kFilling);
        if (!answer)
            return std::unexpected(answer.error());
        if (*answer == BN_SENT_COPY_UNKNOWN)
            return failure(ErrorCode::Unsupported, "the kernel's copy of what is sent was not found");
        read += *answer == BN_SENT_COPY_READ;
    }
    if (read < kLeastRead)
        return failure(ErrorCode::Unsupported, "the kernel's copy of what is sent was not found often enough");
    return {};
}

} // namespace

Result<void> findSentCopy(binnacle_bpf& skeleton)
{
    auto found = search(skeleton);
    if (!found)
        skeleton.bss->direct_map_origin = 0;
    return found;
}

} // namespace binnacle::agent
