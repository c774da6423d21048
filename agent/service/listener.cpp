// SPDX-License-Identifier: Apache-2.0
#include "agent/service/listener.h"

#include "core/base/platform/files.h"

#include <algorithm>
#include <arpa/inet.h>
#include <array>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>
#include <utility>

namespace binnacle::agent {
namespace {

constexpr int kBacklog = 64;

sockaddr_un unixAddress(const std::string& path)
{
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, path.c_str(), std::min(path.size(), sizeof address.sun_path - 1));
    return address;
}

struct SocketAddress {
    sockaddr_storage storage{};
    socklen_t size = 0;
    const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage); }
};

SocketAddress socketAddress(const ListenAddress& address)
{
    SocketAddress result;
    if (address.kind == ListenAddress::Kind::Unix) {
        const sockaddr_un local = unixAddress(address.path);
        std::memcpy(&result.storage, &local, sizeof local);
        result.size = sizeof local;
    } else if (address.endpoint.address.isV4()) {
        auto& v4 = reinterpret_cast<sockaddr_in&>(result.storage);
        v4.sin_family = AF_INET;
        v4.sin_port = htons(address.endpoint.port);
        std::memcpy(&v4.sin_addr, address.endpoint.address.bytes.data() + 12, 4);
        result.size = sizeof v4;
    } else {
        auto& v6 = reinterpret_cast<sockaddr_in6&>(result.storage);
        v6.sin6_family = AF_INET6;
        v6.sin6_port = htons(address.endpoint.port);
        std::memcpy(&v6.sin6_addr, address.endpoint.address.bytes.data(), 16);
        result.size = sizeof v6;
    }
    return result;
}

int newSocket(const ListenAddress& address)
{
    const int domain = address.kind == ListenAddress::Kind::Unix ? AF_UNIX : address.endpoint.address.isV4() ? AF_INET : AF_INET6;
    return ::socket(domain, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
}

bool someoneListens(const ListenAddress& address)
{
    const int probe = newSocket(address);
    const SocketAddress where = socketAddress(address);
    const bool connected = ::connect(probe, where.get(), where.size) == 0 || errno == EAGAIN || errno == EINPROGRESS;
    ::close(probe);
    return connected;
}

/// A socket file that a killed agent left behind; anything else at that path is not ours to delete.
Result<void> removeStale(const ListenAddress& address)
{
    struct stat status{};
    if (::lstat(address.path.c_str(), &status) != 0)
        return {};
    if (!S_ISSOCK(status.st_mode))
        return failure(ErrorCode::Invalid, address.path + " exists and is no socket; choose another path with --listen");
    if (someoneListens(address))
        return failure(ErrorCode::Unavailable, "another agent listens on " + address.toText() + "; stop it, or choose another address with --listen");
    ::unlink(address.path.c_str());
    return {};
}

Result<void> prepare(const ListenAddress& address)
{
    if (address.kind != ListenAddress::Kind::Unix)
        return {};
    std::error_code problem;
    if (const auto folder = std::filesystem::path(address.path).parent_path(); !folder.empty())
        std::filesystem::create_directories(folder, problem);
    if (problem)
        return failure(ErrorCode::Denied, "the folder of " + address.toText() + " cannot be made: " + problem.message() + "; choose another path with --listen");
    return removeStale(address);
}

Error bindError(const ListenAddress& address, int problem)
{
    if (problem == EADDRINUSE)
        return {ErrorCode::Unavailable, address.toText() + " is in use, perhaps by another agent; stop it, or choose another address with --listen"};
    const ErrorCode code = problem == EACCES || problem == EPERM ? ErrorCode::Denied : ErrorCode::Unavailable;
    return {code, "cannot listen on " + address.toText() + ": " + std::strerror(problem) + "; choose another address with --listen"};
}

void readBackPort(ListenAddress& address, int descriptor)
{
    sockaddr_storage bound{};
    socklen_t size = sizeof bound;
    if (address.kind == ListenAddress::Kind::Tcp && ::getsockname(descriptor, reinterpret_cast<sockaddr*>(&bound), &size) == 0)
        address.endpoint.port = ntohs(bound.ss_family == AF_INET ? reinterpret_cast<sockaddr_in&>(bound).sin_port : reinterpret_cast<sockaddr_in6&>(bound).sin6_port);
}

} // namespace

Listener::Listener(ListenAddress address, int descriptor) : m_address(std::move(address)), m_descriptor(descriptor) {}

Listener::~Listener() { close(); }

Result<std::unique_ptr<Listener>> Listener::open(const ListenAddress& address)
{
    BN_TRY(prepare(address));
    const int descriptor = newSocket(address);
    if (descriptor < 0)
        return std::unexpected(bindError(address, errno));
    std::unique_ptr<Listener> listener(new Listener(address, -1));
    const int yes = 1;
    ::setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    const SocketAddress where = socketAddress(address);
    const bool isUnix = address.kind == ListenAddress::Kind::Unix;
    // The mode is set before listen(): nobody can connect in between.
    if (::bind(descriptor, where.get(), where.size) != 0 || (isUnix && ::chmod(address.path.c_str(), 0600) != 0) || ::listen(descriptor, kBacklog) != 0
        || ::pipe2(listener->m_wake, O_CLOEXEC | O_NONBLOCK) != 0) {
        const int problem = errno;
        ::close(descriptor);
        return std::unexpected(bindError(address, problem));
    }
    listener->m_descriptor = descriptor;
    readBackPort(listener->m_address, descriptor);
    return listener;
}

void Listener::start(Handlers handlers)
{
    m_handlers = std::move(handlers);
    m_thread = std::thread([this] { run(); });
}

void Listener::run()
{
    std::array<pollfd, 2> waiting{pollfd{m_descriptor, POLLIN, 0}, pollfd{m_wake[0], POLLIN, 0}};
    while (true) {
        ::poll(waiting.data(), waiting.size(), 1000);
        if (waiting[1].revents != 0)
            return;
        if (waiting[0].revents != 0)
            acceptAll();
        if (m_handlers.everySecond)
            m_handlers.everySecond();
    }
}

void Listener::acceptAll()
{
    while (true) {
        const int connection = ::accept4(m_descriptor, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
        if (connection < 0 && errno == EINTR)
            continue;
        if (connection < 0)
            return;
        // A peer whom the kernel does not name is treated as a stranger.
        m_handlers.accepted(connection, credentialsOf(connection).value_or(PeerCredentials{~0u, 0, 0}));
    }
}

void Listener::close()
{
    if (m_thread.joinable()) {
        const char wake = 1;
        while (::write(m_wake[1], &wake, 1) < 0 && errno == EINTR) {
        }
        m_thread.join();
    }
    for (int* descriptor : {&m_wake[0], &m_wake[1]}) {
        if (*descriptor >= 0)
            ::close(std::exchange(*descriptor, -1));
    }
    if (m_descriptor < 0)
        return;
    ::close(std::exchange(m_descriptor, -1));
    if (m_address.kind == ListenAddress::Kind::Unix)
        ::unlink(m_address.path.c_str());
}

} // namespace binnacle::agent
