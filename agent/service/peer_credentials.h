// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>

namespace binnacle::agent {

/// Who sits at the other end of an accepted connection, as the kernel knows it.
struct PeerCredentials {
    std::uint32_t user = 0;
    std::uint32_t pid = 0;          // in the agent's PID namespace; 0 = not known
    std::uint64_t socketInode = 0;  // TCP: of the peer's socket, to hold a claimed pid to
};

/// SO_PEERCRED for Unix sockets; for TCP the row of the peer's own socket in /proc/net/tcp and tcp6, which exists as both ends
/// share this network namespace.  Nothing when the kernel does not tell.
std::optional<PeerCredentials> credentialsOf(int connection);

/// Whether `pid` really holds that socket open: a reader says its pid, and this keeps it honest (another PID namespace would
/// name somebody else).
bool holdsSocket(std::uint32_t pid, std::uint64_t socketInode);

/// The agent's own user and root may ask; nobody else.
bool mayAsk(std::uint32_t peerUser, std::uint32_t ownUser);

} // namespace binnacle::agent
