// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "agent/service/peer_credentials.h"

#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <set>

namespace binnacle::agent {

/// Who is connected: by descriptor what the kernel said about the peer, and the readers' processes on this host, which are not
/// to be observed as long as they live.  Thread: any.
class ReaderRegistry {
public:
    using Changed = std::function<void(std::uint32_t pid)>;
    ReaderRegistry(Changed came, Changed gone) : m_came(std::move(came)), m_gone(std::move(gone)) {}

    /// Descriptors are used again: the newest peer is the one that counts.
    void connected(int descriptor, const PeerCredentials& peer);
    std::optional<PeerCredentials> peerOf(int descriptor) const;

    void addProcess(std::uint32_t pid);
    /// Reports processes that have ended.
    void forgetEnded();

private:
    struct Process {
        std::uint32_t pid = 0;
        std::uint64_t started = 0; // tells a later process of the same number apart
        friend auto operator<=>(const Process&, const Process&) = default;
    };
    const Changed m_came, m_gone;
    mutable std::mutex m_mutex;
    std::map<int, PeerCredentials> m_peers; // guarded by m_mutex, as below
    std::set<Process> m_processes;
};

} // namespace binnacle::agent
