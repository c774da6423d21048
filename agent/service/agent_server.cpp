// SPDX-License-Identifier: Apache-2.0
#include "agent/service/agent_server.h"

#include "agent/buffer/rolling_buffer.h"
#include "agent/service/buffer_stream.h"
#include "agent/service/reader_count.h"
#include "agent/service/service_host.h"
#include "agent/service/wire.h"

#include "binnacle/v1/service.grpc.pb.h"

#include <atomic>

namespace binnacle::agent {
namespace {

constexpr auto kPatience = std::chrono::milliseconds(500);
constexpr auto kHeartbeat = std::chrono::seconds(1);

using ItemWriter = grpc::ServerWriter<v1::StreamItem>;

} // namespace

class AgentServer::Private final : public v1::AgentService::Service {
public:
    Private(ServerOptions options, RollingBuffer& buffer)
        : m_options(std::move(options)), m_buffer(buffer),
          m_host({m_options.listen, std::move(m_options.door), m_options.onLocalReader, m_options.onLocalReaderGone})
    {
        m_options.protocolMin = m_options.protocolMin ? m_options.protocolMin : wire::kProtocolMin;
        m_options.protocolMax = m_options.protocolMax ? m_options.protocolMax : wire::kProtocolMax;
    }

    grpc::Status Handshake(grpc::ServerContext* context, const v1::HandshakeRequest* request, v1::HandshakeReply* reply) override;
    grpc::Status Subscribe(grpc::ServerContext* context, const v1::SubscribeRequest* request, ItemWriter* writer) override;
    grpc::Status History(grpc::ServerContext* context, const v1::HistoryRequest* request, ItemWriter* writer) override;
    grpc::Status Buffer(grpc::ServerContext* context, const v1::BufferRequest* request, v1::BufferReply* reply) override;
    grpc::Status Time(grpc::ServerContext* context, const v1::TimeRequest* request, v1::TimeReply* reply) override;

    bool writeHeartbeat(ItemWriter& writer, const ChunkReader& reader) const;

    ServerOptions m_options;
    RollingBuffer& m_buffer; // outlives the server
    ServiceHost m_host;
    ReaderCount m_readers;
    std::atomic<bool> m_stopping{false};
};

grpc::Status AgentServer::Private::Handshake(grpc::ServerContext* context, const v1::HandshakeRequest* request, v1::HandshakeReply* reply)
{
    if (auto refused = m_host.greet(*context, *request, *reply); !refused.ok())
        return refused;
    wire::answerHandshake(*request, m_options.identity, m_options.protocolMin, m_options.protocolMax, *reply);
    wire::put(m_options.anchor(), *reply->mutable_anchor());
    return grpc::Status::OK;
}

bool AgentServer::Private::writeHeartbeat(ItemWriter& writer, const ChunkReader& reader) const
{
    v1::StreamItem item;
    wire::put(m_options.anchor(), *item.mutable_heartbeat()->mutable_anchor());
    item.mutable_heartbeat()->set_epoch(reader.position().epoch);
    item.mutable_heartbeat()->set_sequence(reader.position().sequence);
    return writer.Write(item);
}

grpc::Status AgentServer::Private::Subscribe(grpc::ServerContext* context, const v1::SubscribeRequest* request, ItemWriter* writer)
{
    if (auto refused = m_host.admit(*context); !refused.ok())
        return refused;
    const ReaderCount::Reader reader(m_readers);
    if (!reader.isAdmitted())
        return tooManyReaders("agent");
    std::vector<ChunkReader> readers = readersFor(m_buffer, m_options.identity.agent, *request);
    auto lastWord = std::chrono::steady_clock::now();
    while (!context->IsCancelled() && !m_stopping) {
        const std::uint64_t version = m_buffer.version();
        const Written written = writeNext(readers, m_options.identity.agent, [&](const v1::StreamItem& item) { return writer->Write(item); });
        if (!written.isThere)
            break;
        const auto now = std::chrono::steady_clock::now();
        if (written.anything) {
            lastWord = now;
            continue;
        }
        if (now - lastWord >= kHeartbeat) {
            lastWord = now;
            if (!writeHeartbeat(*writer, readers.front()))
                break;
        }
        if (auto refused = m_host.admit(*context); !refused.ok()) // a gateway whose proof has become old
            return refused;
        m_buffer.waitForNews(version, kPatience);
    }
    return m_stopping ? grpc::Status(grpc::StatusCode::UNAVAILABLE, "the agent is stopping") : grpc::Status::OK;
}

grpc::Status AgentServer::Private::History(grpc::ServerContext* context, const v1::HistoryRequest* request, ItemWriter* writer)
{
    if (auto refused = m_host.admit(*context); !refused.ok())
        return refused;
    const ReaderCount::Reader reader(m_readers);
    if (!reader.isAdmitted())
        return tooManyReaders("agent");
    writeHistory(m_buffer, m_options.identity.agent, *request, [&](const v1::StreamItem& item) { return !context->IsCancelled() && !m_stopping && writer->Write(item); });
    return grpc::Status::OK;
}

grpc::Status AgentServer::Private::Buffer(grpc::ServerContext* context, const v1::BufferRequest*, v1::BufferReply* reply)
{
    if (auto refused = m_host.admit(*context); !refused.ok())
        return refused;
    for (const telemetry::BufferHorizon& horizon : m_buffer.horizons())
        wire::put(horizon, *reply->add_signals());
    return grpc::Status::OK;
}

grpc::Status AgentServer::Private::Time(grpc::ServerContext* context, const v1::TimeRequest* request, v1::TimeReply* reply)
{
    if (auto refused = m_host.admit(*context); !refused.ok())
        return refused;
    reply->set_sent_ns(request->sent_ns());
    wire::put(m_options.anchor(), *reply->mutable_anchor());
    return grpc::Status::OK;
}

AgentServer::AgentServer(std::unique_ptr<Private> state) : d(std::move(state)) {}

AgentServer::~AgentServer() { stop(); }

Result<std::unique_ptr<AgentServer>> AgentServer::start(ServerOptions options, RollingBuffer& buffer)
{
    auto state = std::make_unique<Private>(std::move(options), buffer);
    BN_TRY(state->m_host.start(*state));
    return std::unique_ptr<AgentServer>(new AgentServer(std::move(state)));
}

const ListenAddress& AgentServer::address() const { return d->m_host.address(); }

std::uint16_t AgentServer::doorPort() const { return d->m_host.doorPort(); }

std::uint32_t AgentServer::readers() const { return d->m_readers.count(); }

void AgentServer::stop()
{
    if (d->m_stopping.exchange(true))
        return;
    d->m_host.closeDoors();
    d->m_buffer.wakeReaders();
    d->m_host.stop();
}

} // namespace binnacle::agent
