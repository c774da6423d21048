// SPDX-License-Identifier: GPL-3.0-or-later
#include "desktop/ingest/agent_connection.h"

#include "core/base/platform/process.h"
#include "core/telemetry/compression.h"

#include "binnacle/v1/service.grpc.pb.h"

#include <algorithm>
#include <functional>
#include <future>
#include <grpcpp/channel.h>
#include <grpcpp/create_channel.h>
#include <grpcpp/security/credentials.h>
#include <mutex>
#include <set>

#ifndef BINNACLE_VERSION
#define BINNACLE_VERSION "0.0.0"
#endif

namespace binnacle::desktop {
namespace {

constexpr auto kShort = std::chrono::seconds(5);
constexpr auto kLook = std::chrono::milliseconds(10); // whether a call is still wanted
constexpr auto kHistoryPatience = std::chrono::minutes(10);
constexpr int kMaxMessage = 64 << 20;
constexpr std::string_view kGatewayCapability = "gateway";
constexpr std::string_view kMergedCapability = "merged";

bool says(const grpc::Status& status, std::string_view part) { return status.error_message().find(part) != std::string::npos; }

Error unavailable(const grpc::Status& status, const Target& target)
{
    const std::string where = target.toWords();

    if (says(status, "Permission denied"))
        return {ErrorCode::Denied, "the agent on " + where + " belongs to another user; run this as that user, or with sudo"};
    if (says(status, "http1.x"))
        return {ErrorCode::Unsupported, "what listens on " + where + " is no Binnacle agent but a web server; check the port"};
    if (says(status, "the gateway is stopping"))
        return {ErrorCode::Unavailable, "the gateway (" + where + ") was stopped; it is asked again until one is back"};
    if (says(status, "the agent is stopping"))
        return {ErrorCode::Unavailable, "the agent on " + where + " was stopped; it is asked again until it is back"};
    if (says(status, "DNS") || says(status, "resolution"))
        return {ErrorCode::NotFound, "the name in " + where + " is not known; check the spelling, or give an IP address"};
    if (!target.context.empty())
        return {ErrorCode::Unavailable, "the agent on " + where + " cannot be reached; `binnacle diagnose` shows where it ends"};
    if (!target.label.empty())
        return {ErrorCode::Unavailable, "the agent on " + where + " cannot be reached; it is asked again"};
    return {ErrorCode::Unavailable, "no agent answers on " + where + "; start one there with `sudo binnacle-agent run`, or check the address"};
}

Error errorOf(const grpc::Status& status, const Target& target)
{
    const std::string where = target.toWords();
    switch (status.error_code()) {
    case grpc::StatusCode::UNAVAILABLE: return unavailable(status, target);
    case grpc::StatusCode::DEADLINE_EXCEEDED:
        return {ErrorCode::Unavailable, "the agent on " + where + " did not answer in time; it may be stopped or very busy: look at it with `binnacle-agent check`"};
    case grpc::StatusCode::PERMISSION_DENIED: return {ErrorCode::Denied, where + ": " + status.error_message()};
    case grpc::StatusCode::RESOURCE_EXHAUSTED: return {ErrorCode::Unavailable, where + ": " + status.error_message()};
    case grpc::StatusCode::CANCELLED: return {ErrorCode::Cancelled, "reading from " + where + " was ended"};
    case grpc::StatusCode::UNIMPLEMENTED:
        return {ErrorCode::Unsupported, "what listens on " + where + " is no Binnacle agent, or one too old for this desktop; upgrade the agent"};
    default: return {ErrorCode::Unavailable, "the agent on " + where + " answered: " + status.error_message() + "; try again, and restart the agent if it stays"};
    }
}

std::string grpcAddress(const Target& target)
{
    if (target.kind == Target::Kind::Unix)
        return "unix:" + target.path;
    return "dns:///" + target.toText();
}

std::shared_ptr<grpc::Channel> channelTo(const std::string& address)
{
    grpc::ChannelArguments arguments;
    arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);          // an agent is on loopback; a proxy cannot reach it
    arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);  // a new attempt does not inherit the pause of an old one
    arguments.SetMaxReceiveMessageSize(kMaxMessage);
    return grpc::CreateCustomChannel(address, grpc::InsecureChannelCredentials(), arguments);
}

void put(EntityKey key, v1::Key& out)
{
    out.set_high(key.high);
    out.set_low(key.low);
}

