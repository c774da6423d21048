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
    connection.dialled = event.addresses.remote;
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

namespace {

/// How likely two ends with mirrored addresses are one connection: less is likelier.
std::pair<bool, Nanoseconds> distance(const Connection& a, const Connection& b)
{
    const Nanoseconds apart = a.openedAt - b.openedAt;
    // Two isolated networks may use the same addresses: an end in the same namespace is nearer than any in another.
    return {a.addresses.netns != b.addresses.netns, apart < Nanoseconds{} ? -apart : apart};
}

/// Closes are told late: where ports are used again, an end of the connection before can still be there, and even be paired already.
bool isNearer(const Connection& other, const Connection& than)
{
    return !other.peer || distance(other, than) < distance(other, *other.peer);
}

} // namespace

void ConnectionTable::pair(Connection& connection)
{
    if (connection.peer || !connection.opened)
        return;
    const auto others = m_byTuple.find(reversed(tupleOf(connection.addresses)));
    if (others == m_byTuple.end())
        return;
    Connection* best = nullptr;
    for (Connection* other : others->second) {
        if (other == &connection || (other->side != Side::Unknown && other->side == connection.side) || !isNearer(*other, connection))
            continue;
        if (!best || distance(*other, connection) < distance(*best, connection))
            best = other;
    }
    if (!best)
        return;
    if (best->peer)
        best->peer->peer = nullptr;
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

void ConnectionTable::translate(Connection& connection, const Endpoint& backend)
{
    unindex(connection);
    connection.addresses.remote = backend;
    m_byTuple[tupleOf(connection.addresses)].push_back(&connection);
    pair(connection);
}

void ConnectionTable::erase(Connection& connection)
{
    if (connection.opened)
        unindex(connection);
    if (connection.peer)
        connection.peer->peer = nullptr;
    if (Connection*& recent = m_recent[placeOf(connection.id)].connection; recent == &connection)
        recent = nullptr;
    m_connections.erase(connection.id);
}

} // namespace binnacle::agent
