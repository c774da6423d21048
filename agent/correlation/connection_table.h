// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "agent/correlation/connection.h"

#include <absl/container/flat_hash_map.h>
#include <absl/container/inlined_vector.h>
#include <array>
#include <cstdint>
#include <memory>

namespace binnacle::agent {

/// Every connection of this host by ConnectionId, and which two are the ends of one.
///
/// Ids are never reused, so neither 4-tuples nor pids nor descriptors that are used again can mix two connections up.
/// Thread: the drain thread.  Pointers stay valid until erase().  Memory goes back with each connection.
class ConnectionTable {
public:
    Connection* find(ConnectionId id)
    {
        Connection*& recent = m_recent[placeOf(id)].connection;
        if (recent && recent->id == id)
            return recent;
        const auto known = m_connections.find(id);
        return known != m_connections.end() ? recent = known->second.get() : nullptr;
    }
    /// Asks the memory for what the next chunk of a connection that data came of lately will touch: other programs used the caches since.
    void fetch(ConnectionId id) const
    {
        const Recent& recent = m_recent[placeOf(id)];
        fetchLines(recent.connection, 3);
        fetchLines(recent.parserState, 7);
    }
    /// The connection's parser keeps what each chunk touches at `parserState`; never read through here.
    void remember(const Connection& connection, const void* parserState) { m_recent[placeOf(connection.id)].parserState = parserState; }
    /// The connection, or a placeholder for it.
    Connection& ensure(ConnectionId id, HostTime at);
    /// Fills a connection with what its opening says and looks for its peer.
    Connection& opened(const ConnectionOpened& event);
    void erase(Connection& connection);
    /// A client's connection went to `backend` in truth: from here on that is its remote address, and its peer is looked for there.
    void translate(Connection& connection, const Endpoint& backend);

    /// Looks once more for the other end: the reversed addresses in the same network namespace for loopback, in any for others; among
    /// several the one without a peer that opened nearest in time.
    void pair(Connection& connection);

    template <class F>
    void forEach(F&& visit)
    {
        for (auto& [id, connection] : m_connections)
            visit(*connection);
    }
    std::size_t size() const { return m_connections.size(); }

private:
    /// A socket's addresses as seen from its own end.
    struct Tuple {
        NetworkNamespace netns; // 0 unless the address is loopback
        Endpoint local, remote;
        friend auto operator<=>(const Tuple&, const Tuple&) = default;
        template <class H>
        friend H AbslHashValue(H h, const Tuple& tuple)
        {
            return H::combine(std::move(h), tuple.netns, tuple.local, tuple.remote);
        }
    };
    struct Recent {
        Connection* connection = nullptr;
        const void* parserState = nullptr; // may be gone
    };
    static constexpr std::size_t kRecent = 256;
    /// The address may be that of something gone: a number, since nothing is read.
    static void fetchLines(const void* from, std::size_t lines)
    {
        const auto address = reinterpret_cast<std::uintptr_t>(from);
        for (std::size_t i = 0; i < lines; ++i)
            __builtin_prefetch(reinterpret_cast<const void*>(address + i * 64));
    }
    static std::size_t placeOf(ConnectionId id) { return (id.value * 0x9e3779b97f4a7c15ull) >> 56; }
    static Tuple tupleOf(const SocketAddresses& addresses);
    static Tuple reversed(Tuple tuple);
    void unindex(const Connection& connection);

    absl::flat_hash_map<ConnectionId, std::unique_ptr<Connection>> m_connections;
    absl::flat_hash_map<Tuple, absl::InlinedVector<Connection*, 1>> m_byTuple;
    std::array<Recent, kRecent> m_recent{}; // that data came of lately; none is erased
};

} // namespace binnacle::agent
