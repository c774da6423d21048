// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "agent/gateway/channel_identity.h"
#include "agent/service/gateway_door.h"
#include "core/base/result.h"
#include "core/kube/credentials/credential_source.h"
#include "core/kube/net/http_client.h"
#include "core/kube/net/reactor.h"

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace binnacle::agent {

/// This pod towards its API server: a client with the mounted service account, and who we are to the cluster's other programs.
///
/// Owns the reactor's thread.  Outlives what it gives out.
class ClusterIdentity {
public:
    /// `account`: of this program, as deploy/ names it.  Fails outside a pod with a sentence.
    static Result<std::unique_ptr<ClusterIdentity>> create(std::string_view account);

    kube::HttpClient& client() { return *m_client; }
    ChannelIdentity& channel() { return *m_channel; }
    const std::string& nameSpace() const { return m_nameSpace; }

    /// An agent's door on that port, for the gateway of this namespace.
    GatewayDoor door(std::uint16_t port);

private:
    ClusterIdentity() = default;
    kube::Reactor m_reactor;
    std::string m_nameSpace;
    std::unique_ptr<kube::HttpClient> m_client;
    std::unique_ptr<ChannelIdentity> m_channel;
};

} // namespace binnacle::agent
