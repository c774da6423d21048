// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "agent/aggregation/aggregator.h"
#include "agent/correlation/connection.h"
#include "agent/correlation/listener_table.h"
#include "agent/metadata/instance_table.h"
#include "agent/metadata/process_table.h"

#include <cstdint>
#include <utility>
#include <vector>

namespace binnacle::agent {

/// Whose a socket is: which end of a connection is the server, and which instance is at either end.
///
/// The tables are lent and outlive this.  Makes instances when they first listen or talk, and notes the start of a listener when it gets its
/// instance.  Our own programs have none: their connections are `ignored`.  Thread: the drain thread.
class Owners {
public:
    struct Tables {
        ProcessTable& processes;
        InstanceTable& instances;
        ListenerTable& listeners;
        Aggregator& rows;
    };

    explicit Owners(Tables tables) : m_processes(tables.processes), m_instances(tables.instances), m_listeners(tables.listeners), m_rows(tables.rows) {}

    /// Connections to here are not told of: the agent itself listens there.  Without an address: at any.
    void ignore(NetworkNamespace netns, const Endpoint& endpoint) { m_ownEndpoints.emplace_back(netns, endpoint); }
    /// Either end of a connection to the agent itself; the server's has no owner, since the agent's tasks are not told of.
    bool isOwn(const SocketAddresses& addresses) const;

    /// Who listens; kNoIndex when nobody knows.
    std::uint32_t instanceOf(ListeningSocket& listener);
    /// Who calls connect(); kNoIndex for those that nobody asked about.
    std::uint32_t connecting(const Task& task, HostTime at);

    /// Sets side, instance and `ignored`.  Once, when as much is known as will be.
    void identify(Connection& connection);
    /// Tells both ends of each other, when the other one is on this host.
    void meetPeer(Connection& connection);
    /// The task that really uses the socket became known.
    void refine(Connection& connection);

private:
    void decideSide(Connection& connection) const;
    std::uint32_t ownerOf(Connection& connection);
    bool callsOurs(const Connection& connection);
    void ensureOwner(Connection& connection);
    std::uint32_t talkerOf(Process& process, HostTime at);
    std::uint16_t lowestPort(Process& process);

    ProcessTable& m_processes;
    InstanceTable& m_instances;
    ListenerTable& m_listeners;
    Aggregator& m_rows;
    std::vector<std::pair<NetworkNamespace, Endpoint>> m_ownEndpoints; // where the agent listens over TCP
};

} // namespace binnacle::agent
