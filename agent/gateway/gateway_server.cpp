// SPDX-License-Identifier: Apache-2.0
#include "agent/gateway/gateway_server.h"

#include "agent/gateway/fleet.h"
#include "agent/gateway/fleet_history.h"
#include "agent/gateway/fleet_reader.h"
#include "agent/gateway/merger.h"
#include "agent/service/buffer_stream.h"
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
    Private(GatewayServerOptions options, Fleet& fleet, Merger* merger)
        : m_options(std::move(options)), m_fleet(fleet), m_merger(merger),
          m_host({.listen = m_options.listen, .door = {}, .readerCame = {}, .readerGone = {}, .mostThreads = kMostThreads, .quotaBytes = kQuota})
    {
    }

    grpc::Status Handshake(grpc::ServerContext* context, const v1::HandshakeRequest* request, v1::HandshakeReply* reply) override;
    grpc::Status Subscribe(grpc::ServerContext* context, const v1::SubscribeRequest* request, ItemWriter* writer) override;
    grpc::Status History(grpc::ServerContext* context, const v1::HistoryRequest* request, ItemWriter* writer) override;
    grpc::Status Buffer(grpc::ServerContext* context, const v1::BufferRequest* request, v1::BufferReply* reply) override;
    grpc::Status Time(grpc::ServerContext* context, const v1::TimeRequest* request, v1::TimeReply* reply) override;

    /// Ends with the reader, the call or the server.
    void giveFleet(const v1::SubscribeRequest& request, const WriteItem& write);
    void giveMerged(const v1::SubscribeRequest& request, const WriteItem& write);
    v1::StreamItem heartbeat() const;

    const GatewayServerOptions m_options;
    Fleet& m_fleet;     // outlives the server
    Merger* m_merger;   // as the fleet; null: none
    ServiceHost m_host;
    ReaderCount m_readers;
    std::atomic<bool> m_stopping{false};
};

grpc::Status GatewayServer::Private::Handshake(grpc::ServerContext* context, const v1::HandshakeRequest* request, v1::HandshakeReply* reply)
{
    if (auto refused = m_host.greet(*context, *request, *reply); !refused.ok())
        return refused;
    wire::answerHandshake(*request, m_merger ? m_merger->identity() : m_options.identity, wire::kProtocolMin, wire::kProtocolMax, *reply);
    reply->add_capabilities(std::string(wire::kGatewayCapability));
    if (m_merger)
        reply->add_capabilities(std::string(wire::kMergedCapability));
    reply->set_agents(static_cast<std::uint32_t>(m_fleet.links().size()));
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
    if (request->merged() && !m_merger)
        return {grpc::StatusCode::FAILED_PRECONDITION, "this gateway merges nothing; read its agents' own streams"};
    const WriteItem write = [&](const v1::StreamItem& item) { return !context->IsCancelled() && !m_stopping && writer->Write(item); };
    request->merged() ? giveMerged(*request, write) : giveFleet(*request, write);
    return m_stopping ? grpc::Status(grpc::StatusCode::UNAVAILABLE, "the gateway is stopping") : grpc::Status::OK;
}

v1::StreamItem GatewayServer::Private::heartbeat() const
{
    v1::StreamItem item;
    wire::put(m_options.anchor(), *item.mutable_heartbeat()->mutable_anchor());
    return item;
}

void GatewayServer::Private::giveFleet(const v1::SubscribeRequest& request, const WriteItem& write)
{
    FleetReader fleet(m_fleet, request, write);
    auto lastWord = std::chrono::steady_clock::now();
    while (!m_stopping) {
        const std::uint64_t version = m_fleet.version();
        if (!fleet.step())
            return;
        const auto now = std::chrono::steady_clock::now();
        if (fleet.hadNews()) {
            lastWord = now;
        } else if (now - lastWord >= kHeartbeat) {
            lastWord = now;
            if (!write(heartbeat()))
                return;
        }
        if (fleet.hasMore())
            continue;
        m_fleet.waitForNews(version, kPatience);
        std::this_thread::sleep_for(kGather);
    }
}

