// SPDX-License-Identifier: GPL-3.0-or-later
#include "desktop/ingest/agent_queries.h"

#include "core/session/memory_session.h"
#include "core/telemetry/batch_reader.h"
#include "desktop/ingest/agent_connection.h"

#include <algorithm>

namespace binnacle::desktop {
namespace {

constexpr Nanoseconds kDefaultLength = std::chrono::seconds(60);

using Connections = std::vector<std::unique_ptr<AgentConnection>>;

Result<Connections> connectAll(const std::vector<Target>& targets)
{
    Connections connections;
    for (const Target& target : targets) {
        auto connection = AgentConnection::connect(target);
        if (!connection)
            return std::unexpected(std::move(connection).error());
        connections.push_back(std::move(*connection));
    }
    return connections;
}

/// The agents' own now: this machine's wall clock orders nothing.
UtcTime sessionNow(const Connections& connections)
{
    std::vector<UtcTime> clocks;
    for (const auto& connection : connections)
        clocks.push_back(connection->anchor().utc);
    std::ranges::sort(clocks);
    return clocks[clocks.size() / 2];
}

Result<UtcTime> momentOf(const char* option, const std::string& text, UtcTime now)
{
    const auto moment = parseTime(text, now);
    if (!moment)
        return failure(ErrorCode::Invalid, std::string(option) + " `" + text + "` is no time; write RFC 3339, Unix nanoseconds or -30s");
    return *moment;
}

Result<TimeRange> askedRange(const HistoryQuery& query, UtcTime now)
{
    TimeRange range{now - kDefaultLength, now};
    if (query.to) {
        const auto to = momentOf("--to", *query.to, now);
        if (!to)
            return std::unexpected(to.error());
        range = {*to - kDefaultLength, *to};
    }
    if (query.from) {
        const auto from = momentOf("--from", *query.from, now);
        if (!from)
            return std::unexpected(from.error());
        range.from = *from;
    }
    if (range.from >= range.to)
        return failure(ErrorCode::Invalid, "the range asked for is empty: it begins at " + toRfc3339(range.from) + " and ends at " + toRfc3339(range.to));
    return range;
}

Result<void> fetch(AgentConnection& connection, AgentConnection::Of of, TimeRange range, const std::vector<telemetry::ChunkKind>& kinds, session::MemorySession& session)
{
    Result<void> taken;
    const auto take = [&](StreamEvent&& event, std::size_t) {
        if (const auto* gap = std::get_if<telemetry::Gap>(&event))
            session.addGap(*gap);
        if (const auto* agent = std::get_if<StreamAgent>(&event))
            session.addAgent(agent->identity);
        const auto* segment = std::get_if<StreamSegment>(&event);
        if (!segment)
            return true;
        const auto batches = telemetry::readSegment(asBytes(segment->bytes));
        if (!batches) {
            taken = std::unexpected(batches.error());
            return false;
        }
        for (const telemetry::Batch& batch : *batches) {
            if (batch.range.intersects(range))
                session.append(batch);
        }
        return true;
    };
    const auto ended = connection.history(range, kinds, take, of);
    return taken ? ended : taken;
}

} // namespace

Result<AgentSnapshot> snapshotAgents(const std::vector<Target>& targets, const HistoryQuery& query)
{
    if (targets.empty())
        return failure(ErrorCode::Invalid, "there is no agent to ask; name one with --agent HOST:PORT, unix:PATH or ssh://HOST");
    const auto connections = connectAll(targets);
    if (!connections)
        return std::unexpected(connections.error());
    auto range = askedRange(query, sessionNow(*connections));
    if (!range)
        return std::unexpected(range.error());
    std::vector<telemetry::ChunkKind> kinds{telemetry::ChunkKind::Overview};
    if (query.detail)
        kinds.push_back(telemetry::ChunkKind::Detail);
    auto session = std::make_unique<session::MemorySession>();
    for (std::size_t i = 0; i < connections->size(); ++i) {
        AgentConnection& connection = *(*connections)[i];
        const auto merged = connection.isReadMerged(targets[i].fleet);
        if (!merged)
            return std::unexpected(merged.error());
        if (!connection.isGateway() || *merged) // else it names who is behind it
            session->addAgent(connection.identity());
        BN_TRY(fetch(connection, *merged ? AgentConnection::Of::Merged : AgentConnection::Of::Agents, *range, kinds, *session));
    }
    // The second under way has no batch yet; a range that ends "now" ends where the batches do.
    if (const UtcTime last = session->covered().to; !query.to && last != UtcTime{} && last < range->to) {
        range->from -= query.from ? Nanoseconds{} : range->to - last;
        range->to = last;
    }
    return AgentSnapshot{std::move(session), *range};
}

Result<telemetry::AgentIdentity> identityOf(const Target& target)
{
    const auto connection = AgentConnection::connect(target);
    if (!connection)
        return std::unexpected(connection.error());
    return (*connection)->identity();
}

Result<std::vector<telemetry::BufferHorizon>> bufferOf(const Target& target)
{
    const auto connection = AgentConnection::connect(target);
    if (!connection)
        return std::unexpected(connection.error());
    return (*connection)->horizons();
}

} // namespace binnacle::desktop
