// SPDX-License-Identifier: Apache-2.0
#include "agent/gateway/agent_link.h"

#include "agent/service/wire.h"

#include "binnacle/v1/service.grpc.pb.h"

#include <algorithm>
#include <grpc/grpc_security_constants.h>
#include <grpcpp/create_channel.h>
#include <grpcpp/security/credentials.h>
#include <grpcpp/security/tls_certificate_provider.h>
#include <grpcpp/security/tls_certificate_verifier.h>
#include <grpcpp/security/tls_credentials_options.h>

#ifndef BINNACLE_VERSION
#define BINNACLE_VERSION "0.0.0"
#endif

namespace binnacle::agent {
namespace {

using namespace std::chrono_literals;
using Steady = std::chrono::steady_clock;

constexpr auto kHandshakePatience = 15s; // its reviews at the API server included
constexpr auto kSilence = 15s;
constexpr auto kProveAgain = 5min; // a third of what a proof is good for
constexpr int kMaxMessage = 64 << 20;

std::int64_t steadyNs() { return Nanoseconds(Steady::now().time_since_epoch()).count(); }

/// Neither side's certificate is signed by anybody: TLS shows that the other side holds its key, its proof whose key that is.
std::shared_ptr<grpc::ChannelCredentials> credentialsOf(const kube::OwnCertificate& own)
{
    namespace tls = grpc::experimental;
    tls::TlsChannelCredentialsOptions options;
    options.set_certificate_provider(std::make_shared<tls::StaticDataCertificateProvider>(std::vector<tls::IdentityKeyCertPair>{{own.privateKey, own.certificate}}));
    options.watch_identity_key_cert_pairs();
    options.set_verify_server_certs(false);
    options.set_check_call_host(false);
    options.set_certificate_verifier(std::make_shared<tls::NoOpCertificateVerifier>());
    return tls::TlsCredentials(options);
}

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

Error noLonger(const std::string& where) { return {ErrorCode::Unavailable, "the agent on " + where + " ended the stream; it is asked again"}; }

} // namespace

/// A channel to one pod.
class AgentLink::Connection {
public:
    Connection(kube::AgentPod pod, const kube::OwnCertificate& own) : m_pod(std::move(pod)), m_stub(v1::AgentService::NewStub(channelTo(m_pod, own))) {}

    const kube::AgentPod& pod() const { return m_pod; }
    const telemetry::AgentIdentity& agent() const { return m_agent; }
    const ClockAnchor& anchor() const { return m_anchor; }
    v1::AgentService::Stub& stub() const { return *m_stub; }
    grpc::ClientContext& stream() { return m_stream; } // of Subscribe; the only context that is cancelled from outside

    /// Each shows whose key it holds; blocks.
    Result<void> handshake(ChannelIdentity& own);

private:
    const kube::AgentPod m_pod;
    std::unique_ptr<v1::AgentService::Stub> m_stub;
    telemetry::AgentIdentity m_agent;
    ClockAnchor m_anchor;
    grpc::ClientContext m_stream;
};

Result<void> AgentLink::Connection::handshake(ChannelIdentity& own)
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
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + kHandshakePatience);
    if (const grpc::Status status = m_stub->Handshake(&context, request, &reply); !status.ok())
        return std::unexpected(errorOf(status, m_pod.node));
    const auto peer = own.review(certificateOf(context), reply.proof(), kAgentAccount);
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

AgentLink::AgentLink(std::string node, Options options) : m_options(std::move(options)), m_tail(m_options.tailBytes)
{
    m_status.node = std::move(node);
    m_status.why = "the agent on " + m_status.node + " has not answered yet";
    m_thread = std::thread([this] { run(); });
}

AgentLink::~AgentLink() { stop(); }

void AgentLink::stop()
{
    {
        const std::lock_guard lock(m_mutex);
        m_stopping = true;
        if (m_reading)
            m_reading->stream().TryCancel();
    }
    m_wake.notify_all();
    if (m_thread.joinable())
        m_thread.join();
}

