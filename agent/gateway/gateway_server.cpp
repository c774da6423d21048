// SPDX-License-Identifier: Apache-2.0
#include "agent/gateway/gateway_server.h"

#include "agent/gateway/fleet.h"
#include "agent/gateway/fleet_history.h"
#include "agent/gateway/fleet_reader.h"
#include "agent/service/reader_count.h"
#include "agent/service/service_host.h"
#include "agent/service/wire.h"

#include "binnacle/v1/service.grpc.pb.h"

#include <atomic>
#include <thread>

namespace binnacle::agent {
namespace {

constexpr auto kPatience = std::chrono::milliseconds(500);
constexpr auto kGather = std::chrono::milliseconds(20); // news of many agents are looked at together
constexpr auto kHeartbeat = std::chrono::seconds(1);
constexpr auto kQuestionPatience = std::chrono::seconds(5);
constexpr int kMostThreads = 64;
constexpr std::size_t kQuota = 64u << 20;

using ItemWriter = grpc::ServerWriter<v1::StreamItem>;

} // namespace

class GatewayServer::Private final : public v1::AgentService::Service {
public:
    Private(GatewayServerOptions options, Fleet& fleet)
        : m_options(std::move(options)), m_fleet(fleet),
          m_host({.listen = m_options.listen, .door = {}, .readerCame = {}, .readerGone = {}, .mostThreads = kMostThreads, .quotaBytes = kQuota})
    {
    }

    grpc::Status Handshake(grpc::ServerContext* context, const v1::HandshakeRequest* request, v1::HandshakeReply* reply) override;
    grpc::Status Subscribe(grpc::ServerContext* context, const v1::SubscribeRequest* request, ItemWriter* writer) override;
    grpc::Status History(grpc::ServerContext* context, const v1::HistoryRequest* request, ItemWriter* writer) override;
    grpc::Status Buffer(grpc::ServerContext* context, const v1::BufferRequest* request, v1::BufferReply* reply) override;
    grpc::Status Time(grpc::ServerContext* context, const v1::TimeRequest* request, v1::TimeReply* reply) override;

    const GatewayServerOptions m_options;
    Fleet& m_fleet; // outlives the server
    ServiceHost m_host;
    ReaderCount m_readers;
    std::atomic<bool> m_stopping{false};
};

grpc::Status GatewayServer::Private::Handshake(grpc::ServerContext* context, const v1::HandshakeRequest* request, v1::HandshakeReply* reply)
{
    if (auto refused = m_host.greet(*context, *request, *reply); !refused.ok())
        return refused;
    wire::answerHandshake(*request, m_options.identity, wire::kProtocolMin, wire::kProtocolMax, *reply);
    reply->add_capabilities(std::string(wire::kGatewayCapability));
    wire::put(m_options.anchor(), *reply->mutable_anchor());
    return grpc::Status::OK;
}

grpc::Status GatewayServer::Private::Subscribe(grpc::ServerContext* context, const v1::SubscribeRequest* request, ItemWriter* writer)
{
    if (auto refused = m_host.admit(*context); !refused.ok())
        return refused;
    const ReaderCount::Reader reader(m_readers);
    if (!reader.isAdmitted())
        return tooManyReaders("gateway");
    FleetReader fleet(m_fleet, *request, [&](const v1::StreamItem& item) { return !context->IsCancelled() && !m_stopping && writer->Write(item); });
    auto lastWord = std::chrono::steady_clock::now();
    while (!context->IsCancelled() && !m_stopping) {
        const std::uint64_t version = m_fleet.version();
        if (!fleet.step())
            break;
        const auto now = std::chrono::steady_clock::now();
        if (fleet.hadNews()) {
            lastWord = now;
        } else if (now - lastWord >= kHeartbeat) {
            lastWord = now;
            v1::StreamItem item;
            wire::put(m_options.anchor(), *item.mutable_heartbeat()->mutable_anchor());
            if (!writer->Write(item))
                break;
        }
        if (fleet.hasMore())
            continue;
        m_fleet.waitForNews(version, kPatience);
        std::this_thread::sleep_for(kGather);
    }
    return m_stopping ? grpc::Status(grpc::StatusCode::UNAVAILABLE, "the gateway is stopping") : grpc::Status::OK;
}

grpc::Status GatewayServer::Private::History(grpc::ServerContext* context, const v1::HistoryRequest* request, ItemWriter* writer)
{
    if (auto refused = m_host.admit(*context); !refused.ok())
        return refused;
    const ReaderCount::Reader reader(m_readers);
    if (!reader.isAdmitted())
        return tooManyReaders("gateway");
    fanOutHistory(m_fleet, *request, [&](const v1::StreamItem& item) { return !context->IsCancelled() && !m_stopping && writer->Write(item); });
    return m_stopping ? grpc::Status(grpc::StatusCode::UNAVAILABLE, "the gateway is stopping") : grpc::Status::OK;
}

grpc::Status GatewayServer::Private::Buffer(grpc::ServerContext* context, const v1::BufferRequest*, v1::BufferReply* reply)
{
    if (auto refused = m_host.admit(*context); !refused.ok())
        return refused;
    for (const LinkPtr& link : m_fleet.links()) {
        const auto identity = link->status().identity;
        auto answer = link->buffer(kQuestionPatience);
        if (!identity || !answer)
            continue; // who does not answer has no horizon; the stream and history say why
        for (v1::SignalHorizon& signal : *answer->mutable_signals()) {
            wire::put(identity->agent, *signal.mutable_agent());
            *reply->add_signals() = std::move(signal);
        }
    }
    return grpc::Status::OK;
}

grpc::Status GatewayServer::Private::Time(grpc::ServerContext* context, const v1::TimeRequest* request, v1::TimeReply* reply)
{
    if (auto refused = m_host.admit(*context); !refused.ok())
        return refused;
    if (!request->has_agent()) {
        reply->set_sent_ns(request->sent_ns());
        wire::put(m_options.anchor(), *reply->mutable_anchor());
        return grpc::Status::OK;
    }
    for (const LinkPtr& link : m_fleet.links()) {
        const auto identity = link->status().identity;
        if (!identity || identity->agent != wire::keyOf(request->agent()))
            continue;
        auto answer = link->time(*request, kQuestionPatience);
        if (!answer)
            return {grpc::StatusCode::UNAVAILABLE, answer.error().what};
        *reply = std::move(*answer);
        return grpc::Status::OK;
    }
    return {grpc::StatusCode::NOT_FOUND, "no agent of that key is behind this gateway"};
}

GatewayServer::GatewayServer(std::unique_ptr<Private> state) : d(std::move(state)) {}

GatewayServer::~GatewayServer() { stop(); }

Result<std::unique_ptr<GatewayServer>> GatewayServer::start(GatewayServerOptions options, Fleet& fleet)
{
    auto state = std::make_unique<Private>(std::move(options), fleet);
    BN_TRY(state->m_host.start(*state));
    return std::unique_ptr<GatewayServer>(new GatewayServer(std::move(state)));
}

const ListenAddress& GatewayServer::address() const { return d->m_host.address(); }

std::uint32_t GatewayServer::readers() const { return d->m_readers.count(); }

void GatewayServer::stop()
{
    if (d->m_stopping.exchange(true))
        return;
    d->m_host.closeDoors();
    d->m_fleet.wakeReaders();
    d->m_host.stop();
}

} // namespace binnacle::agent
