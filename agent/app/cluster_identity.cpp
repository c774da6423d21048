// SPDX-License-Identifier: Apache-2.0
#include "agent/app/cluster_identity.h"

#include "agent/metadata/kubernetes/in_cluster_connection.h"
#include "core/base/platform/environment.h"

namespace binnacle::agent {

Result<std::unique_ptr<ClusterIdentity>> ClusterIdentity::create(std::string_view account)
{
    const platform::Environment environment = platform::environment();
    auto connection = inClusterConnection(environment)();
    if (!connection)
        return std::unexpected(std::move(connection).error());
    std::unique_ptr<ClusterIdentity> made(new ClusterIdentity);
    made->m_nameSpace = connection->access.defaultNamespace;
    kube::HttpClientOptions options;
    options.userAgent = "binnacle-agent";
    made->m_client = std::make_unique<kube::HttpClient>(made->m_reactor, std::move(connection->access), std::move(connection->credentials), std::move(options));
    auto channel = ChannelIdentity::create(*made->m_client, {made->m_nameSpace, std::string(account), platform::variable(environment, "POD_NAME")});
    if (!channel)
        return std::unexpected(std::move(channel).error());
    made->m_channel = std::move(*channel);
    return made;
}

GatewayDoor ClusterIdentity::door(std::uint16_t port)
{
    GatewayDoor door;
    door.port = port;
    door.certificate = m_channel->certificate().certificate;
    door.privateKey = m_channel->certificate().privateKey;
    door.proof = [this] { return m_channel->proof(); };
    door.review = [this](const std::string& certificate, const std::string& token) -> Result<void> {
        const auto peer = m_channel->review(certificate, token, kGatewayAccount);
        return peer ? Result<void>() : std::unexpected(peer.error());
    };
    return door;
}

} // namespace binnacle::agent
