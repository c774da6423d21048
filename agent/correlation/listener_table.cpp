// SPDX-License-Identifier: Apache-2.0
#include "agent/correlation/listener_table.h"

namespace binnacle::agent {

Listener& ListenerTable::started(const ListenStarted& event)
{
    const Key key{event.netns, event.local};
    const auto known = m_byAddress.find(key);
    if (known != m_byAddress.end()) {
        ++known->second->sockets;
        return *known->second;
    }
    Listener& listener = m_listeners.emplace_back();
    listener.netns = event.netns;
    listener.local = event.local;
    listener.task = event.task;
    listener.since = event.at;
    listener.existed = event.existed;
    listener.sockets = 1;
    m_byAddress.emplace(key, std::prev(m_listeners.end()));
    return listener;
}

std::optional<Listener> ListenerTable::ended(const ListenEnded& event)
{
    const auto known = m_byAddress.find(Key{event.netns, event.local});
    if (known == m_byAddress.end() || --known->second->sockets > 0)
        return std::nullopt;
    Listener gone = *known->second;
    m_listeners.erase(known->second);
    m_byAddress.erase(known);
    return gone;
}

Listener* ListenerTable::exact(const Key& key)
{
    const auto known = m_byAddress.find(key);
    return known != m_byAddress.end() ? &*known->second : nullptr;
}

Listener* ListenerTable::find(NetworkNamespace netns, const Endpoint& local)
{
    if (Listener* specific = exact({netns, local}))
        return specific;
    if (local.address.isV4()) {
        if (Listener* any4 = exact({netns, {InternetAddress::fromV4(0), local.port}}))
            return any4;
    }
    return exact({netns, {InternetAddress{}, local.port}}); // :: takes IPv4 too unless IPV6_V6ONLY is set, which is rare
}

} // namespace binnacle::agent
