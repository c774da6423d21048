// SPDX-License-Identifier: Apache-2.0
#include "agent/service/peer_credentials.h"

#include "core/base/platform/files.h"

#include <array>
#include <arpa/inet.h>
#include <cinttypes>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <netinet/in.h>
#include <string>
#include <string_view>
#include <sys/socket.h>

namespace binnacle::agent {
namespace {

/// Address and port as /proc/net/tcp spells them: words of four bytes in the host's order.
std::string procSpelling(const sockaddr_storage& address)
{
    std::array<char, 48> text{};
    if (address.ss_family == AF_INET) {
        const auto& v4 = reinterpret_cast<const sockaddr_in&>(address);
        std::snprintf(text.data(), text.size(), "%08X:%04X", v4.sin_addr.s_addr, ntohs(v4.sin_port));
        return text.data();
    }
    const auto& v6 = reinterpret_cast<const sockaddr_in6&>(address);
    std::array<std::uint32_t, 4> words{};
    std::memcpy(words.data(), &v6.sin6_addr, 16);
    std::snprintf(text.data(), text.size(), "%08X%08X%08X%08X:%04X", words[0], words[1], words[2], words[3], ntohs(v6.sin6_port));
    return text.data();
}

const std::string kMapped = "0000000000000000FFFF0000"; // ::ffff:0:0/96, as /proc/net/tcp6 spells it on a little-endian machine

/// `sl local remote st tx:rx tr:when retrnsmt uid timeout inode …`
std::optional<PeerCredentials> findRow(std::string_view table, const std::string& local, const std::string& remote)
{
    const std::string wanted = ' ' + local + ' ' + remote + ' ';
    const std::size_t at = table.find(wanted);
    if (at == std::string_view::npos)
        return std::nullopt;
    const std::string rest(table.substr(at + wanted.size(), 160));
    PeerCredentials peer;
    if (std::sscanf(rest.c_str(), "%*x %*x:%*x %*x:%*x %*x %" SCNu32 " %*d %" SCNu64, &peer.user, &peer.socketInode) != 2)
        return std::nullopt;
    // A socket that waits out its end has neither user nor inode; 0 there does not mean root.
    return peer.socketInode == 0 ? std::nullopt : std::optional(peer);
}

std::optional<PeerCredentials> credentialsOfTcp(int connection)
{
    sockaddr_storage ours{}, theirs{};
    socklen_t ourSize = sizeof ours, theirSize = sizeof theirs;
    if (::getsockname(connection, reinterpret_cast<sockaddr*>(&ours), &ourSize) != 0
        || ::getpeername(connection, reinterpret_cast<sockaddr*>(&theirs), &theirSize) != 0)
        return std::nullopt;
    const auto find = [](const char* file, const std::string& local, const std::string& remote) -> std::optional<PeerCredentials> {
        const auto table = platform::readFile(file, 64u << 20);
        return table ? findRow(*table, local, remote) : std::nullopt;
    };
    const std::string their = procSpelling(theirs), our = procSpelling(ours);
    if (ours.ss_family == AF_INET6)
        return find("/proc/net/tcp6", their, our);
    // A peer may speak IPv4 through an IPv6 socket, as gRPC does.
    const auto row = find("/proc/net/tcp", their, our);
    return row ? row : find("/proc/net/tcp6", kMapped + their, kMapped + our);
}

} // namespace

std::optional<PeerCredentials> credentialsOf(int connection)
{
    int domain = 0;
    socklen_t size = sizeof domain;
    if (::getsockopt(connection, SOL_SOCKET, SO_DOMAIN, &domain, &size) != 0)
        return std::nullopt;
    if (domain != AF_UNIX)
        return credentialsOfTcp(connection);
    ucred peer{};
    size = sizeof peer;
    if (::getsockopt(connection, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0)
        return std::nullopt;
    return PeerCredentials{peer.uid, static_cast<std::uint32_t>(peer.pid), 0};
}

bool holdsSocket(std::uint32_t pid, std::uint64_t socketInode)
{
    const std::string wanted = "socket:[" + std::to_string(socketInode) + ']';
    std::error_code problem;
    for (const auto& entry : std::filesystem::directory_iterator("/proc/" + std::to_string(pid) + "/fd", problem)) {
        std::error_code gone;
        if (std::filesystem::read_symlink(entry.path(), gone) == wanted)
            return true;
    }
    return false;
}

bool mayAsk(std::uint32_t peerUser, std::uint32_t ownUser) { return peerUser == ownUser || peerUser == 0; }

} // namespace binnacle::agent
