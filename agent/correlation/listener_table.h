// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "agent/events/events.h"

#include <absl/container/flat_hash_map.h>
#include <cstdint>
#include <deque>
#include <iterator>
#include <list>
#include <optional>

namespace binnacle::agent {

/// Sockets that listen on one address of one network namespace (several with SO_REUSEPORT).
struct ListeningSocket {
    NetworkNamespace netns;
    Endpoint local;
    Task task;                   // who listened first and still does, as far as is known
    HostTime since{};
    bool existed = false;
    std::uint32_t sockets = 0;
    std::uint32_t acceptQueue = 0, acceptQueueLimit = 0; // of all its sockets, as sampled last
    std::uint32_t instance = 0xffffffff; // resolved by the collector
};

/// Who would accept a connection to an address.  Thread: the drain thread.  References stay valid until the listener ends.
/// What ended is remembered for kKeepEnded, at most kMaxEnded of them: the kernel resets what waits in a closed listener's accept queue,
/// and those connections, which nobody ever owned, are the late service's.
class ListenerTable {
public:
    static constexpr Nanoseconds kKeepEnded = std::chrono::seconds(10);
    static constexpr std::size_t kMaxEnded = 1'024;

    ListeningSocket& started(const ListenStarted& event);
    /// Nothing when it was not known or other sockets still listen there; else the one that ended.
    std::optional<ListeningSocket> ended(const ListenEnded& event);
    /// A sample of a listening socket; others are passed over.
    void sampled(const SocketSample& event);

    /// The listener on exactly this address.
    ListeningSocket* exact(NetworkNamespace netns, const Endpoint& local) { return exact(Key{netns, local}); }
    /// The listener that takes connections to `local`: the specific address before 0.0.0.0, and that before ::.
    ListeningSocket* find(NetworkNamespace netns, const Endpoint& local);
    /// The one that took connections to `local` at that time and has ended since; null when there was none lately.
    const ListeningSocket* findEnded(NetworkNamespace netns, const Endpoint& local, HostTime at) const;

    template <class F>
    void forEach(F&& visit)
    {
        for (ListeningSocket& listener : m_listeners)
            visit(listener);
    }
    std::size_t size() const { return m_listeners.size(); }

private:
    struct Key {
        NetworkNamespace netns;
        Endpoint local;
        friend auto operator<=>(const Key&, const Key&) = default;
        template <class H>
        friend H AbslHashValue(H h, const Key& key)
        {
            return H::combine(std::move(h), key.netns, key.local);
        }
    };

    struct Ended {
        ListeningSocket listener;
        HostTime at{};
    };

    struct Socket {
        ListeningSocket* listener = nullptr;
        std::uint32_t queue = 0, limit = 0;
    };

    ListeningSocket* exact(const Key& key);
    void dropSocket(ConnectionId id);

    absl::flat_hash_map<ConnectionId, Socket> m_sockets;
    std::list<ListeningSocket> m_listeners;
    absl::flat_hash_map<Key, std::list<ListeningSocket>::iterator> m_byAddress;
    std::deque<Ended> m_ended; // latest last
};

} // namespace binnacle::agent