void AgentLink::setPod(std::optional<kube::AgentPod> pod)
{
    {
        const std::lock_guard lock(m_mutex);
        if (m_pod == pod)
            return;
        if (m_reading && pod && pod->port.uid != m_reading->pod().port.uid)
            m_reading->stream().TryCancel();
        m_pod = std::move(pod);
        m_hurry = true;
    }
    m_wake.notify_all();
}

LinkStatus AgentLink::status() const
{
    const std::lock_guard lock(m_mutex);
    return m_status;
}

void AgentLink::checkAlive()
{
    const std::int64_t heard = m_lastHeard;
    if (heard == 0 || steadyNs() - heard < Nanoseconds(kSilence).count())
        return;
    const std::lock_guard lock(m_mutex);
    if (m_reading)
        m_reading->stream().TryCancel();
}

bool AgentLink::isStopping() const
{
    const std::lock_guard lock(m_mutex);
    return m_stopping;
}

bool AgentLink::pause(std::chrono::milliseconds time)
{
    std::unique_lock lock(m_mutex);
    m_wake.wait_for(lock, time, [this] { return m_stopping || m_hurry; });
    m_hurry = false;
    return !m_stopping;
}

void AgentLink::setAway(const Error& why)
{
    {
        const std::lock_guard lock(m_mutex);
        m_connection.reset();
        if (!m_status.isConnected && m_status.why == why.what)
            return;
        m_status.isConnected = false;
        m_status.why = why.what;
        ++m_status.version;
    }
    m_options.news();
}

void AgentLink::run()
{
    auto wait = m_options.firstPause;
    do {
        const Cursor before = m_tail.newest();
        const auto ended = readOnce();
        m_lastHeard = 0;
        if (!isStopping())
            setAway(ended ? noLonger(status().node) : ended.error());
        wait = m_tail.newest() != before ? m_options.firstPause : std::min(wait * 2, m_options.longestPause);
    } while (pause(wait));
}

Result<kube::AgentPod> AgentLink::reachablePod() const
{
    const std::lock_guard lock(m_mutex);
    const std::string& node = m_status.node;
    if (!m_pod)
        return failure(ErrorCode::NotFound, "no agent's pod is on node " + node + " any more; it is asked again as soon as there is one");
    if (!m_pod->trouble.empty() || m_pod->address.empty())
        return failure(ErrorCode::Unavailable, "the agent's pod " + m_pod->port.pod + " on " + node + " does not run"
                                                   + (m_pod->trouble.empty() ? std::string(" yet") : ": " + m_pod->trouble));
    if (m_pod->gatewayPort == 0)
        return failure(ErrorCode::Unsupported, "the agent's pod " + m_pod->port.pod + " on " + node
                                                   + " has no door for a gateway; it was installed without one: install again with the gateway on");
    return *m_pod;
}

Result<void> AgentLink::readOnce()
{
    const auto pod = reachablePod();
    if (!pod)
        return std::unexpected(pod.error());
    const auto fresh = std::make_shared<Connection>(*pod, m_options.identity->certificate());
    BN_TRY(fresh->handshake(*m_options.identity));
    m_tail.begin(fresh->agent().agent);
    noteHandshake(*fresh);
    m_lastHeard = steadyNs();
    setConnection(fresh);
    const auto ended = read(*fresh);
    setConnection(nullptr);
    return ended;
}

void AgentLink::noteHandshake(const Connection& connection)
{
    {
        const std::lock_guard lock(m_mutex);
        m_status.identity = connection.agent();
        m_status.anchor = connection.anchor();
        m_status.isConnected = true;
        m_status.why.clear();
        ++m_status.version;
    }
    m_options.news();
}

