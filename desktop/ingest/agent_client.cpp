// SPDX-License-Identifier: GPL-3.0-or-later
#include "desktop/ingest/agent_client.h"

#include <algorithm>

namespace binnacle::desktop {
namespace {

constexpr auto kSilence = std::chrono::seconds(15);
constexpr std::size_t kPingsAtOnce = 64;              // behind a gateway, one after another
constexpr auto kCatchingUp = std::chrono::seconds(3); // behind the agent's clock by more than this

std::int64_t steadyNs() { return Nanoseconds(std::chrono::steady_clock::now().time_since_epoch()).count(); }

EntityKey silentKey(const std::string& host) { return EntityKey::ofText("silent-host|" + host); }

/// Whose telemetry an event is; none: it is none.
EntityKey agentOf(const StreamEvent& event)
{
    if (const auto* opening = std::get_if<StreamOpening>(&event))
        return opening->agent;
    if (const auto* chunk = std::get_if<StreamChunk>(&event))
        return chunk->chunk.key.agent;
    if (const auto* gap = std::get_if<telemetry::Gap>(&event))
        return gap->agent;
    const auto* segment = std::get_if<StreamSegment>(&event);
    const auto header = segment ? telemetry::readSegmentHeader(asBytes(segment->bytes)) : failure(ErrorCode::NotFound, {});
    return header ? header->agent : EntityKey{};
}

std::optional<TimeRange> overviewRangeOf(const Decoded& item)
{
    if (const auto* chunk = std::get_if<DecodedChunk>(&item); chunk && chunk->chunk.kind == telemetry::ChunkKind::Overview)
        return chunk->chunk.range;
    if (const auto* segment = std::get_if<DecodedSegment>(&item); segment && segment->header.kind == telemetry::ChunkKind::Overview)
        return segment->header.range;
    return std::nullopt;
}

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
        m_giveUp.cancel();
        if (m_connection)
            m_connection->cancel();
    }
    m_wake.notify_all();
    if (m_thread.joinable())
        m_thread.join();
}

std::vector<AgentStatus> AgentClient::statuses() const
{
    const std::lock_guard lock(m_mutex);
    if (!m_isGateway || m_behind.empty())
        return {m_status};
    std::vector<AgentStatus> all;
    for (const auto& [key, behind] : m_behind) {
        AgentStatus& agent = all.emplace_back(behind);
        if (m_status.state == AgentState::Away || m_status.state == AgentState::Refused) { // the way to all of them
            agent.state = m_status.state;
            agent.trouble = m_status.trouble;
        }
    }
    return all;
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

std::vector<AgentClient::Ping> AgentClient::ping()
{
    const auto current = connection();
    if (!current)
        return {};
    std::vector<EntityKey> wanted{current->identity().agent};
    if (const std::lock_guard lock(m_mutex); current->isGateway() && !isMerged()) {
        wanted.clear();
        auto next = m_behind.upper_bound(m_lastPinged);
        for (std::size_t i = 0; i < std::min(m_behind.size(), kPingsAtOnce); ++i, ++next) {
            next = next == m_behind.end() ? m_behind.begin() : next;
            m_lastPinged = next->first;
            if (next->second.identity && next->second.state != AgentState::Away)
                wanted.push_back(next->first);
        }
    }
    std::vector<Ping> pings;
    for (const EntityKey agent : wanted) {
        if (const auto answer = current->ping(agent == current->identity().agent ? EntityKey{} : agent))
            pings.push_back({agent, *answer});
    }
    return pings;
}

Result<void> AgentClient::fetchDetail(TimeRange range, const std::function<void(Decoded&&)>& take) const
{
    const auto current = connection();
    if (const std::lock_guard lock(m_mutex); !current || !current->isGateway() || isMerged()) // hosts' spans beside seconds that are no host's say nothing
        return {};
    Result<void> outcome;
    const auto ended = current->history(range, {telemetry::ChunkKind::Detail}, [&](StreamEvent&& event, std::size_t) {
        auto* const segment = std::get_if<StreamSegment>(&event);
        if (!segment)
            return true;
        const auto content = telemetry::unpackSegment(asBytes(segment->bytes));
        auto batches = content ? telemetry::readSegment(*content) : std::unexpected(content.error());
        if (!batches) {
            outcome = std::unexpected(batches.error());
            return false;
        }
        DecodedSegment decoded{content->header, std::move(segment->bytes), {}};
        for (telemetry::Batch& batch : *batches)
            decoded.batches.push_back(std::make_shared<const telemetry::Batch>(std::move(batch)));
        take(std::move(decoded));
        return true;
    });
    return outcome ? ended : outcome;
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
        if (trouble.code == ErrorCode::Corrupt) {
            for (auto& [agent, decoder] : m_decoders)
                decoder.rejoin();
        }
        const AgentState state = isFinal(trouble.code) ? AgentState::Refused : AgentState::Away;
        if (!isStopping())
            setState(state, std::move(trouble));
    } while (pause(wait));
}

