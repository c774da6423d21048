// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "agent/events/events.h"

#include <absl/container/flat_hash_map.h>
#include <cstddef>
#include <cstdint>
#include <optional>

namespace binnacle::agent {

/// A connect() without an answer so far.
struct WaitingConnect {
    SocketAddresses addresses;   // remote: where it really goes as far as is known
    Endpoint dialled;            // what the program asked for; `addresses.remote` unless that was translated
    std::uint32_t instance = 0xffffffff;
    HostTime began{}, seenAt{};  // seenAt: the last look that found it
    std::uint32_t synSent = 0;
};

/// Connects that have waited for their answer for a second or longer.
///
/// Fed by the look at all sockets once a second; an opening or a failure ends one at once, and one that no look finds any more is
/// dropped after kForgetUnseen (its end was lost).  As many as the kernel's table of sockets has rows.  Thread: the drain thread.
class PendingConnects {
public:
    static constexpr Nanoseconds kForgetUnseen = std::chrono::seconds(3);

    /// True when it was not known before.
    bool saw(const ConnectPending& event, std::uint32_t instance);
    /// It goes to `backend` in truth.  False: no such connect waits.
    bool translate(ConnectionId id, const Endpoint& backend);
    /// It was answered or came to nothing; what was known of it.
    std::optional<WaitingConnect> ended(ConnectionId id);
    void forgetUnseen(HostTime now);

    template <class F>
    void forEach(F&& visit) const
    {
        for (const auto& [id, connect] : m_waiting)
            visit(connect);
    }
    std::size_t size() const { return m_waiting.size(); }

private:
    absl::flat_hash_map<ConnectionId, WaitingConnect> m_waiting;
};

} // namespace binnacle::agent