void put(const StreamCursor& cursor, v1::Cursor& out)
{
    put(cursor.agent, *out.mutable_agent());
    out.set_epoch(cursor.epoch);
    out.set_sequence(cursor.sequence);
}

EntityKey keyOf(const v1::Key& in) { return {in.high(), in.low()}; }

ClockAnchor anchorOf(const v1::Anchor& in)
{
    return {HostTime(Nanoseconds(in.monotonic_ns())), utcTime(in.utc_ns()), Nanoseconds(static_cast<std::int64_t>(in.error_ns()))};
}

telemetry::AgentIdentity identityOf(const v1::AgentIdentity& in)
{
    return {keyOf(in.agent()), in.host(), in.boot_id(), in.version(), in.kernel(), in.epoch(), in.capture_source()};
}

Result<StreamEvent> openingOf(const v1::DictionaryOpening& in)
{
    auto dictionary = telemetry::decompress(asBytes(in.dictionary()));
    if (!dictionary)
        return std::unexpected(std::move(dictionary).error());
    return StreamOpening{keyOf(in.agent()), static_cast<telemetry::ChunkKind>(in.kind()), in.epoch(), in.segment(), std::move(*dictionary)};
}

Result<StreamEvent> chunkOf(const v1::BatchFrame& frame, telemetry::ChunkKind kind, const v1::ChunkFrame& part)
{
    auto bytes = telemetry::decompress(asBytes(part.chunk()));
    if (!bytes)
        return std::unexpected(std::move(bytes).error());
    telemetry::EncodedChunk chunk;
    chunk.kind = kind;
    chunk.key = {keyOf(frame.agent()), frame.epoch(), frame.sequence()};
    chunk.range = {utcTime(frame.from_ns()), utcTime(frame.to_ns())};
    chunk.segment = part.segment();
    chunk.index = part.index();
    chunk.bytes = std::move(*bytes);
    return StreamChunk{std::move(chunk), anchorOf(frame.anchor())};
}

StreamAgent agentOf(const v1::AgentNotice& in)
{
    const auto presence = in.presence() == v1::AGENT_PRESENCE_GONE        ? StreamAgent::Presence::Gone
                          : in.presence() == v1::AGENT_PRESENCE_CONNECTED ? StreamAgent::Presence::Connected
                                                                          : StreamAgent::Presence::Away;
    return {identityOf(in.identity()), presence, in.what(), anchorOf(in.anchor())};
}

/// One item is one event, a batch with both chunks is two.  Items of a later version that mean nothing here give none.
Result<std::vector<StreamEvent>> eventsOf(v1::StreamItem& item)
{
    std::vector<StreamEvent> events;
    const auto add = [&](Result<StreamEvent> event) -> Result<void> {
        if (!event)
            return std::unexpected(std::move(event).error());
        events.push_back(std::move(*event));
        return {};
    };
    if (item.has_heartbeat())
        events.emplace_back(StreamHeartbeat{anchorOf(item.heartbeat().anchor())});
    if (item.has_opening())
        BN_TRY(add(openingOf(item.opening())));
    if (item.has_batch() && item.batch().has_overview())
        BN_TRY(add(chunkOf(item.batch(), telemetry::ChunkKind::Overview, item.batch().overview())));
    if (item.has_batch() && item.batch().has_detail())
        BN_TRY(add(chunkOf(item.batch(), telemetry::ChunkKind::Detail, item.batch().detail())));
    if (item.has_segment())
        events.emplace_back(StreamSegment{std::move(*item.mutable_segment()->mutable_bytes())});
    if (item.has_gap())
        events.emplace_back(telemetry::Gap{keyOf(item.gap().agent()), {utcTime(item.gap().from_ns()), utcTime(item.gap().to_ns())},
                                           static_cast<Loss>(item.gap().reason()), item.gap().what()});
    if (item.has_agent())
        events.emplace_back(agentOf(item.agent()));
    return events;
}

Nanoseconds steadyNow() { return std::chrono::steady_clock::now().time_since_epoch(); }

} // namespace

class AgentConnection::Private {
public:
    explicit Private(Target target) : m_target(std::move(target)), m_stub(v1::AgentService::NewStub(channelTo(grpcAddress(m_target))))
    {
        if (!m_target.bulkPath.empty())
            m_bulk = v1::AgentService::NewStub(channelTo("unix:" + m_target.bulkPath));
    }

    v1::AgentService::Stub& bulk() const { return m_bulk ? *m_bulk : *m_stub; }

    Result<void> handshake(std::chrono::milliseconds patience, const Cancellation& cancellation);