SubscribeFrom AgentClient::whereFrom(const AgentConnection& connection)
{
    SubscribeFrom from;
    if (!m_options.detail || connection.isGateway()) // detail of all agents is for questions, not for one stream
        from.kinds = {telemetry::ChunkKind::Overview};
    for (const auto& [agent, decoder] : m_decoders) {
        const auto cursor = decoder.cursor();
        if (cursor && connection.isGateway() && !isMerged())
            from.cursors.push_back(*cursor);
        else if (cursor && agent == connection.identity().agent) // another host may answer there now
            from.cursor = cursor;
    }
    from.merged = isMerged();
    if (!from.cursor && !m_mergedBy && m_options.last > Nanoseconds{})
        from.since = connection.anchor().utc - m_options.last;
    return from;
}

Result<void> AgentClient::readOnce()
{
    auto connected = AgentConnection::connect(m_options.target, m_options.patience, m_giveUp);
    if (!connected)
        return std::unexpected(std::move(connected).error());
    const std::shared_ptr<AgentConnection> current = std::move(*connected);
    m_lastHeard = steadyNs();
    BN_TRY(choose(*current));
    {
        const std::lock_guard lock(m_mutex);
        m_isGateway = current->isGateway();
        if (!m_isGateway || isMerged())
            m_status.identity = current->identity();
        for (auto& [agent, behind] : m_behind) { // another gateway may know fewer; it names all that it does
            behind.state = AgentState::Away;
            behind.trouble = Error{ErrorCode::Unavailable, "the gateway does not know it; look for the agent's pod with `kubectl get pods -o wide`"};
        }
        if (m_status.connectedAt == UtcTime{})
            m_status.connectedAt = current->anchor().utc;
    }
    setConnection(current);
    if (!current->isGateway() || isMerged())
        m_sink.connected(current->identity());
    const SubscribeFrom from = whereFrom(*current);
    setState(!current->isGateway() && (from.cursor || from.since) ? AgentState::CatchingUp : AgentState::Live);
    Result<void> outcome;
    const auto ended = current->subscribe(from, [&](StreamEvent&& event, std::size_t wireBytes) { return take(std::move(event), wireBytes, outcome); });
    return outcome ? ended : outcome;
}

Result<void> AgentClient::choose(const AgentConnection& connection)
{
    const auto merged = connection.isReadMerged(m_options.target.fleet);
    if (!merged)
        return std::unexpected(merged.error());
    if (m_isMerged.value_or(*merged) && connection.isGateway() && !connection.canMerge())
        return failure(ErrorCode::Unavailable, "the gateway that answers now is older than the one before and merges nothing; it is asked again");
    const std::lock_guard lock(m_mutex);
    if (connection.isGateway() && !m_isMerged)
        m_isMerged = *merged;
    return {};
}

AgentStatus& AgentClient::statusOf(EntityKey agent)
{
    const auto behind = m_behind.find(agent);
    return m_isGateway && behind != m_behind.end() ? behind->second : m_status;
}

bool AgentClient::take(StreamEvent&& event, std::size_t wireBytes, Result<void>& outcome)
{
    m_lastHeard = steadyNs();
    const EntityKey agent = agentOf(event);
    {
        const std::lock_guard lock(m_mutex);
        if (m_stopping)
            return false;
        statusOf(agent).bytes += wireBytes;
    }
    if (const auto* notice = std::get_if<StreamAgent>(&event)) {
        takeNotice(*notice);
        return true;
    }
    if (const auto* heartbeat = std::get_if<StreamHeartbeat>(&event)) {
        for (const auto& [key, decoder] : m_decoders)
            noteFresh(key, heartbeat->anchor.utc);
        return true;
    }
    return takeTelemetry(agent, std::move(event), outcome);
}

bool AgentClient::takeTelemetry(EntityKey agent, StreamEvent&& event, Result<void>& outcome)
{
    const auto* chunk = std::get_if<StreamChunk>(&event);
    const UtcTime agentNow = chunk ? chunk->chunk.range.to : UtcTime{};
    auto decoded = m_decoders[agent].take(std::move(event));
    if (!decoded) {
        outcome = std::unexpected(std::move(decoded).error());
        return false;
    }
    for (Decoded& item : *decoded) {
        if (const auto range = isMerged() ? overviewRangeOf(item) : std::nullopt; range) {
            if (outcome = followOn(agent, *range); !outcome)
                return false;
        }
        noteDecoded(agent, item);
        m_sink.item(std::move(item));
    }
    if (agentNow != UtcTime{})
        noteFresh(agent, agentNow);
    return true;
}

