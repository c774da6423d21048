// SPDX-License-Identifier: Apache-2.0
#include "agent/correlation/connection_table.h"

#include <algorithm>
#include <utility>

namespace binnacle::agent {

ConnectionTable::Tuple ConnectionTable::tupleOf(const SocketAddresses& addresses)
{
    const bool loopback = addresses.local.address.isLoopback() || addresses.remote.address.isLoopback();
    return {loopback ? addresses.netns : NetworkNamespace{}, addresses.local, addresses.remote};
}

ConnectionTable::Tuple ConnectionTable::reversed(Tuple tuple)
{
    std::swap(tuple.local, tuple.remote);
    return tuple;
}

Connection& ConnectionTable::ensure(ConnectionId id, HostTime at)
{
    auto& slot = m_connections[id];
    if (!slot) {
        slot = std::make_unique<Connection>();
        slot->id = id;
        slot->firstSeen = at;
    }
    return *slot;
}

Connection& ConnectionTable::opened(const ConnectionOpened& event)
{
    Connection& connection = ensure(event.connection, event.at);
    if (connection.opened)
        return connection; // the iterator and the tracepoint both found it
    connection.opened = true;
    connection.cookie = event.cookie;
    connection.addresses = event.addresses;
    connection.side = event.side;
    connection.task = event.task;
    connection.owned = event.task.pid.value != 0;
    connection.openedAt = event.at;
    connection.connectBegan = event.connectBegan;
    connection.existed = event.existed;
    m_byTuple[tupleOf(event.addresses)].push_back(&connection);
    pair(connection);
    return connection;
}

void ConnectionTable::pair(Connection& connection)
{
    if (connection.peer || !connection.opened)
        return;
    const auto others = m_byTuple.find(reversed(tupleOf(connection.addresses)));
    if (others == m_byTuple.end())
        return;
    const auto distance = [&](const Connection* other) {
        const Nanoseconds apart = other->openedAt - connection.openedAt;
        // Two isolated networks may use the same addresses: an end in the same namespace is nearer than any in another.
        return std::pair(other->addresses.netns != connection.addresses.netns, apart < Nanoseconds{} ? -apart : apart);
    };
    Connection* best = nullptr;
    for (Connection* other : others->second) {
        if (other == &connection || other->peer || (other->side != Side::Unknown && other->side == connection.side))
            continue;
        if (!best || distance(other) < distance(best))
            best = other;
    }
    if (!best)
        return;
    connection.peer = best;
    best->peer = &connection;
}

void ConnectionTable::unindex(const Connection& connection)
{
    const auto known = m_byTuple.find(tupleOf(connection.addresses));
    if (known == m_byTuple.end())
        return;
    auto& ends = known->second;
    ends.erase(std::remove(ends.begin(), ends.end(), &connection), ends.end());
    if (ends.empty())
        m_byTuple.erase(known);
}

void ConnectionTable::erase(Connection& connection)
{
    if (connection.opened)
        unindex(connection);
    if (connection.peer)
        connection.peer->peer = nullptr;
    if (m_last == &connection)
        m_last = nullptr;
    m_connections.erase(connection.id);
}

} // namespace binnacle::agent
