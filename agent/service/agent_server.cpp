// SPDX-License-Identifier: Apache-2.0
#include "agent/service/agent_server.h"

#include "agent/buffer/rolling_buffer.h"
#include "agent/service/listener.h"
#include "agent/service/reader_registry.h"
#include "agent/service/wire.h"

#include "binnacle/v1/service.grpc.pb.h"

#include <atomic>
#include <charconv>
#include <grpcpp/resource_quota.h>
#include <grpcpp/server.h>
#include <grpcpp/server_builder.h>
#include <grpcpp/server_posix.h>
#include <unistd.h>

namespace binnacle::agent {
namespace {

constexpr std::uint32_t kMaxReaders = 16;
constexpr int kMaxThreads = 48; // readers, short questions and gRPC's own
constexpr auto kPatience = std::chrono::milliseconds(500);
constexpr auto kHeartbeat = std::chrono::seconds(1);

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

class CountedReader {
public:
    explicit CountedReader(std::atomic<std::uint32_t>& readers) : m_readers(readers), m_isAdmitted(++readers <= kMaxReaders) {}
    ~CountedReader() { --m_readers; }
    CountedReader(const CountedReader&) = delete;
    CountedReader& operator=(const CountedReader&) = delete;
    bool isAdmitted() const { return m_isAdmitted; }

private:
    std::atomic<std::uint32_t>& m_readers;
    bool m_isAdmitted;
};

grpc::Status tooManyReaders()
{
    return {grpc::StatusCode::RESOURCE_EXHAUSTED, "this agent already serves " + std::to_string(kMaxReaders) + " readers; close one, or read through a gateway"};
}

using ItemWriter = grpc::ServerWriter<v1::StreamItem>;

} // namespace

class AgentServer::Private final : public v1::AgentService::Service {
public:
    Private(ServerOptions options, RollingBuffer& buffer)
        : m_options(std::move(options)), m_buffer(buffer), m_registry(m_options.onLocalReader, m_options.onLocalReaderGone)
    {
        m_options.protocolMin = m_options.protocolMin ? m_options.protocolMin : wire::kProtocolMin;
        m_options.protocolMax = m_options.protocolMax ? m_options.protocolMax : wire::kProtocolMax;
    }

    grpc::Status Handshake(grpc::ServerContext* context, const v1::HandshakeRequest* request, v1::HandshakeReply* reply) override;
    grpc::Status Subscribe(grpc::ServerContext* context, const v1::SubscribeRequest* request, ItemWriter* writer) override;
    grpc::Status History(grpc::ServerContext* context, const v1::HistoryRequest* request, ItemWriter* writer) override;
    grpc::Status Buffer(grpc::ServerContext* context, const v1::BufferRequest* request, v1::BufferReply* reply) override;
    grpc::Status Time(grpc::ServerContext* context, const v1::TimeRequest* request, v1::TimeReply* reply) override;

    grpc::Status admit(const grpc::ServerContext& context) const;
    void noteProcess(const grpc::ServerContext& context, std::uint32_t claimedPid);
    std::string mismatch(const v1::HandshakeRequest& request) const;
    std::vector<ChunkReader> readersFor(const v1::SubscribeRequest& request);
    bool writeStep(const ReadStep& step, ItemWriter& writer) const;
    bool writeNext(std::vector<ChunkReader>& readers, ItemWriter& writer, bool& anything) const;
    bool writeHeartbeat(ItemWriter& writer, const ChunkReader& reader) const;