    /// A context that cancel() reaches as long as it lives.
    class Call {
    public:
        Call(Private& owner, std::optional<std::chrono::nanoseconds> patience) : m_owner(owner)
        {
            if (patience)
                context.set_deadline(std::chrono::system_clock::now() + *patience);
            const std::lock_guard lock(owner.m_mutex);
            owner.m_calls.insert(&context);
            if (owner.m_cancelled)
                context.TryCancel();
        }
        ~Call()
        {
            const std::lock_guard lock(m_owner.m_mutex);
            m_owner.m_calls.erase(&context);
        }
        Call(const Call&) = delete;
        Call& operator=(const Call&) = delete;
        grpc::ClientContext context;

    private:
        Private& m_owner;
    };

    /// `begin` starts a call with what is to be told of its end.  The flag is looked at meanwhile: who sets it knows nothing of calls.
    using Done = std::function<void(grpc::Status)>;
    static grpc::Status finish(Call& call, const Cancellation& cancellation, const std::function<void(Done)>& begin);

    Result<void> readAll(Call& call, grpc::ClientReader<v1::StreamItem>& stream, const Visit& visit) const;

    const Target m_target;
    std::unique_ptr<v1::AgentService::Stub> m_stub;
    std::unique_ptr<v1::AgentService::Stub> m_bulk; // null: as m_stub
    telemetry::AgentIdentity m_identity;
    ClockAnchor m_anchor;
    bool m_isGateway = false, m_canMerge = false;
    std::size_t m_agents = 0;
    std::mutex m_mutex;
    std::set<grpc::ClientContext*> m_calls; // guarded by m_mutex
    bool m_cancelled = false;               // guarded by m_mutex
};

grpc::Status AgentConnection::Private::finish(Call& call, const Cancellation& cancellation, const std::function<void(Done)>& begin)
{
    const auto answered = std::make_shared<std::promise<grpc::Status>>();
    std::future<grpc::Status> status = answered->get_future();
    if (cancellation.isCancelled())
        call.context.TryCancel();
    begin([answered](grpc::Status ended) { answered->set_value(std::move(ended)); });
    while (status.wait_for(kLook) != std::future_status::ready) {
        if (cancellation.isCancelled())
            call.context.TryCancel();
    }
    return status.get();
}

Result<void> AgentConnection::Private::handshake(std::chrono::milliseconds patience, const Cancellation& cancellation)
{
    v1::HandshakeRequest request;
    request.set_protocol_min(kProtocolMin);
    request.set_protocol_max(kProtocolMax);
    request.set_program_version(BINNACLE_VERSION);
    request.set_pid(platform::processId());
    v1::HandshakeReply reply;
    Call call(*this, patience);
    const grpc::Status status = finish(call, cancellation, [&](Done done) { m_stub->async()->Handshake(&call.context, &request, &reply, std::move(done)); });
    if (!status.ok())
        return std::unexpected(errorOf(status, m_target));
    if (reply.protocol() < kProtocolMin || reply.protocol() > kProtocolMax)
        return failure(ErrorCode::Unsupported, m_target.toWords() + ": " + reply.problem());
    m_identity = identityOf(reply.identity());
    m_anchor = anchorOf(reply.anchor());
    m_isGateway = std::ranges::find(reply.capabilities(), kGatewayCapability) != reply.capabilities().end();
    m_canMerge = m_isGateway && std::ranges::find(reply.capabilities(), kMergedCapability) != reply.capabilities().end();
    m_agents = reply.agents();
    return {};
}

Result<void> AgentConnection::Private::readAll(Call& call, grpc::ClientReader<v1::StreamItem>& stream, const Visit& visit) const
{
    v1::StreamItem item;
    while (stream.Read(&item)) {
        const std::size_t wireBytes = item.ByteSizeLong();
        auto events = eventsOf(item);
        if (!events) {
            call.context.TryCancel();
            stream.Finish();
            return std::unexpected(std::move(events).error().within("the agent on " + m_target.toWords()));
        }
        for (std::size_t i = 0; i < events->size(); ++i) {
            if (!visit(std::move((*events)[i]), i == 0 ? wireBytes : 0)) {
                call.context.TryCancel();
                stream.Finish();
                return {};
            }
        }
    }
    const grpc::Status status = stream.Finish();
    return status.ok() ? Result<void>() : std::unexpected(errorOf(status, m_target));
}

AgentConnection::AgentConnection(std::unique_ptr<Private> state) : d(std::move(state)) {}
AgentConnection::~AgentConnection() = default;