/// Who is behind it first, so that merged seconds speak of hosts that are known.
void GatewayServer::Private::giveMerged(const v1::SubscribeRequest& request, const WriteItem& write)
{
    RollingBuffer& buffer = m_merger->buffer();
    const EntityKey own = m_merger->identity().agent;
    FleetReader fleet(m_fleet, request, write, FleetReader::Gives::NoticesOnly);
    std::vector<ChunkReader> readers = readersFor(buffer, own, request);
    auto lastWord = std::chrono::steady_clock::now();
    while (!m_stopping) {
        const std::uint64_t version = buffer.version();
        if (!fleet.step())
            return;
        bool anything = fleet.hadNews();
        for (Written written = writeNext(readers, own, write); written.anything; written = writeNext(readers, own, write)) {
            if (!written.isThere)
                return;
            anything = true;
        }
        const auto now = std::chrono::steady_clock::now();
        if (anything) {
            lastWord = now;
        } else if (now - lastWord >= kHeartbeat) {
            lastWord = now;
            if (!write(heartbeat()))
                return;
        }
        buffer.waitForNews(version, kPatience);
    }
}

grpc::Status GatewayServer::Private::History(grpc::ServerContext* context, const v1::HistoryRequest* request, ItemWriter* writer)
{
    if (auto refused = m_host.admit(*context); !refused.ok())
        return refused;
    const ReaderCount::Reader reader(m_readers);
    if (!reader.isAdmitted())
        return tooManyReaders("gateway");
    const WriteItem write = [&](const v1::StreamItem& item) { return !context->IsCancelled() && !m_stopping && writer->Write(item); };
    if (!request->merged())
        fanOutHistory(m_fleet, *request, write);
    else if (m_merger)
        writeHistory(m_merger->buffer(), m_merger->identity().agent, *request, write);
    else
        return {grpc::StatusCode::FAILED_PRECONDITION, "this gateway merges nothing; ask its agents"};
    return m_stopping ? grpc::Status(grpc::StatusCode::UNAVAILABLE, "the gateway is stopping") : grpc::Status::OK;
}

grpc::Status GatewayServer::Private::Buffer(grpc::ServerContext* context, const v1::BufferRequest*, v1::BufferReply* reply)
{
    if (auto refused = m_host.admit(*context); !refused.ok())
        return refused;
    const std::vector<LinkPtr> links = m_fleet.links();
    std::vector<v1::BufferReply> answers(links.size());
    askEach(links, [&](std::size_t index, const AgentLink& link) {
        const auto identity = link.status().identity;
        auto answer = link.buffer(kQuestionPatience);
        if (!identity || !answer)
            return; // who does not answer has no horizon; the stream and history say why
        for (v1::SignalHorizon& signal : *answer->mutable_signals()) {
            wire::put(identity->agent, *signal.mutable_agent());
            signal.set_host(identity->host);
        }
        answers[index] = std::move(*answer);
    });
    for (v1::BufferReply& answer : answers)
        reply->mutable_signals()->MergeFrom(answer.signals());
    if (!m_merger)
        return grpc::Status::OK;
    for (telemetry::BufferHorizon& horizon : m_merger->buffer().horizons()) {
        horizon.host = m_merger->identity().host;
        horizon.isMerged = true;
        v1::SignalHorizon& signal = *reply->add_signals();
        wire::put(horizon, signal);
        wire::put(horizon.agent, *signal.mutable_agent());
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

Result<std::unique_ptr<GatewayServer>> GatewayServer::start(GatewayServerOptions options, Fleet& fleet, Merger* merger)
{
    auto state = std::make_unique<Private>(std::move(options), fleet, merger);
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
    if (d->m_merger)
        d->m_merger->buffer().wakeReaders();
    d->m_host.stop();
}

} // namespace binnacle::agent
