// SPDX-License-Identifier: Apache-2.0
#include "agent/correlation/pending_connects.h"

#include <utility>

namespace binnacle::agent {

bool PendingConnects::saw(const ConnectPending& event, std::uint32_t instance)
{
    const auto [at, isNew] = m_waiting.try_emplace(event.connection);
    WaitingConnect& connect = at->second;
    if (isNew) {
        connect.addresses = event.addresses;
        connect.dialled = event.addresses.remote;
        connect.began = event.began;
    }
    connect.instance = instance;
    connect.seenAt = event.at;
    connect.synSent = event.synRetransmits + 1;
    return isNew;
}

bool PendingConnects::translate(ConnectionId id, const Endpoint& backend)
{
    const auto known = m_waiting.find(id);
    if (known != m_waiting.end())
        known->second.addresses.remote = backend;
    return known != m_waiting.end();
}

std::optional<WaitingConnect> PendingConnects::ended(ConnectionId id)
{
    const auto known = m_waiting.find(id);
    if (known == m_waiting.end())
        return std::nullopt;
    std::optional<WaitingConnect> connect = std::move(known->second);
    m_waiting.erase(known);
    return connect;
}

void PendingConnects::forgetUnseen(HostTime now)
{
    absl::erase_if(m_waiting, [now](const auto& entry) { return now - entry.second.seenAt > kForgetUnseen; });
}

} // namespace binnacle::agent