/// An agent whose newest batch is here has been caught up with.
void AgentClient::noteFresh(EntityKey agent, UtcTime agentNow)
{
    const auto decoder = m_decoders.find(agent);
    if (decoder == m_decoders.end() || agentNow - decoder->second.coveredTo(telemetry::ChunkKind::Overview) >= kCatchingUp)
        return;
    {
        const std::lock_guard lock(m_mutex);
        AgentStatus& status = statusOf(agent);
        if (status.state == AgentState::Live || (m_isGateway && status.state == AgentState::Away))
            return;
        status.state = AgentState::Live;
        status.trouble.reset();
    }
    m_sink.changed();
}

/// Someone behind the gateway came, went away, or is gone.
void AgentClient::takeNotice(const StreamAgent& notice)
{
    const std::string& host = notice.identity.host;
    const EntityKey key = notice.identity.agent ? notice.identity.agent : silentKey(host);
    std::optional<AgentStatus> gone;
    {
        const std::lock_guard lock(m_mutex);
        if (key != silentKey(host))
            m_behind.erase(silentKey(host));
        AgentStatus& status = m_behind[key];
        status.target = m_options.target;
        status.target.label = host + " (through the gateway" + (m_options.target.context.empty() ? "" : " of context " + m_options.target.context) + ')';
        if (notice.identity.agent)
            status.identity = notice.identity;
        if (status.connectedAt == UtcTime{} && notice.presence == StreamAgent::Presence::Connected)
            status.connectedAt = std::max(notice.anchor.utc, m_status.connectedAt);
        status.state = notice.presence == StreamAgent::Presence::Connected ? AgentState::CatchingUp : AgentState::Away;
        status.trouble = notice.presence == StreamAgent::Presence::Connected ? std::nullopt : std::optional(Error{ErrorCode::Unavailable, notice.why});
        if (notice.presence == StreamAgent::Presence::Gone) {
            gone = status;
            m_behind.erase(key);
        }
    }
    if (notice.identity.agent && !gone)
        m_sink.connected(notice.identity);
    if (gone && m_sink.gone)
        m_sink.gone(*gone);
    m_sink.changed();
}

/// Another gateway than before has merged seconds of its own: those that came already must not come twice, and those in between are a gap.
Result<void> AgentClient::followOn(EntityKey gateway, TimeRange next)
{
    if (m_mergedBy && m_mergedBy != gateway) {
        if (next.from < m_mergedTo) {
            m_decoders.erase(gateway); // joined anew, without a cursor
            return failure(ErrorCode::Unavailable, "another gateway answers now, and is not yet as far as the one before; it is asked again");
        }
        if (next.from > m_mergedTo)
            m_sink.item(Decoded(telemetry::Gap{m_mergedBy, {m_mergedTo, next.from}, Loss::ReaderGap,
                                               "The gateway ended and another one took over; its agents still have this time: `--fleet hosts` reads it from them."}));
    }
    m_mergedBy = gateway;
    m_mergedTo = std::max(m_mergedTo, next.to);
    return {};
}

/// A merged second says of which hosts it is.
void AgentClient::noteHosts(const telemetry::Batch& merged)
{
    if (!merged.overview)
        return;
    for (const telemetry::HostRow& row : merged.overview->hosts) {
        const auto behind = m_behind.find(merged.dictionary->entities[row.host].key);
        if (behind == m_behind.end() || row.told == Nanoseconds::zero())
            continue;
        AgentStatus& status = behind->second;
        status.coveredTo = status.detailCoveredTo = std::max(status.coveredTo, merged.range.to); // detail is for questions
        ++status.batches;
        if (status.state == AgentState::CatchingUp)
            status.state = AgentState::Live;
    }
}

void AgentClient::noteDecoded(EntityKey agent, const Decoded& decoded)
{
    m_hadBatch = true;
    const StreamDecoder& decoder = m_decoders[agent];
    const std::lock_guard lock(m_mutex);
    AgentStatus& status = statusOf(agent);
    status.coveredTo = decoder.coveredTo(telemetry::ChunkKind::Overview);
    status.detailCoveredTo = decoder.coveredTo(telemetry::ChunkKind::Detail);
    if (const auto* chunk = std::get_if<DecodedChunk>(&decoded); chunk && isMerged())
        noteHosts(*chunk->batch);
    if (const auto* segment = std::get_if<DecodedSegment>(&decoded); segment && isMerged()) {
        for (const auto& batch : segment->batches)
            noteHosts(*batch);
    }
    if (const auto* chunk = std::get_if<DecodedChunk>(&decoded))
        status.batches += chunk->chunk.kind == telemetry::ChunkKind::Overview;
    if (const auto* segment = std::get_if<DecodedSegment>(&decoded); segment && segment->header.kind == telemetry::ChunkKind::Overview)
        status.batches += segment->batches.size();
}

} // namespace binnacle::desktop
