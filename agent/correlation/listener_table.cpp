// SPDX-License-Identifier: Apache-2.0
#include "agent/correlation/listener_table.h"

#include <algorithm>
#include <utility>

namespace binnacle::agent {

ListeningSocket& ListenerTable::started(const ListenStarted& event)
{
    const Key key{event.netns, event.local};
    if (event.connection.value != 0 && m_sockets.contains(event.connection))
        return *m_sockets[event.connection].listener; // the iterator and the tracepoint both found it
    const auto known = m_byAddress.find(key);
    if (known != m_byAddress.end()) {
        ++known->second->sockets;
        if (event.connection.value != 0)
            m_sockets[event.connection] = {&*known->second};
        return *known->second;
    }
    ListeningSocket& listener = m_listeners.emplace_back();
    listener.netns = event.netns;
    listener.local = event.local;
    listener.task = event.task;
    listener.since = event.at;
    listener.existed = event.existed;
    listener.sockets = 1;
    if (event.connection.value != 0)
        m_sockets[event.connection] = {&listener};
    m_byAddress.emplace(key, std::prev(m_listeners.end()));
    return listener;
}

void ListenerTable::dropSocket(ConnectionId id)
{
    const auto socket = m_sockets.find(id);
    if (socket == m_sockets.end())
        return;
    socket->second.listener->acceptQueue -= socket->second.queue;
    socket->second.listener->acceptQueueLimit -= socket->second.limit;
    m_sockets.erase(socket);
}

std::optional<ListeningSocket> ListenerTable::ended(const ListenEnded& event)
{
    const auto known = m_byAddress.find(Key{event.netns, event.local});
    if (known == m_byAddress.end())
        return std::nullopt;
    dropSocket(event.connection);
    if (--known->second->sockets > 0)
        return std::nullopt;
    ListeningSocket gone = *known->second;
    absl::erase_if(m_sockets, [&](const auto& entry) { return entry.second.listener == &*known->second; });
    m_listeners.erase(known->second);
    m_byAddress.erase(known);
    while (!m_ended.empty() && (m_ended.front().at + kKeepEnded < event.at || m_ended.size() >= kMaxEnded))
        m_ended.pop_front();
    m_ended.push_back({gone, event.at});
    return gone;
}

void ListenerTable::sampled(const SocketSample& event)
{
    const auto socket = m_sockets.find(event.connection);
    if (socket == m_sockets.end())
        return;
    ListeningSocket& listener = *socket->second.listener;
    listener.acceptQueue += event.acceptQueue - std::exchange(socket->second.queue, event.acceptQueue);
    listener.acceptQueueLimit += event.acceptQueueLimit - std::exchange(socket->second.limit, event.acceptQueueLimit);
}

ListeningSocket* ListenerTable::exact(const Key& key)
{
    const auto known = m_byAddress.find(key);
    return known != m_byAddress.end() ? &*known->second : nullptr;
}

const ListeningSocket* ListenerTable::findEnded(NetworkNamespace netns, const Endpoint& local, HostTime at) const
{
    const auto took = [&](const Ended& ended) {
        const ListeningSocket& listener = ended.listener;
        return listener.netns == netns && listener.local.port == local.port && at <= ended.at + kDisorder
               && (listener.local.address == local.address || listener.local.address.isUnspecified());
    };
    const auto found = std::find_if(m_ended.rbegin(), m_ended.rend(), took);
    return found == m_ended.rend() ? nullptr : &found->listener;
}

ListeningSocket* ListenerTable::find(NetworkNamespace netns, const Endpoint& local)
{
    if (ListeningSocket* specific = exact({netns, local}))
        return specific;
    if (local.address.isV4()) {
        if (ListeningSocket* any4 = exact({netns, {InternetAddress::fromV4(0), local.port}}))
            return any4;
    }
    return exact({netns, {InternetAddress{}, local.port}}); // :: takes IPv4 too unless IPV6_V6ONLY is set, which is rare
}

} // namespace binnacle::agent
