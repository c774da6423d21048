// SPDX-License-Identifier: Apache-2.0
// The far end of `binnacle --agent ssh://HOST`: sshd runs it as whoever logged in, so the agent still sees, and checks, who asks.
#include "agent/app/commands.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <pwd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <thread>
#include <vector>

namespace binnacle::agent {
namespace {

/// Anybody can put a socket, or a link to one, into /tmp; what is not there at all is no matter.
bool isTrusted(const std::string& path)
{
    struct stat facts{};
    return ::lstat(path.c_str(), &facts) != 0 || facts.st_uid == 0 || facts.st_uid == ::geteuid();
}

/// Where agents listen when nothing was said: this user's, root's, and a pod's, whose network this may have been started in.
std::vector<ListenAddress> usualAddresses()
{
    const std::string user = std::to_string(::geteuid());
    std::vector<std::string> paths;
    if (const char* runtime = std::getenv("XDG_RUNTIME_DIR"); runtime && *runtime)
        paths.push_back(std::string(runtime) + "/binnacle/agent.sock");
    paths.push_back("/run/user/" + user + "/binnacle/agent.sock"); // pam_systemd's, where sshd sets no XDG_RUNTIME_DIR
    paths.emplace_back("/run/binnacle/agent.sock");
    paths.push_back("/tmp/binnacle-" + user + "/agent.sock");
    std::vector<ListenAddress> all;
    for (const std::string& path : paths) {
        if (!isTrusted(path))
            continue;
        if (auto address = ListenAddress::parse("unix:" + path))
            all.push_back(std::move(*address));
    }
    all.push_back(*ListenAddress::parse("127.0.0.1:9465"));
    return all;
}

int connectUnix(const std::string& path)
{
    sockaddr_un where{};
    where.sun_family = AF_UNIX;
    std::memcpy(where.sun_path, path.data(), std::min(path.size(), sizeof where.sun_path - 1));
    const int connection = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (::connect(connection, reinterpret_cast<const sockaddr*>(&where), sizeof where) == 0)
        return connection;
    const int problem = errno;
    ::close(connection);
    errno = problem;
    return -1;
}

int connectTcp(const Endpoint& endpoint)
{
    sockaddr_in v4{};
    v4.sin_family = AF_INET;
    v4.sin_port = htons(endpoint.port);
    std::memcpy(&v4.sin_addr, endpoint.address.bytes.data() + 12, 4);
    sockaddr_in6 v6{};
    v6.sin6_family = AF_INET6;
    v6.sin6_port = v4.sin_port;
    std::memcpy(&v6.sin6_addr, endpoint.address.bytes.data(), 16);
    const bool isV4 = endpoint.address.isV4();
    const int connection = ::socket(isV4 ? AF_INET : AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const auto* where = isV4 ? reinterpret_cast<const sockaddr*>(&v4) : reinterpret_cast<const sockaddr*>(&v6);
    if (::connect(connection, where, isV4 ? sizeof v4 : sizeof v6) == 0)
        return connection;
    const int problem = errno;
    ::close(connection);
    errno = problem;
    return -1;
}

/// A descriptor, or -1 with errno.
int connectTo(const ListenAddress& address)
{
    return address.kind == ListenAddress::Kind::Unix ? connectUnix(address.path) : connectTcp(address.endpoint);
}

std::string nameOf(unsigned user)
{
    const passwd* entry = ::getpwuid(user);
    return entry ? entry->pw_name : "user " + std::to_string(user);
}

std::string ownerOf(const std::string& path)
{
    struct stat facts{};
    return ::stat(path.c_str(), &facts) == 0 ? nameOf(facts.st_uid) : "another user";
}

struct Found {
    int connection = -1;
    std::string denied; // the first that is there and lets nobody of us in
};

Found findAgent(const std::vector<ListenAddress>& addresses)
{
    Found found;
    for (const ListenAddress& address : addresses) {
        found.connection = connectTo(address);
        if (found.connection >= 0)
            return found;
        if ((errno == EACCES || errno == EPERM) && found.denied.empty())
            found.denied = address.path;
    }
    return found;
}

bool writeAll(int to, const char* bytes, std::size_t size)
{
    while (size > 0) {
        const ssize_t put = ::write(to, bytes, size);
        if (put < 0 && errno == EINTR)
            continue;
        if (put <= 0)
            return false;
        bytes += put;
        size -= static_cast<std::size_t>(put);
    }
    return true;
}

void copyUntilEnd(int from, int to)
{
    std::array<char, 64u << 10> block;
    while (true) {
        const ssize_t got = ::read(from, block.data(), block.size());
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0 || !writeAll(to, block.data(), static_cast<std::size_t>(got)))
            return;
    }
}

int complain(int status, const std::string& what)
{
    std::fprintf(stderr, "%s\n", what.c_str());
    return status;
}

} // namespace

int relayToAgent(const RelayOptions& options)
{
    std::signal(SIGPIPE, SIG_IGN);
    const Found agent = findAgent(options.listen ? std::vector{*options.listen} : usualAddresses());
    if (agent.connection < 0 && !agent.denied.empty())
        return complain(kRelayDenied, "the agent's socket " + agent.denied + " belongs to " + ownerOf(agent.denied) + ", and the login is " + nameOf(::geteuid()));
    if (agent.connection < 0)
        return complain(kRelayNobody, options.listen ? "no agent listens on " + options.listen->toText() : "no agent listens there");
    // Each direction blocks for itself: neither can hold up the other.
    std::thread outward([&] {
        copyUntilEnd(STDIN_FILENO, agent.connection);
        ::shutdown(agent.connection, SHUT_RDWR); // nobody reads any more
    });
    copyUntilEnd(agent.connection, STDOUT_FILENO);
    std::fflush(nullptr);
    std::_Exit(0); // the other thread may wait for input that never comes
}

} // namespace binnacle::agent
