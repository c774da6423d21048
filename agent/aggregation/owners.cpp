// SPDX-License-Identifier: Apache-2.0
#include "agent/aggregation/owners.h"

#include <algorithm>

namespace binnacle::agent {

std::uint32_t Owners::instanceOf(ListeningSocket& listener)
{
    if (listener.instance != kNoIndex || listener.task.pid.value == 0)
        return listener.instance;
    Process& process = m_processes.ensure(listener.task, listener.since);
    if (process.ignored)
        return kNoIndex;
    listener.instance = m_instances.ensure(process, Activity::Listens, lowestPort(process), listener.since);
    if (!listener.existed)
        m_rows.note(listener.since, EventKind::ListenStarted, listener.instance, listener.local.toText());
    return listener.instance;
}

/// Of all addresses that the process tree listens on; 0 = none, or of no interest.
std::uint16_t Owners::lowestPort(Process& process)
{
    if (process.instance != kNoInstance || !m_processes.factsOf(process).program.serverProgram)
        return 0;
    const Process* root = &m_processes.treeRoot(process);
    std::uint16_t lowest = 0;
    m_listeners.forEach([&](const ListeningSocket& listener) {
        Process* owner = m_processes.find(listener.task.pid, listener.since);
        if (owner && (lowest == 0 || listener.local.port < lowest) && &m_processes.treeRoot(*owner) == root)
            lowest = listener.local.port;
    });
    return lowest;
}

std::uint32_t Owners::connecting(const Task& task, HostTime at)
{
    return talkerOf(m_processes.ensure(task, at), at);
}

std::uint32_t Owners::talkerOf(Process& process, HostTime at)
{
    return process.ignored ? kNoIndex : m_instances.ensure(process, Activity::Talks, lowestPort(process), at);
}

void Owners::decideSide(Connection& connection) const
{
    if (connection.side != Side::Unknown)
        return;
    const SocketAddresses& addresses = connection.addresses;
    const Connection* peer = connection.peer;
    if (m_listeners.find(addresses.netns, addresses.local)) {
        connection.side = Side::Server;
    } else if (peer && peer->side != Side::Unknown) {
        connection.side = peer->side == Side::Server ? Side::Client : Side::Server;
        connection.rolesGuessed = peer->rolesGuessed;
    } else {
        connection.side = Side::Client;
        connection.rolesGuessed = !(peer && m_listeners.find(peer->addresses.netns, peer->addresses.local));
    }
}

/// Whose socket it is; kNoIndex when nobody knows.
std::uint32_t Owners::ownerOf(Connection& connection)
{
    if (connection.task.pid.value != 0) {
        Process& process = m_processes.ensure(connection.task, connection.openedAt);
        connection.ignored |= process.ignored;
        return talkerOf(process, connection.openedAt);
    }
    if (connection.side == Side::Server) {
        if (ListeningSocket* listener = m_listeners.find(connection.addresses.netns, connection.addresses.local)) {
            connection.ignored |= m_processes.ignored(listener->task.pid);
            return instanceOf(*listener);
        }
        if (const ListeningSocket* gone = m_listeners.findEnded(connection.addresses.netns, connection.addresses.local, connection.openedAt))
            return gone->instance;
    }
    return kNoIndex;
}

bool Owners::isOwn(const SocketAddresses& addresses) const
{
    const auto isAt = [](const Endpoint& own, const Endpoint& end) { return own == end || (own.address.isUnspecified() && own.port == end.port); };
    return std::ranges::any_of(m_ownEndpoints, [&](const auto& own) {
        return own.first == addresses.netns && (isAt(own.second, addresses.local) || isAt(own.second, addresses.remote));
    });
}

void Owners::identify(Connection& connection)
{
    decideSide(connection);
    connection.ignored |= isOwn(connection.addresses);
    if (!connection.ignored)
        connection.instance = ownerOf(connection);
    connection.ignored |= callsOurs(connection);
}

/// A client on this host of one of our programs, such as the runtime that forwards a port to a gateway: as with the agent itself.
bool Owners::callsOurs(const Connection& connection)
{
    if (!connection.peer || connection.side != Side::Client)
        return false;
    ensureOwner(*connection.peer);
    return connection.peer->ignored;
}

void Owners::ensureOwner(Connection& connection)
{
    if (connection.settled)
        return;
    decideSide(connection);
    connection.instance = ownerOf(connection);
}

void Owners::meetPeer(Connection& connection)
{
    Connection* peer = connection.peer;
    if (!peer)
        return;
    ensureOwner(*peer);
    connection.peerInstance = peer->instance;
    if (peer->peerInstance != connection.instance) {
        peer->peerInstance = connection.instance;
        Aggregator::forgetRows(*peer);
    }
}

void Owners::refine(Connection& connection)
{
    const std::uint32_t owner = ownerOf(connection);
    if (owner == kNoIndex || owner == connection.instance)
        return;
    connection.instance = owner;
    Aggregator::forgetRows(connection);
    meetPeer(connection);
}

} // namespace binnacle::agent
