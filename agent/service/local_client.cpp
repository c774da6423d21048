// SPDX-License-Identifier: Apache-2.0
#include "agent/service/local_client.h"

#include "agent/service/wire.h"

#include "binnacle/v1/service.grpc.pb.h"

#include <algorithm>
#include <grpcpp/create_channel.h>
#include <grpcpp/security/credentials.h>
#include <unistd.h>

namespace binnacle::agent {
namespace {

constexpr auto kPatience = std::chrono::seconds(5);
constexpr auto kHistoryPatience = std::chrono::minutes(5);

Error errorOf(const grpc::Status& status, const ListenAddress& address)
{
    const std::string& message = status.error_message();
    if (status.error_code() == grpc::StatusCode::PERMISSION_DENIED || message.find("Permission denied") != std::string::npos)
        return {ErrorCode::Denied, "the agent on " + address.toText() + " answers only the user who started it and root; run this as that user or with sudo"};
    if (status.error_code() == grpc::StatusCode::UNAVAILABLE || status.error_code() == grpc::StatusCode::DEADLINE_EXCEEDED)
        return {ErrorCode::NotFound, "no agent answers on " + address.toText() + "; start one with `binnacle-agent run`, or name its address with --listen"};
    return {ErrorCode::Unavailable, "the agent on " + address.toText() + " answered: " + message};
}

std::unique_ptr<grpc::ClientContext> contextFor(std::chrono::seconds patience)
{
    auto context = std::make_unique<grpc::ClientContext>();
    context->set_deadline(std::chrono::system_clock::now() + patience);
    return context;
}

} // namespace

class LocalClient::Private {
public:
    ListenAddress m_address;
    std::unique_ptr<v1::AgentService::Stub> m_stub;
    telemetry::AgentIdentity m_identity;
    ClockAnchor m_anchor;
    bool m_isGateway = false;

    Result<void> handshake();
};

Result<void> LocalClient::Private::handshake()
{
    v1::HandshakeRequest request;
    request.set_protocol_min(wire::kProtocolMin);
    request.set_protocol_max(wire::kProtocolMax);
    request.set_program_version("of this binnacle-agent");
    request.set_pid(static_cast<std::uint32_t>(::getpid()));
    v1::HandshakeReply reply;
    const auto context = contextFor(kPatience);
    if (const grpc::Status status = m_stub->Handshake(context.get(), request, &reply); !status.ok())
        return std::unexpected(errorOf(status, m_address));
    if (reply.protocol() == 0)
        return failure(ErrorCode::Unsupported, reply.problem());
    m_identity = wire::identityOf(reply.identity());
    m_anchor = wire::anchorOf(reply.anchor());
    m_isGateway = std::ranges::find(reply.capabilities(), wire::kGatewayCapability) != reply.capabilities().end();
    return {};
}

LocalClient::LocalClient(std::unique_ptr<Private> state) : d(std::move(state)) {}
LocalClient::~LocalClient() = default;

Result<std::unique_ptr<LocalClient>> LocalClient::connect(const ListenAddress& address)
{
    auto state = std::make_unique<Private>();
    state->m_address = address;
    state->m_stub = v1::AgentService::NewStub(grpc::CreateChannel(address.toText(), grpc::InsecureChannelCredentials()));
    BN_TRY(state->handshake());
    return std::unique_ptr<LocalClient>(new LocalClient(std::move(state)));
}

const telemetry::AgentIdentity& LocalClient::identity() const { return d->m_identity; }
bool LocalClient::isGateway() const { return d->m_isGateway; }
const ClockAnchor& LocalClient::anchor() const { return d->m_anchor; }

Result<std::vector<telemetry::BufferHorizon>> LocalClient::horizons()
{
    v1::BufferReply reply;
    const auto context = contextFor(kPatience);
    if (const grpc::Status status = d->m_stub->Buffer(context.get(), {}, &reply); !status.ok())
        return std::unexpected(errorOf(status, d->m_address));
    std::vector<telemetry::BufferHorizon> result;
    for (const v1::SignalHorizon& signal : reply.signals())
        result.push_back({d->m_identity.agent, signal.signal(), {utcTime(signal.from_ns()), utcTime(signal.to_ns())}, signal.bytes()});
    return result;
}

Result<void> LocalClient::history(TimeRange range, const std::function<Result<void>(const std::string&)>& segment,
                                  const std::function<void(const telemetry::Gap&)>& gap)
{
    v1::HistoryRequest request;
    request.set_from_ns(ns(range.from));
    request.set_to_ns(ns(range.to));
    const auto context = contextFor(kHistoryPatience);
    const auto stream = d->m_stub->History(context.get(), request);
    v1::StreamItem item;
    while (stream->Read(&item)) {
        if (item.has_gap())
            gap({wire::keyOf(item.gap().agent()), {utcTime(item.gap().from_ns()), utcTime(item.gap().to_ns())}, static_cast<Loss>(item.gap().reason()), item.gap().what()});
        if (!item.has_segment())
            continue;
        if (auto taken = segment(item.segment().bytes()); !taken) {
            context->TryCancel();
            return taken;
        }
    }
    const grpc::Status status = stream->Finish();
    return status.ok() ? Result<void>() : std::unexpected(errorOf(status, d->m_address));
}

} // namespace binnacle::agent
