// SPDX-License-Identifier: Apache-2.0
#include "agent/service/service_host.h"

#include <charconv>
#include <grpc/grpc_security_constants.h>
#include <grpcpp/resource_quota.h>
#include <grpcpp/security/server_credentials.h>
#include <grpcpp/server_builder.h>
#include <grpcpp/server_posix.h>
#include <unistd.h>

namespace binnacle::agent {
namespace {

/// `fd:12`, as gRPC names a connection that was handed over.
std::optional<int> descriptorOf(const std::string& peer)
{
    constexpr std::string_view kPrefix = "fd:";
    int descriptor = -1;
    if (!peer.starts_with(kPrefix))
        return std::nullopt;
    const auto [end, problem] = std::from_chars(peer.data() + kPrefix.size(), peer.data() + peer.size(), descriptor);
    return problem == std::errc{} ? std::optional(descriptor) : std::nullopt;
}

/// The certificate with which a caller came over TLS; empty when it did not.
std::string certificateOf(const grpc::ServerContext& context)
{
    const auto authentication = context.auth_context();
    if (!authentication)
        return {};
    const auto values = authentication->FindPropertyValues(GRPC_X509_PEM_CERT_PROPERTY_NAME);
    return values.empty() ? std::string() : std::string(values.front().data(), values.front().size());
}

std::shared_ptr<grpc::ServerCredentials> credentialsOf(const GatewayDoor& door)
{
    // Not verified by TLS, since nobody signed it: TLS shows that the caller holds the key, and its proof whose key that is.
    grpc::SslServerCredentialsOptions options(GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_BUT_DONT_VERIFY);
    options.pem_key_cert_pairs.push_back({door.privateKey, door.certificate});
    return grpc::SslServerCredentials(options);
}

} // namespace

ServiceHost::ServiceHost(Options options) : m_options(std::move(options)), m_registry(m_options.readerCame, m_options.readerGone)
{
    if (m_options.door)
        m_guests.emplace(m_options.door->review);
}

ServiceHost::~ServiceHost() { stop(); }

Result<void> ServiceHost::start(grpc::Service& service)
{
    auto listener = Listener::open(m_options.listen);
    if (!listener)
        return std::unexpected(std::move(listener).error());
    grpc::ServerBuilder builder;
    grpc::ResourceQuota quota("binnacle");
    quota.SetMaxThreads(m_options.mostThreads);
    quota.Resize(m_options.quotaBytes);
    builder.SetResourceQuota(quota);
    builder.SetSyncServerOption(grpc::ServerBuilder::SyncServerOption::NUM_CQS, 1);
    builder.SetSyncServerOption(grpc::ServerBuilder::SyncServerOption::MIN_POLLERS, 1);
    builder.SetSyncServerOption(grpc::ServerBuilder::SyncServerOption::MAX_POLLERS, 2);
    builder.RegisterService(&service);
    builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0); // a port that another has is an error, not shared
    if (m_options.door) // both families where the host has both
        builder.AddListeningPort("[::]:" + std::to_string(m_options.door->port), credentialsOf(*m_options.door), &m_doorPort);
    m_server = builder.BuildAndStart();
    if (!m_server || (m_options.door && m_doorPort == 0))
        return failure(ErrorCode::Unavailable, m_options.door ? "cannot listen for gateways on port " + std::to_string(m_options.door->port)
                                                                    + "; it may be in use: choose another with --gateway-port"
                                                              : "the service could not be started on " + m_options.listen.toText());
    m_listener = std::move(*listener);
    m_listener->start({[this](int connection, const PeerCredentials& peer) {
                           m_registry.connected(connection, peer);
                           grpc::AddInsecureChannelFromFd(m_server.get(), connection);
                       },
                       [this] { m_registry.forgetEnded(); }});
    return {};
}

void ServiceHost::closeDoors()
{
    if (m_listener)
        m_listener->close();
}

void ServiceHost::stop()
{
    closeDoors();
    if (!m_server)
        return;
    m_server->Shutdown(std::chrono::system_clock::now() + std::chrono::milliseconds(300));
    m_server->Wait();
    m_server.reset();
}

grpc::Status ServiceHost::greet(const grpc::ServerContext& context, const v1::HandshakeRequest& request, v1::HandshakeReply& reply)
{
    if (const std::string certificate = certificateOf(context); !certificate.empty())
        return greetGuest(certificate, request.proof(), reply);
    auto admitted = admit(context);
    if (admitted.ok())
        noteProcess(context, request.pid());
    return admitted;
}

/// Our own proof goes to nobody who has not proved himself; and it is worth nothing to whoever has not our key.
grpc::Status ServiceHost::greetGuest(const std::string& certificate, const std::string& proof, v1::HandshakeReply& reply)
{
    if (const auto admitted = m_guests->admit(certificate, proof); !admitted) {
        const bool isRefused = admitted.error().code == ErrorCode::Denied;
        return {isRefused ? grpc::StatusCode::PERMISSION_DENIED : grpc::StatusCode::UNAVAILABLE, admitted.error().what};
    }
    auto own = m_options.door->proof();
    if (!own)
        return {grpc::StatusCode::UNAVAILABLE, own.error().what};
    reply.set_proof(std::move(*own));
    return grpc::Status::OK;
}

grpc::Status ServiceHost::admit(const grpc::ServerContext& context) const
{
    if (const std::string certificate = certificateOf(context); !certificate.empty()) {
        if (m_guests->isAdmitted(certificate))
            return grpc::Status::OK;
        return {grpc::StatusCode::UNAUTHENTICATED, "the caller has not proved who it is, or that was long ago; a handshake with its proof comes first"};
    }
    const auto descriptor = descriptorOf(context.peer());
    const auto peer = descriptor ? m_registry.peerOf(*descriptor) : std::nullopt;
    const std::uint32_t own = ::geteuid();
    if (peer && mayAsk(peer->user, own))
        return grpc::Status::OK;
    return {grpc::StatusCode::PERMISSION_DENIED,
            "this agent answers only user " + std::to_string(own) + ", who started it, and root; run the reader as that user"};
}

/// A Unix socket names its peer; on loopback TCP the reader says its pid, and is held to it.
void ServiceHost::noteProcess(const grpc::ServerContext& context, std::uint32_t claimedPid)
{
    const auto peer = m_registry.peerOf(descriptorOf(context.peer()).value_or(-1));
    if (!peer)
        return;
    if (peer->pid != 0)
        m_registry.addProcess(peer->pid);
    else if (claimedPid != 0 && holdsSocket(claimedPid, peer->socketInode))
        m_registry.addProcess(claimedPid);
}

} // namespace binnacle::agent
