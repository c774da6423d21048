// SPDX-License-Identifier: Apache-2.0
#include "core/base/platform/local_socket.h"

#include <cerrno>
#include <cstring>

#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

namespace binnacle::platform {
namespace {

constexpr int kBacklog = 16;

int number(const NativeSocket& socket) { return static_cast<int>(socket.get()); }

bool isReady(const NativeSocket& socket, std::chrono::milliseconds patience)
{
    pollfd watched{number(socket), POLLIN, 0};
    return ::poll(&watched, 1, static_cast<int>(patience.count())) > 0;
}

/// Somebody who gave up before he was accepted.
bool hasLeft(int connection)
{
    char first = 0;
    return ::recv(connection, &first, 1, MSG_PEEK | MSG_DONTWAIT) == 0;
}

Result<sockaddr_un> addressOf(const std::filesystem::path& file)
{
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    const std::string path = file.string();
    if (path.size() >= sizeof address.sun_path)
        return failure(ErrorCode::Invalid, path + " is too long a path for a socket");
    std::memcpy(address.sun_path, path.data(), path.size());
    return address;
}

} // namespace

Result<std::pair<NativeSocket, NativeSocket>> makeSocketPair()
{
    int ends[2];
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0)
        return failure(ErrorCode::Unavailable, std::string("no socket pair can be made: ") + std::strerror(errno));
    return std::pair(NativeSocket(ends[0]), NativeSocket(ends[1]));
}

Received receiveSome(const NativeSocket& from, std::chrono::milliseconds patience)
{
    if (!isReady(from, patience))
        return {};
    char block[4096];
    const ssize_t got = ::recv(number(from), block, sizeof block, MSG_DONTWAIT);
    if (got > 0)
        return {std::string(block, static_cast<std::size_t>(got)), false};
    return {{}, got == 0 || (errno != EAGAIN && errno != EINTR)};
}

Result<NativeSocket> connectLocal(const std::filesystem::path& file)
{
    const auto address = addressOf(file);
    if (!address)
        return std::unexpected(address.error());
    NativeSocket socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (!socket || ::connect(number(socket), reinterpret_cast<const sockaddr*>(&*address), sizeof *address) != 0)
        return failure(ErrorCode::Unavailable, "nobody listens at " + file.string() + ": " + std::strerror(errno));
    return socket;
}

bool sendAll(const NativeSocket& to, std::string_view bytes)
{
    while (!bytes.empty()) {
        const ssize_t sent = ::send(number(to), bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (sent < 0 && errno == EINTR)
            continue;
        if (sent <= 0)
            return false;
        bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
}

Result<LocalListener> LocalListener::open(const std::filesystem::path& file)
{
    const auto address = addressOf(file);
    if (!address)
        return std::unexpected(address.error());
    const std::string path = file.string();
    NativeSocket socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    // The mode is set before listen(): nobody can connect in between.
    if (!socket || ::bind(number(socket), reinterpret_cast<const sockaddr*>(&*address), sizeof *address) != 0 || ::chmod(path.c_str(), 0600) != 0
        || ::listen(number(socket), kBacklog) != 0)
        return failure(ErrorCode::Unavailable, "no socket can be made at " + path + ": " + std::strerror(errno));
    return LocalListener(file, std::move(socket));
}

LocalListener::~LocalListener()
{
    if (m_socket)
        ::unlink(m_file.c_str());
}

std::optional<NativeSocket> LocalListener::accept(std::chrono::milliseconds patience)
{
    if (!isReady(m_socket, patience))
        return std::nullopt;
    NativeSocket connection(::accept4(number(m_socket), nullptr, nullptr, SOCK_CLOEXEC));
    if (!connection || hasLeft(number(connection)))
        return std::nullopt;
    return connection;
}

} // namespace binnacle::platform
