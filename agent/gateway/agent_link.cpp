// SPDX-License-Identifier: Apache-2.0
#include "agent/gateway/agent_link.h"

#include "agent/gateway/pod_channel.h"
#include "agent/service/wire.h"
#include "core/kube/net/backoff.h"

namespace binnacle::agent {
namespace {

using namespace std::chrono_literals;
using Steady = std::chrono::steady_clock;

constexpr auto kSilence = 15s;
constexpr std::chrono::seconds kProveAgain = 5min; // a third of what a proof is good for
constexpr std::chrono::seconds kProveSoon = 30s;

std::int64_t steadyNs() { return Nanoseconds(Steady::now().time_since_epoch()).count(); }

Error noLonger(const std::string& where) { return {ErrorCode::Unavailable, "the agent on " + where + " ended the stream; it is asked again"}; }

} // namespace

AgentLink::AgentLink(std::string node, Options options) : m_options(std::move(options)), m_tail(m_options.tailBytes)
{
    m_status.node = std::move(node);
    m_status.why = "the agent on " + m_status.node + " has not answered yet";
    m_thread = std::thread([this] { run(); });
}

AgentLink::~AgentLink() { stop(); }

void AgentLink::requestStop()
{
    {
        const std::lock_guard lock(m_mutex);
        m_stopping = true;
        if (m_reading)
            m_reading->cancel();
    }
    m_wake.notify_all();
}

void AgentLink::stop()
{
    requestStop();
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
            m_reading->cancel();
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
        m_reading->cancel();
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
    kube::Backoff pauses(m_options.firstPause, m_options.longestPause);
    do {
        const Cursor before = m_tail.newest();
        const auto ended = readOnce();
        m_lastHeard = 0;
        if (!isStopping())
            setAway(ended ? noLonger(status().node) : ended.error());
        if (m_tail.newest() != before)
            pauses.reset();
    } while (pause(pauses.next()));
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
    const auto fresh = std::make_shared<PodChannel>(*pod, m_options.identity->certificate());
    setReading(fresh);
    Result<void> ended = shakeHands(*fresh);
    if (ended) {
        m_tail.begin(fresh->agent().agent);
        noteHandshake(*fresh);
        m_lastHeard = steadyNs();
        ended = read(*fresh);
    }
    setReading(nullptr);
    return ended;
}

Result<void> AgentLink::shakeHands(PodChannel& connection) const
{
    while (!m_options.turns->try_acquire_for(100ms)) {
        if (isStopping())
            return failure(ErrorCode::Cancelled, "the gateway is stopping");
    }
    const auto done = connection.handshake(*m_options.identity);
    m_options.turns->release();
    return done;
}

void AgentLink::noteHandshake(const PodChannel& connection)
{
    {
        const std::lock_guard lock(m_mutex);
        m_status.identity = connection.agent();
        m_status.anchor = connection.anchor();
        m_connection = m_reading;
        m_status.isConnected = true;
        m_status.why.clear();
        ++m_status.version;
    }
    m_options.news();
}

void AgentLink::setReading(ChannelPtr connection)
{
    const std::lock_guard lock(m_mutex);
    m_reading = std::move(connection);
    m_connection.reset();
    if (m_reading && m_stopping)
        m_reading->cancel();
}

Result<void> AgentLink::read(PodChannel& connection)
{
    v1::SubscribeRequest request;
    request.add_kinds(v1::CHUNK_KIND_OVERVIEW);
    if (const Cursor newest = m_tail.newest(); newest != Cursor{}) {
        wire::put(connection.agent().agent, *request.mutable_cursor()->mutable_agent());
        request.mutable_cursor()->set_epoch(newest.epoch);
        request.mutable_cursor()->set_sequence(newest.sequence);
    }
    PodChannel::Call call(connection, std::nullopt);
    const auto stream = connection.stub().Subscribe(&call.context, request);
    auto proveAt = Steady::now() + kProveAgain;
    Result<void> outcome;
    v1::StreamItem item;
    while (outcome && stream->Read(&item)) {
        m_lastHeard = steadyNs();
        outcome = m_tail.take(std::move(item));
        m_options.news();
        if (outcome && Steady::now() >= proveAt) {
            m_lastHeard = 0; // while the proof takes its turn nothing is read, which is no silence of the agent
            const auto proved = shakeHands(connection);
            m_lastHeard = steadyNs();
            proveAt = Steady::now() + (proved ? kProveAgain : kProveSoon); // the API server may be away for a while: the last proof still counts
            if (!proved && proved.error().code == ErrorCode::Denied)
                outcome = proved;
        }
    }
    if (!outcome)
        call.context.TryCancel();
    const grpc::Status status = stream->Finish();
    if (!outcome)
        return std::unexpected(std::move(outcome).error().within("the agent on " + connection.pod().node));
    return status.ok() ? Result<void>() : std::unexpected(errorOf(status, connection.pod().node));
}

Result<AgentLink::ChannelPtr> AgentLink::connection() const
{
    const std::lock_guard lock(m_mutex);
    if (!m_connection)
        return failure(ErrorCode::Unavailable, m_status.why.empty() ? noLonger(m_status.node).what : m_status.why);
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

Result<void> AgentLink::subscribe(const v1::SubscribeRequest& request, std::chrono::milliseconds patience, const Take& take, const std::stop_token& stop) const
{
    const auto to = connection();
    if (!to)
        return std::unexpected(to.error());
    PodChannel::Call call(**to, patience);
    const std::stop_callback cancel(stop, [&call] { call.context.TryCancel(); });
    const auto stream = (*to)->stub().Subscribe(&call.context, request);
    return readAll(call.context, *stream, take, (*to)->pod().node);
}

Result<void> AgentLink::history(const v1::HistoryRequest& request, std::chrono::milliseconds patience, const Take& take) const
{
    const auto to = connection();
    if (!to)
        return std::unexpected(to.error());
    PodChannel::Call call(**to, patience);
    const auto stream = (*to)->stub().History(&call.context, request);
    return readAll(call.context, *stream, take, (*to)->pod().node);
}

Result<v1::BufferReply> AgentLink::buffer(std::chrono::milliseconds patience) const
{
    const auto to = connection();
    if (!to)
        return std::unexpected(to.error());
    PodChannel::Call call(**to, patience);
    v1::BufferReply reply;
    const grpc::Status status = (*to)->stub().Buffer(&call.context, {}, &reply);
    return status.ok() ? Result<v1::BufferReply>(std::move(reply)) : std::unexpected(errorOf(status, (*to)->pod().node));
}

Result<v1::TimeReply> AgentLink::time(const v1::TimeRequest& request, std::chrono::milliseconds patience) const
{
    const auto to = connection();
    if (!to)
        return std::unexpected(to.error());
    PodChannel::Call call(**to, patience);
    v1::TimeReply reply;
    const grpc::Status status = (*to)->stub().Time(&call.context, request, &reply);
    return status.ok() ? Result<v1::TimeReply>(std::move(reply)) : std::unexpected(errorOf(status, (*to)->pod().node));
}

} // namespace binnacle::agent
