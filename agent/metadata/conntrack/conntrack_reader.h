// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "agent/metadata/conntrack/nat_lookup.h"
#include "core/base/result.h"

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

namespace binnacle::agent {

/// Answers from the host's connection tracking table: where kube-proxy (iptables, nftables, IPVS) sent a connection.
///
/// Owns one thread, which enters the network namespace of the host (`<procRoot>/1/ns/net`) and stays there; nothing else of the agent
/// does; where it may not enter it stays in the agent's own, which outside pods is the host's, and takeLimits() says so.  It hears of each
/// translated connection when it begins (netlink multicast group NEW, filtered in the kernel to those with a new destination) and keeps the
/// latest 16,384 of them for 2 minutes, so that connections that are over before anybody asks are found; what it did not hear of, it looks
/// up by the original direction.  UPDATE events are not listened to: a translation never changes.
///
/// When it can't keep up: at most 8,192 questions wait, further ones are refused and counted; events that the kernel had to drop are counted,
/// and the table is begun anew, so that it never tells of an older connection.
/// Limits: zone 0 only (OVN and Open vSwitch use others); TCP only; not what a pod's own namespace redirects (service meshes), nor
/// translations by eBPF, which need none: hooks see the backend itself.
class ConntrackReader final : public NatLookup {
public:
    struct Stats {
        std::uint64_t asked = 0, translated = 0; // answered with a backend
        std::uint64_t heard = 0;                 // events
        std::uint64_t refused = 0;               // questions over the bound
        std::uint64_t eventsLost = 0;            // times that the kernel dropped events
    };

    /// The thread is in the host's namespace and listens; or the reason why it can't, with the next step: Unsupported where nothing is
    /// tracked, so that nothing is translated either, another code where translations may go unseen.
    static Result<std::unique_ptr<ConntrackReader>> start(std::filesystem::path procRoot = "/proc");
    ~ConntrackReader() override;
    ConntrackReader(const ConntrackReader&) = delete;
    ConntrackReader& operator=(const ConntrackReader&) = delete;

    bool ask(ConnectionId connection, const SocketAddresses& addresses) override;
    void takeAnswers(std::vector<NatAnswer>& answers) override;

    std::vector<KnowledgeLimit> takeLimits() override;

    Stats stats() const; // any thread

private:
    class Impl;
    explicit ConntrackReader(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> m_impl;
};

} // namespace binnacle::agent
