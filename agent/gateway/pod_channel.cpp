// SPDX-License-Identifier: Apache-2.0
#include "agent/gateway/pod_channel.h"

#include "agent/service/wire.h"

#include <grpc/grpc_security_constants.h>
#include <grpcpp/create_channel.h>
#include <grpcpp/security/credentials.h>
#include <grpcpp/security/tls_certificate_provider.h>
#include <grpcpp/security/tls_certificate_verifier.h>
#include <grpcpp/security/tls_credentials_options.h>

namespace binnacle::agent {
namespace {

constexpr std::chrono::milliseconds kHandshakePatience{15'000}; // the agent's review at the API server included
constexpr int kMaxMessage = 64 << 20;

std::string addressOf(const kube::AgentPod& pod)
{
    const bool isV6 = pod.address.find(':') != std::string::npos;
    return (isV6 ? "ipv6:[" + pod.address + ']' : "ipv4:" + pod.address) + ':' + std::to_string(pod.gatewayPort);
}

std::shared_ptr<grpc::Channel> channelTo(const kube::AgentPod& pod, const kube::OwnCertificate& own)
{
    grpc::ChannelArguments arguments;
    arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);         // the pod's address is in this cluster
    arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1); // a new attempt does not inherit the pause of an old one
    arguments.SetMaxReceiveMessageSize(kMaxMessage);
    arguments.SetSslTargetNameOverride(pod.port.pod);        // as the agent's certificate has it; else its log complains about each connection
    return grpc::CreateCustomChannel(addressOf(pod), credentialsOf(own), arguments);
}

std::string certificateOf(const grpc::ClientContext& context)
{
    const auto authentication = context.auth_context();
    if (!authentication)
        return {};
    const auto values = authentication->FindPropertyValues(GRPC_X509_PEM_CERT_PROPERTY_NAME);
    return values.empty() ? std::string() : std::string(values.front().data(), values.front().size());
}

} // namespace

std::shared_ptr<grpc::ChannelCredentials> credentialsOf(const kube::OwnCertificate& own)
{
    namespace tls = grpc::experimental;
    tls::TlsChannelCredentialsOptions options;
    // The roots are not used, but without any gRPC looks for the system's, and an image without those could not connect.
    const std::vector<tls::IdentityKeyCertPair> pair{{own.privateKey, own.certificate}};
    options.set_certificate_provider(std::make_shared<tls::StaticDataCertificateProvider>(own.certificate, pair));
    options.watch_identity_key_cert_pairs();
    options.watch_root_certs();
    options.set_verify_server_certs(false);
    options.set_check_call_host(false);
    options.set_certificate_verifier(std::make_shared<tls::NoOpCertificateVerifier>());
    return tls::TlsCredentials(options);
}

/// The gateway's words for what gRPC says of an agent.
Error errorOf(const grpc::Status& status, const std::string& where)
{
    switch (status.error_code()) {
    case grpc::StatusCode::PERMISSION_DENIED:
    case grpc::StatusCode::UNAUTHENTICATED:
        return {ErrorCode::Denied, "the agent on " + where + " lets this gateway not in: " + status.error_message()};
    case grpc::StatusCode::DEADLINE_EXCEEDED: return {ErrorCode::Unavailable, "the agent on " + where + " did not answer in time; it may be stopped or very busy"};
    case grpc::StatusCode::CANCELLED: return {ErrorCode::Cancelled, "reading from " + where + " was ended"};
    default:
        return {ErrorCode::Unavailable, "the agent on " + where + " does not answer (" + status.error_message() + "); look at its pod, and whether a NetworkPolicy lets the gateway through"};
    }
}

PodChannel::PodChannel(kube::AgentPod pod, const kube::OwnCertificate& own) : m_pod(std::move(pod)), m_stub(v1::AgentService::NewStub(channelTo(m_pod, own))) {}

void PodChannel::cancel()
{
    const std::lock_guard lock(m_mutex);
    m_isCancelled = true;
    for (grpc::ClientContext* context : m_calls)
        context->TryCancel();
}

Result<void> PodChannel::handshake(ChannelIdentity& own)
{
    auto proof = own.proof();
    if (!proof)
        return std::unexpected(std::move(proof).error());
    v1::HandshakeRequest request;
    request.set_protocol_min(wire::kProtocolMin);
    request.set_protocol_max(wire::kProtocolMax);
    request.set_program_version(BINNACLE_VERSION);
    request.set_proof(std::move(*proof));
    v1::HandshakeReply reply;
    Call call(*this, kHandshakePatience);
    if (const grpc::Status status = m_stub->Handshake(&call.context, request, &reply); !status.ok())
        return std::unexpected(errorOf(status, m_pod.node));
    const auto peer = own.review(certificateOf(call.context), reply.proof(), kAgentAccount);
    if (!peer)
        return std::unexpected(Error(peer.error()).within("what answers for the agent on " + m_pod.node));
    if (!peer->pod.empty() && peer->pod != m_pod.port.pod)
        return failure(ErrorCode::Denied, "what answers for the agent's pod " + m_pod.port.pod + " on " + m_pod.node + " is pod " + peer->pod);
    if (reply.protocol() == 0)
        return failure(ErrorCode::Unsupported, m_pod.node + ": " + reply.problem());
    m_agent = wire::identityOf(reply.identity());
    m_anchor = wire::anchorOf(reply.anchor());
    return {};
}

} // namespace binnacle::agent
