// SPDX-License-Identifier: Apache-2.0
#include "agent/service/agent_server.h"

#include "agent/buffer/rolling_buffer.h"
#include "agent/service/reader_count.h"
#include "agent/service/service_host.h"
#include "agent/service/wire.h"

#include "binnacle/v1/service.grpc.pb.h"

#include <algorithm>
#include <atomic>
#include <limits>

namespace binnacle::agent {
namespace {

constexpr auto kPatience = std::chrono::milliseconds(500);
constexpr auto kHeartbeat = std::chrono::seconds(1);

/// What a question's own limit left behind: it is there, and can be asked for.
telemetry::Gap leftOut(EntityKey agent, TimeRange range, telemetry::ChunkKind kind, std::uint64_t limit)
{
    const char* const words = kind == telemetry::ChunkKind::Detail ? "detail" : "overviews";
    return {agent, range, Loss::ReaderGap, std::string(words) + " over the " + std::to_string(limit) + " bytes that were asked for; ask for a shorter range"};
}

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

    std::vector<ChunkReader> readersFor(const v1::SubscribeRequest& request);
    bool writeStep(const ReadStep& step, ItemWriter& writer) const;
    bool writeNext(std::vector<ChunkReader>& readers, ItemWriter& writer, bool& anything) const;
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

std::vector<ChunkReader> AgentServer::Private::readersFor(const v1::SubscribeRequest& request)
{
    const auto kinds = wire::kindsOf(request.kinds());
    const bool isOurs = request.has_cursor() && wire::keyOf(request.cursor().agent()) == m_options.identity.agent;
    if (isOurs)
        return m_buffer.readFrom(kinds, Cursor{request.cursor().epoch(), request.cursor().sequence()});
    return request.has_from_ns() ? m_buffer.readSince(kinds, utcTime(request.from_ns())) : m_buffer.readFrom(kinds, std::nullopt);
}

bool AgentServer::Private::writeStep(const ReadStep& step, ItemWriter& writer) const
{
    if (const auto* chunk = std::get_if<LiveChunkPtr>(&step))
        return writer.Write(wire::itemOf(**chunk));
    if (const auto* opening = std::get_if<SegmentOpening>(&step))
        return writer.Write(wire::itemOf(*opening, m_options.identity.agent));
    if (const auto* segment = std::get_if<SealedBytes>(&step))
        return writer.Write(wire::itemOf(*segment));
    return writer.Write(wire::itemOf(std::get<telemetry::Gap>(step)));
}

/// Overviews first, whatever there is of them; then one step of detail.  So a slow reader lags in detail.
bool AgentServer::Private::writeNext(std::vector<ChunkReader>& readers, ItemWriter& writer, bool& anything) const
{
    for (ChunkReader& reader : readers) {
        const ReadStep step = reader.next();
        if (std::holds_alternative<std::monostate>(step))
            continue;
        anything = true;
        return writeStep(step, writer);
    }
    anything = false;
    return true;
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
    std::vector<ChunkReader> readers = readersFor(*request);
    auto lastWord = std::chrono::steady_clock::now();
    while (!context->IsCancelled() && !m_stopping) {
        const std::uint64_t version = m_buffer.version();
        bool anything = false;
        if (!writeNext(readers, *writer, anything))
            break;
        const auto now = std::chrono::steady_clock::now();
        if (anything) {
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
    const TimeRange range{utcTime(request->from_ns()), utcTime(request->to_ns())};
    std::uint64_t left = request->max_bytes() != 0 ? request->max_bytes() : std::numeric_limits<std::uint64_t>::max();
    for (const telemetry::ChunkKind kind : wire::kindsOf(request->kinds())) {
        m_buffer.readHistory(kind, range, wire::levelsOf(request->levels()), [&](const SealedBytes& segment) {
            if (segment.bytes->size() > left) {
                writer->Write(wire::itemOf(leftOut(m_options.identity.agent, {std::max(segment.range.from, range.from), range.to}, kind, request->max_bytes())));
                return false;
            }
            left -= segment.bytes->size();
            return !context->IsCancelled() && !m_stopping && writer->Write(wire::itemOf(segment));
        });
    }
    for (const telemetry::Gap& gap : m_buffer.gaps()) {
        if (gap.range.intersects(range))
            writer->Write(wire::itemOf(gap));
    }
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
