// SPDX-License-Identifier: GPL-3.0-or-later
#include "desktop/ingest/agent_client.h"

#include <algorithm>

namespace binnacle::desktop {
namespace {

constexpr auto kSilence = std::chrono::seconds(15);
constexpr auto kCatchingUp = std::chrono::seconds(3); // behind the agent's clock by more than this

std::int64_t steadyNs() { return Nanoseconds(std::chrono::steady_clock::now().time_since_epoch()).count(); }

bool isFinal(ErrorCode code) { return code == ErrorCode::Denied || code == ErrorCode::Unsupported; }

} // namespace

AgentClient::AgentClient(AgentClientOptions options, Sink sink) : m_options(std::move(options)), m_sink(std::move(sink))
{
    m_status.target = m_options.target;
    m_thread = std::thread([this] { run(); });
}

AgentClient::~AgentClient() { stop(); }

void AgentClient::stop()
{
    {
        const std::lock_guard lock(m_mutex);
        m_stopping = true;
        if (m_connection)
            m_connection->cancel();
    }
    m_wake.notify_all();
    if (m_thread.joinable())
        m_thread.join();
}

AgentStatus AgentClient::status() const
{
    const std::lock_guard lock(m_mutex);
    return m_status;
}

std::shared_ptr<AgentConnection> AgentClient::connection() const
{
    const std::lock_guard lock(m_mutex);
    return m_connection;
}

void AgentClient::setConnection(std::shared_ptr<AgentConnection> connection)
{
    const std::lock_guard lock(m_mutex);
    m_connection = std::move(connection);
    if (m_connection && m_stopping)
        m_connection->cancel();
}

std::optional<ClockPing> AgentClient::ping()
{
    const auto current = connection();
    if (!current)
        return std::nullopt;
    const auto answer = current->ping();
    return answer ? std::optional(*answer) : std::nullopt;
}

void AgentClient::checkAlive()
{
    const auto current = connection();
    if (current && steadyNs() - m_lastHeard > Nanoseconds(kSilence).count())
        current->cancel();
}

void AgentClient::setState(AgentState state, std::optional<Error> trouble)
{
    {
        const std::lock_guard lock(m_mutex);
        if (m_status.state == state && !trouble && !m_status.trouble)
            return;
        m_status.state = state;
        m_status.trouble = std::move(trouble);
    }
    m_sink.changed();
}

bool AgentClient::isStopping() const
{
    const std::lock_guard lock(m_mutex);
    return m_stopping;
}

bool AgentClient::pause(std::chrono::milliseconds time)
{
    std::unique_lock lock(m_mutex);
    m_wake.wait_for(lock, time, [this] { return m_stopping || m_hurry; });
    m_hurry = false;
    return !m_stopping;
}

void AgentClient::retryNow()
{
    {
        const std::lock_guard lock(m_mutex);
        m_hurry = !m_connection;
    }
    m_wake.notify_all();
}

/// What lies between here and the agent speaks in place of the last hop's "connection refused".
Error AgentClient::explained(Error trouble) const
{
    if (trouble.code != ErrorCode::Unavailable || !m_options.explain)
        return trouble;
    return m_options.explain(m_options.target).value_or(std::move(trouble));
}

void AgentClient::run()
{
    auto wait = m_options.firstPause;
    do {
        m_hadBatch = false;
        const auto ended = readOnce();
        setConnection(nullptr);
        wait = m_hadBatch ? m_options.firstPause : std::min(wait * 2, m_options.longestPause);
        Error trouble = ended ? Error{ErrorCode::Unavailable, "the agent on " + m_options.target.toWords() + " ended the stream; it is asked again"} : ended.error();
        trouble = explained(std::move(trouble));
        if (trouble.code == ErrorCode::Corrupt)
            m_decoder.rejoin();
        const AgentState state = isFinal(trouble.code) ? AgentState::Refused : AgentState::Away;
        if (!isStopping())
            setState(state, std::move(trouble));
    } while (pause(wait));
}

SubscribeFrom AgentClient::whereFrom(const AgentConnection& connection)
{
    SubscribeFrom from;
    if (!m_options.detail)
        from.kinds = {telemetry::ChunkKind::Overview};
    from.cursor = m_decoder.cursor();
    if (from.cursor && from.cursor->agent != connection.identity().agent)
        from.cursor.reset(); // another host answers there now
    if (!from.cursor && m_options.last > Nanoseconds{})
        from.since = connection.anchor().utc - m_options.last;
    return from;
}

Result<void> AgentClient::readOnce()
{
    auto connected = AgentConnection::connect(m_options.target);
    if (!connected)
        return std::unexpected(std::move(connected).error());
    const std::shared_ptr<AgentConnection> current = std::move(*connected);
    m_lastHeard = steadyNs();
    {
        const std::lock_guard lock(m_mutex);
        m_status.identity = current->identity();
        if (m_status.connectedAt == UtcTime{})
            m_status.connectedAt = current->anchor().utc;
    }
    setConnection(current);
    m_sink.connected(current->identity());
    const SubscribeFrom from = whereFrom(*current);
    setState(from.cursor || from.since ? AgentState::CatchingUp : AgentState::Live);
    Result<void> outcome;
    const auto ended = current->subscribe(from, [&](StreamEvent&& event, std::size_t wireBytes) { return take(std::move(event), wireBytes, outcome); });
    return outcome ? ended : outcome;
}

bool AgentClient::take(StreamEvent&& event, std::size_t wireBytes, Result<void>& outcome)
{
    m_lastHeard = steadyNs();
    {
        const std::lock_guard lock(m_mutex);
        if (m_stopping)
            return false;
        m_status.bytes += wireBytes;
    }
    UtcTime agentNow{};
    if (const auto* chunk = std::get_if<StreamChunk>(&event))
        agentNow = chunk->chunk.range.to;
    if (const auto* heartbeat = std::get_if<StreamHeartbeat>(&event))
        agentNow = heartbeat->anchor.utc;
    auto decoded = m_decoder.take(std::move(event));
    if (!decoded) {
        outcome = std::unexpected(std::move(decoded).error());
        return false;
    }
    for (Decoded& item : *decoded) {
        noteDecoded(item);
        m_sink.item(std::move(item));
    }
    if (agentNow != UtcTime{} && agentNow - m_decoder.coveredTo(telemetry::ChunkKind::Overview) < kCatchingUp)
        setState(AgentState::Live);
    return true;
}

void AgentClient::noteDecoded(const Decoded& decoded)
{
    m_hadBatch = true;
    const std::lock_guard lock(m_mutex);
    m_status.coveredTo = m_decoder.coveredTo(telemetry::ChunkKind::Overview);
    m_status.detailCoveredTo = m_decoder.coveredTo(telemetry::ChunkKind::Detail);
    if (const auto* chunk = std::get_if<DecodedChunk>(&decoded))
        m_status.batches += chunk->chunk.kind == telemetry::ChunkKind::Overview;
    if (const auto* segment = std::get_if<DecodedSegment>(&decoded); segment && segment->header.kind == telemetry::ChunkKind::Overview)
        m_status.batches += segment->batches.size();
}

} // namespace binnacle::desktop