    ServerOptions m_options;
    RollingBuffer& m_buffer; // outlives the server
    ReaderRegistry m_registry;
    std::unique_ptr<Listener> m_listener;
    std::unique_ptr<grpc::Server> m_server;
    std::atomic<std::uint32_t> m_readers{0};
    std::atomic<bool> m_stopping{false};
};

grpc::Status AgentServer::Private::admit(const grpc::ServerContext& context) const
{
    const auto descriptor = descriptorOf(context.peer());
    const auto peer = descriptor ? m_registry.peerOf(*descriptor) : std::nullopt;
    const std::uint32_t own = ::geteuid();
    if (peer && mayAsk(peer->user, own))
        return grpc::Status::OK;
    return {grpc::StatusCode::PERMISSION_DENIED,
            "this agent answers only user " + std::to_string(own) + ", who started it, and root; run the reader as that user"};
}

/// A Unix socket names its peer; on loopback TCP the reader says its pid, and is held to it.
void AgentServer::Private::noteProcess(const grpc::ServerContext& context, std::uint32_t claimedPid)
{
    const auto peer = m_registry.peerOf(descriptorOf(context.peer()).value_or(-1));
    if (!peer)
        return;
    if (peer->pid != 0)
        m_registry.addProcess(peer->pid);
    else if (claimedPid != 0 && holdsSocket(claimedPid, peer->socketInode))
        m_registry.addProcess(claimedPid);
}

std::string AgentServer::Private::mismatch(const v1::HandshakeRequest& request) const
{
    if (static_cast<int>(request.protocol_min()) <= m_options.protocolMax && static_cast<int>(request.protocol_max()) >= m_options.protocolMin)
        return {};
    const bool agentIsOlder = static_cast<int>(request.protocol_min()) > m_options.protocolMax;
    return "the agent is version " + m_options.identity.version + " and speaks protocol " + std::to_string(m_options.protocolMax) + ", the reader is version "
           + request.program_version() + " and speaks protocol " + std::to_string(agentIsOlder ? request.protocol_min() : request.protocol_max())
           + (agentIsOlder ? "; upgrade the agent" : "; upgrade the reader");
}

grpc::Status AgentServer::Private::Handshake(grpc::ServerContext* context, const v1::HandshakeRequest* request, v1::HandshakeReply* reply)
{
    if (auto refused = admit(*context); !refused.ok())
        return refused;
    noteProcess(*context, request->pid());
    reply->set_problem(mismatch(*request));
    reply->set_protocol(reply->problem().empty() ? std::min<std::uint32_t>(request->protocol_max(), static_cast<std::uint32_t>(m_options.protocolMax)) : 0);
    reply->set_program_version(m_options.identity.version);
    wire::put(m_options.identity, *reply->mutable_identity());
    wire::put(m_options.anchor(), *reply->mutable_anchor());
    reply->set_pid(static_cast<std::uint32_t>(::getpid()));
    reply->set_protocol_min(static_cast<std::uint32_t>(m_options.protocolMin));
    reply->set_protocol_max(static_cast<std::uint32_t>(m_options.protocolMax));
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
    if (auto refused = admit(*context); !refused.ok())
        return refused;
    const CountedReader counted(m_readers);
    if (!counted.isAdmitted())
        return tooManyReaders();
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
        m_buffer.waitForNews(version, kPatience);
    }
    return m_stopping ? grpc::Status(grpc::StatusCode::UNAVAILABLE, "the agent is stopping") : grpc::Status::OK;
}

grpc::Status AgentServer::Private::History(grpc::ServerContext* context, const v1::HistoryRequest* request, ItemWriter* writer)
{
    if (auto refused = admit(*context); !refused.ok())
        return refused;
    const CountedReader counted(m_readers);
    if (!counted.isAdmitted())
        return tooManyReaders();
    const TimeRange range{utcTime(request->from_ns()), utcTime(request->to_ns())};
    for (const telemetry::ChunkKind kind : wire::kindsOf(request->kinds())) {
        m_buffer.readHistory(kind, range, wire::levelsOf(request->levels()), [&](const SealedBytes& segment) {
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
    if (auto refused = admit(*context); !refused.ok())
        return refused;
    for (const telemetry::BufferHorizon& horizon : m_buffer.horizons())
        wire::put(horizon, *reply->add_signals());
    return grpc::Status::OK;
}

grpc::Status AgentServer::Private::Time(grpc::ServerContext* context, const v1::TimeRequest* request, v1::TimeReply* reply)
{
    if (auto refused = admit(*context); !refused.ok())
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
    auto listener = Listener::open(state->m_options.listen);
    if (!listener)
        return std::unexpected(std::move(listener).error());
    grpc::ServerBuilder builder;
    grpc::ResourceQuota quota("agent");
    quota.SetMaxThreads(kMaxThreads);
    quota.Resize(8u << 20);
    builder.SetResourceQuota(quota);
    builder.SetSyncServerOption(grpc::ServerBuilder::SyncServerOption::NUM_CQS, 1);
    builder.SetSyncServerOption(grpc::ServerBuilder::SyncServerOption::MIN_POLLERS, 1);
    builder.SetSyncServerOption(grpc::ServerBuilder::SyncServerOption::MAX_POLLERS, 2);
    builder.RegisterService(state.get());
    state->m_server = builder.BuildAndStart();
    if (!state->m_server)
        return failure(ErrorCode::Unavailable, "the service could not be started on " + state->m_options.listen.toText());
    state->m_listener = std::move(*listener);
    Private* const self = state.get(); // the accepting thread ends before the state does
    state->m_listener->start({[self](int connection, const PeerCredentials& peer) {
                                  self->m_registry.connected(connection, peer);
                                  grpc::AddInsecureChannelFromFd(self->m_server.get(), connection);
                              },
                              [self] { self->m_registry.forgetEnded(); }});
    return std::unique_ptr<AgentServer>(new AgentServer(std::move(state)));
}

const ListenAddress& AgentServer::address() const { return d->m_listener->address(); }

std::uint32_t AgentServer::readers() const { return d->m_readers; }

void AgentServer::stop()
{
    if (d->m_stopping.exchange(true))
        return;
    d->m_listener->close();
    d->m_buffer.wakeReaders();
    d->m_server->Shutdown(std::chrono::system_clock::now() + std::chrono::milliseconds(300));
    d->m_server->Wait();
}

} // namespace binnacle::agent