void AgentLink::setConnection(ConnectionPtr connection)
{
    const std::lock_guard lock(m_mutex);
    m_connection = m_reading = std::move(connection);
    if (m_reading && m_stopping)
        m_reading->stream().TryCancel();
}

Result<void> AgentLink::read(Connection& connection)
{
    v1::SubscribeRequest request;
    request.add_kinds(v1::CHUNK_KIND_OVERVIEW);
    if (const Cursor newest = m_tail.newest(); newest != Cursor{}) {
        wire::put(connection.agent().agent, *request.mutable_cursor()->mutable_agent());
        request.mutable_cursor()->set_epoch(newest.epoch);
        request.mutable_cursor()->set_sequence(newest.sequence);
    }
    const auto stream = connection.stub().Subscribe(&connection.stream(), request);
    auto proved = Steady::now();
    Result<void> outcome;
    v1::StreamItem item;
    while (outcome && stream->Read(&item)) {
        m_lastHeard = steadyNs();
        outcome = m_tail.take(std::move(item));
        m_options.news();
        if (outcome && Steady::now() - proved >= kProveAgain) {
            proved = Steady::now();
            outcome = connection.handshake(*m_options.identity);
        }
    }
    if (!outcome)
        connection.stream().TryCancel();
    const grpc::Status status = stream->Finish();
    if (!outcome)
        return std::unexpected(std::move(outcome).error().within("the agent on " + connection.pod().node));
    return status.ok() ? Result<void>() : std::unexpected(errorOf(status, connection.pod().node));
}

Result<AgentLink::ConnectionPtr> AgentLink::connection() const
{
    const std::lock_guard lock(m_mutex);
    if (!m_connection)
        return failure(ErrorCode::Unavailable, m_status.why);
    return m_connection;
}

namespace {

Result<void> readAll(grpc::ClientContext& context, grpc::ClientReader<v1::StreamItem>& stream, const AgentLink::Take& take, const std::string& where)
{
    v1::StreamItem item;
    while (stream.Read(&item)) {
        if (!take(std::move(item))) {
            context.TryCancel();
            stream.Finish();
            return {};
        }
    }
    const grpc::Status status = stream.Finish();
    return status.ok() ? Result<void>() : std::unexpected(errorOf(status, where));
}

} // namespace

Result<void> AgentLink::subscribe(const v1::SubscribeRequest& request, std::chrono::milliseconds patience, const Take& take) const
{
    const auto to = connection();
    if (!to)
        return std::unexpected(to.error());
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + patience);
    const auto stream = (*to)->stub().Subscribe(&context, request);
    return readAll(context, *stream, take, (*to)->pod().node);
}

Result<void> AgentLink::history(const v1::HistoryRequest& request, std::chrono::milliseconds patience, const Take& take) const
{
    const auto to = connection();
    if (!to)
        return std::unexpected(to.error());
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + patience);
    const auto stream = (*to)->stub().History(&context, request);
    return readAll(context, *stream, take, (*to)->pod().node);
}

Result<v1::BufferReply> AgentLink::buffer(std::chrono::milliseconds patience) const
{
    const auto to = connection();
    if (!to)
        return std::unexpected(to.error());
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + patience);
    v1::BufferReply reply;
    const grpc::Status status = (*to)->stub().Buffer(&context, {}, &reply);
    return status.ok() ? Result<v1::BufferReply>(std::move(reply)) : std::unexpected(errorOf(status, (*to)->pod().node));
}

Result<v1::TimeReply> AgentLink::time(const v1::TimeRequest& request, std::chrono::milliseconds patience) const
{
    const auto to = connection();
    if (!to)
        return std::unexpected(to.error());
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + patience);
    v1::TimeReply reply;
    const grpc::Status status = (*to)->stub().Time(&context, request, &reply);
    return status.ok() ? Result<v1::TimeReply>(std::move(reply)) : std::unexpected(errorOf(status, (*to)->pod().node));
}

} // namespace binnacle::agent