Result<std::unique_ptr<AgentConnection>> AgentConnection::connect(const Target& target, std::chrono::milliseconds patience, const Cancellation& cancellation)
{
    auto state = std::make_unique<Private>(target);
    BN_TRY(state->handshake(patience, cancellation));
    return std::unique_ptr<AgentConnection>(new AgentConnection(std::move(state)));
}

const telemetry::AgentIdentity& AgentConnection::identity() const { return d->m_identity; }
const ClockAnchor& AgentConnection::anchor() const { return d->m_anchor; }
bool AgentConnection::isGateway() const { return d->m_isGateway; }
bool AgentConnection::canMerge() const { return d->m_canMerge; }
std::size_t AgentConnection::agents() const { return d->m_agents; }

Result<bool> AgentConnection::isReadMerged(FleetReading wish) const
{
    if (!d->m_isGateway || wish == FleetReading::Hosts)
        return false;
    if (wish == FleetReading::Merged && !d->m_canMerge)
        return failure(ErrorCode::Unsupported, "the gateway on " + d->m_target.toWords() + " is too old to merge what its agents say; upgrade it, or leave `--fleet merged` out");
    return d->m_canMerge && (wish == FleetReading::Merged || d->m_agents > kMostHostsApart);
}

Result<ClockPing> AgentConnection::ping(EntityKey agent, const Cancellation& cancellation)
{
    v1::TimeRequest request;
    if (agent)
        put(agent, *request.mutable_agent());
    v1::TimeReply reply;
    Private::Call call(*d, kShort);
    ClockPing ping;
    ping.sent = steadyNow();
    request.set_sent_ns(ping.sent.count());
    const grpc::Status status =
        Private::finish(call, cancellation, [&](Private::Done done) { d->m_stub->async()->Time(&call.context, &request, &reply, std::move(done)); });
    ping.received = steadyNow();
    if (!status.ok())
        return std::unexpected(errorOf(status, d->m_target));
    ping.remote = utcTime(reply.anchor().utc_ns());
    return ping;
}

Result<std::vector<telemetry::BufferHorizon>> AgentConnection::horizons()
{
    v1::BufferReply reply;
    Private::Call call(*d, kShort);
    if (const grpc::Status status = d->m_stub->Buffer(&call.context, {}, &reply); !status.ok())
        return std::unexpected(errorOf(status, d->m_target));
    std::vector<telemetry::BufferHorizon> horizons;
    for (const v1::SignalHorizon& signal : reply.signals()) {
        const bool isOwn = !signal.has_agent();
        horizons.push_back({isOwn ? d->m_identity.agent : keyOf(signal.agent()), signal.signal(), {utcTime(signal.from_ns()), utcTime(signal.to_ns())}, signal.bytes(),
                            isOwn ? d->m_identity.host : signal.host(), signal.merged()});
    }
    return horizons;
}

Result<void> AgentConnection::subscribe(const SubscribeFrom& from, const Visit& visit)
{
    v1::SubscribeRequest request;
    for (const telemetry::ChunkKind kind : from.kinds)
        request.add_kinds(static_cast<v1::ChunkKind>(kind));
    if (from.cursor)
        put(*from.cursor, *request.mutable_cursor());
    for (const StreamCursor& cursor : from.cursors)
        put(cursor, *request.add_cursors());
    if (from.since)
        request.set_from_ns(ns(*from.since));
    request.set_merged(from.merged);
    Private::Call call(*d, std::nullopt);
    const auto stream = d->bulk().Subscribe(&call.context, request);
    return d->readAll(call, *stream, visit);
}

Result<void> AgentConnection::history(TimeRange range, const std::vector<telemetry::ChunkKind>& kinds, const Visit& visit, Of of)
{
    v1::HistoryRequest request;
    request.set_merged(of == Of::Merged);
    request.set_from_ns(ns(range.from));
    request.set_to_ns(ns(range.to));
    for (const telemetry::ChunkKind kind : kinds)
        request.add_kinds(static_cast<v1::ChunkKind>(kind));
    Private::Call call(*d, kHistoryPatience);
    const auto stream = d->bulk().History(&call.context, request);
    return d->readAll(call, *stream, visit);
}

void AgentConnection::cancel()
{
    const std::lock_guard lock(d->m_mutex);
    d->m_cancelled = true;
    for (grpc::ClientContext* context : d->m_calls)
        context->TryCancel();
}

} // namespace binnacle::desktop
