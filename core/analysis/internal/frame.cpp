// SPDX-License-Identifier: Apache-2.0
#include "core/analysis/internal/frame.h"

#include "core/analysis/internal/sort_unique.h"

#include <algorithm>
#include <tuple>

namespace binnacle::analysis::internal {

namespace {

using Count = std::optional<std::uint64_t>;

void addCount(Count& sum, const Count& more)
{
    if (more)
        sum = sum.value_or(0) + *more;
}

void addErrors(std::vector<telemetry::ErrnoCount>& sum, const std::vector<telemetry::ErrnoCount>& more)
{
    for (const telemetry::ErrnoCount& each : more) {
        const auto found = std::find_if(sum.begin(), sum.end(), [&](const auto& known) { return known.error == each.error; });
        if (found == sum.end())
            sum.push_back(each);
        else
            found->count += each.count;
    }
}

/// The later state of one connection; of two at once the one that tells more.
bool isLater(const ConnectionCell& a, const ConnectionCell& b)
{
    return std::tie(a.at, a.row.closedAt, a.row.bytesSent, a.row.end) > std::tie(b.at, b.row.closedAt, b.row.bytesSent, b.row.end);
}

bool keepsBefore(const ConnectionCell& a, const ConnectionCell& b)
{
    const bool aOpen = a.row.closedAt == UtcTime{}, bOpen = b.row.closedAt == UtcTime{};
    if (aOpen != bOpen)
        return aOpen;
    const auto aBytes = a.row.bytesSent + a.row.bytesReceived, bBytes = b.row.bytesSent + b.row.bytesReceived;
    return aBytes != bBytes ? aBytes > bBytes : a.row.connection < b.row.connection;
}

std::size_t bytesOf(const telemetry::Histogram& histogram) { return histogram.buckets().capacity() * sizeof(telemetry::Histogram::Bucket); }

/// Of two parts of one agent, whose gauges are the later ones.
bool isLater(const AgentPart& a, const AgentPart& b)
{
    return std::tie(a.range.to, a.lastKey) > std::tie(b.range.to, b.lastKey);
}

InstanceSet sorted(InstanceSet set)
{
    sortUnique(set);
    return set;
}

auto keyOf(const RequestCell& cell, Hands& hands)
{
    return std::tuple(cell.row.end, cell.row.route, hands.since(cell.row.end, cell.at).time_since_epoch().count());
}

auto keyOf(const TcpCell& cell, Hands& hands)
{
    return std::pair(cell.row.end, hands.since(cell.row.end, cell.at).time_since_epoch().count());
}

template <class Cell>
void addCell(Cell& sum, const Cell& cell)
{
    addRow(sum.row, cell.row);
    sum.at = std::max(sum.at, cell.at);
}

void takeGauges(AgentPart& into, const AgentPart& from)
{
    AgentPart taken = from;
    taken.range = into.range;
    taken.told = into.told;
    taken.batches = into.batches;
    into = std::move(taken);
}

} // namespace

void addGap(std::vector<GapCell>& gaps, const GapCell& more)
{
    const auto known = std::find_if(gaps.begin(), gaps.end(), [&](const GapCell& gap) {
        return gap.agent == more.agent && gap.why == more.why && gap.range.from <= more.range.to && more.range.from <= gap.range.to;
    });
    if (known == gaps.end()) {
        gaps.push_back(more);
        return;
    }
    GapCell joined = *known;
    joined.range = {std::min(known->range.from, more.range.from), std::max(known->range.to, more.range.to)};
    gaps.erase(known);
    addGap(gaps, joined); // it may touch the next one now
}

void addStatuses(std::vector<telemetry::StatusCount>& sum, const std::vector<telemetry::StatusCount>& more)
{
    for (const telemetry::StatusCount& each : more) {
        const auto found = std::find_if(sum.begin(), sum.end(), [&](const auto& known) { return known.status == each.status; });
        if (found == sum.end())
            sum.push_back(each);
        else
            found->count += each.count;
    }
}

void addCounts(telemetry::RequestRow& sum, const telemetry::RequestRow& row)
{
    sum.requests += row.requests;
    sum.errors += row.errors;
    sum.reused += row.reused;
    sum.requestBytes += row.requestBytes;
    sum.responseBytes += row.responseBytes;
    addStatuses(sum.statuses, row.statuses);
}

void addRow(telemetry::RequestRow& sum, const telemetry::RequestRow& row)
{
    addCounts(sum, row);
    sum.latency.merge(row.latency);
    sum.firstByte.merge(row.firstByte);
}

void addCounts(telemetry::TcpRow& sum, const telemetry::TcpRow& row)
{
    sum.opened += row.opened;
    sum.closed += row.closed;
    addErrors(sum.failed, row.failed);
    sum.bytesSent += row.bytesSent;
    sum.bytesReceived += row.bytesReceived;
    sum.payloadLost += row.payloadLost;
    sum.payloadUnseen += row.payloadUnseen;
    addCount(sum.segmentsOut, row.segmentsOut);
    addCount(sum.segmentsIn, row.segmentsIn);
    addCount(sum.retransmitsOut, row.retransmitsOut);
    addCount(sum.retransmitsIn, row.retransmitsIn);
    addCount(sum.synRetransmits, row.synRetransmits);
    addCount(sum.outOfOrder, row.outOfOrder);
    addCount(sum.resetsSent, row.resetsSent);
    addCount(sum.resetsReceived, row.resetsReceived);
    addCount(sum.zeroWindows, row.zeroWindows);
    addCount(sum.zeroWindowNs, row.zeroWindowNs);
}

void addRow(telemetry::TcpRow& sum, const telemetry::TcpRow& row)
{
    addCounts(sum, row);
    sum.connectTime.merge(row.connectTime);
    sum.rtt.merge(row.rtt);
    sum.rttVariance.merge(row.rttVariance);
    sum.lifetime.merge(row.lifetime);
}

Frame Frame::of(const telemetry::Batch& batch, Directory& directory)
{
    Frame frame(batch.range);
    Directory::Batch names(directory, batch);
    if (!batch.overview)
        return frame;
    frame.readOverview(batch, names);
    frame.readGauges(batch, names);
    frame.readRest(batch, names);
    frame.readHosts(batch, names);
    return frame;
}

void Frame::readOverview(const telemetry::Batch& batch, Directory::Batch& names)
{
    for (const telemetry::RequestRow& row : batch.overview->requests) {
        telemetry::RequestRow cell = row;
        cell.end = names.end(row.end);
        cell.route = names.text(row.route);
        for (telemetry::StatusCount& status : cell.statuses)
            status.status = names.text(status.status);
        if (cell.end != kNone)
            m_requests.push_back({std::move(cell), lastMoment(batch.range)});
    }
    for (const telemetry::TcpRow& row : batch.overview->tcp) {
        telemetry::TcpRow cell = row;
        cell.end = names.end(row.end);
        if (cell.end != kNone)
            m_tcp.push_back({std::move(cell), lastMoment(batch.range)});
    }
    for (const telemetry::ConnectionRow& row : batch.overview->connections) {
        ConnectionCell cell{row, batch.range.to};
        cell.row.end = names.end(row.end);
        if (cell.row.end != kNone)
            m_connections.push_back(std::move(cell));
    }
}

void Frame::readGauges(const telemetry::Batch& batch, Directory::Batch& names)
{
    AgentPart part;
    part.agent = names.agent();
    part.range = batch.range;
    part.told = batch.range.length();
    part.batches = 1;
    part.lastKey = batch.key;
    part.health = batch.overview->health;
    const bool isMerged = !batch.overview->hosts.empty(); // its instances stand for all of a service, readHosts() counts them
    InstanceSet alive, ended;
    for (const telemetry::PresenceRow& row : batch.overview->presence) {
        names.present(row);
        if (const std::uint32_t who = names.instance(row.instance); who != kNone && !isMerged)
            (row.processes > 0 ? alive : ended).push_back(who);
    }
    part.present = std::make_shared<const InstanceSet>(sorted(std::move(alive)));
    m_presence.push_back(part.present);
    m_ended = sorted(std::move(ended));
    for (const telemetry::ListenRow& row : batch.overview->listening) {
        part.listeners.push_back(names.listener(row));
        m_queues.push_back({part.listeners.back(), row.acceptQueue});
    }
    for (telemetry::OpenRow row : batch.overview->open) {
        row.end = names.end(row.end);
        row.route = names.text(row.route);
        if (row.end != kNone)
            part.open.push_back(row);
    }
    for (telemetry::OpenExchangeRow row : batch.overview->openExchanges) {
        row.end = names.end(row.end);
        row.route = names.text(row.route);
        if (row.end != kNone)
            part.openExchanges.push_back(row);
    }
    for (telemetry::PendingConnectRow row : batch.overview->pendingConnects) {
        row.end = names.end(row.end);
        if (row.end != kNone && row.count > 0)
            part.pendingConnects.push_back(row);
    }
    for (const TcpCell& cell : m_tcp)
        part.active.emplace_back(cell.row.end, cell.row.active);
    m_agents.push_back(std::move(part));
}

void Frame::readRest(const telemetry::Batch& batch, Directory::Batch& names)
{
    for (const telemetry::LossRow& row : batch.overview->losses) {
        if (row.count > 0)
            m_losses.push_back({row.loss, names.end(row.end), names.agent(), row.count, batch.range});
    }
    for (const telemetry::CoverageRow& row : batch.overview->coverage)
        m_coverage.push_back({names.instance(row.subject), names.service(row.subject), names.agent(), names.text(row.what),
                              names.text(row.advice), names.otherHost(row.subject), row.part, row.whole});
    for (const telemetry::EventRow& row : batch.overview->events)
        m_events.push_back({row.at, row.kind, names.agent(), names.instance(row.subject), names.service(row.subject), names.text(row.detail),
                            names.otherHost(row.subject)});
    for (const telemetry::AddressRow& row : batch.overview->addresses)
        names.address(row);
}

/// Of a merged second: each host that told it is an agent's part, with its instances and without figures of its own.
void Frame::readHosts(const telemetry::Batch& batch, Directory::Batch& names)
{
    absl::flat_hash_map<std::uint32_t, InstanceSet> present; // by entity of the host
    InstanceSet all = *m_presence.front(), ended = m_ended;
    for (const telemetry::InstanceCountRow& row : batch.overview->instances) {
        for (std::uint32_t i = 0; i < std::max(row.alive, 1U); ++i) {
            if (const std::uint32_t who = names.counted(row, i); who != kNone)
                (row.alive > 0 ? present[row.host] : ended).push_back(who);
        }
    }
    for (const telemetry::HostRow& row : batch.overview->hosts) {
        const std::uint32_t agent = names.agentOf(row);
        if (agent == kNone)
            continue;
        if (row.told < batch.range.length())
            addGap(m_gaps, {agent, names.text(row.why), batch.range});
        if (row.told == Nanoseconds::zero())
            continue;
        AgentPart part{.agent = agent, .range = batch.range, .told = row.told, .batches = 1, .lastKey = batch.key, .isMerged = true};
        InstanceSet& here = present[row.host];
        all.insert(all.end(), here.begin(), here.end());
        part.present = std::make_shared<const InstanceSet>(sorted(std::move(here)));
        m_agents.push_back(std::move(part));
    }
    if (batch.overview->hosts.empty())
        return;
    m_presence.assign(1, std::make_shared<const InstanceSet>(sorted(std::move(all))));
    m_ended = sorted(std::move(ended));
}

void Frame::add(const Frame& other, Hands& hands)
{
    addCounts(other, hands);
    for (const InstanceSetPtr& set : other.m_presence)
        addPresence(set);
}

void Frame::addAtSameTime(const Frame& other, Hands& hands)
{
    addCounts(other, hands);
    InstanceSet all;
    for (const InstanceSetPtr& set : m_presence)
        all.insert(all.end(), set->begin(), set->end());
    for (const InstanceSetPtr& set : other.m_presence)
        all.insert(all.end(), set->begin(), set->end());
    m_presence.assign(1, std::make_shared<const InstanceSet>(sorted(std::move(all))));
}

void Frame::addPresence(const InstanceSetPtr& set)
{
    const auto same = [&](const InstanceSetPtr& known) { return known == set || *known == *set; };
    // Newest first: most seconds look like the one before.
    if (std::find_if(m_presence.rbegin(), m_presence.rend(), same) == m_presence.rend())
        m_presence.push_back(set);
}

void Frame::ensureIndex(Hands& hands)
{
    if (m_indexed)
        return;
    m_indexed = true;
    for (std::uint32_t i = 0; i < m_requests.size(); ++i)
        m_requestOf.emplace(keyOf(m_requests[i], hands), i);
    for (std::uint32_t i = 0; i < m_tcp.size(); ++i)
        m_tcpOf.emplace(keyOf(m_tcp[i], hands), i);
    for (std::uint32_t i = 0; i < m_connections.size(); ++i)
        m_connectionOf.emplace(m_connections[i].row.connection, i);
}

void Frame::seal()
{
    m_indexed = false;
    m_requestOf = {};
    m_tcpOf = {};
    m_connectionOf = {};
}

void Frame::addCounts(const Frame& other, Hands& hands)
{
    ensureIndex(hands);
    if (m_range == TimeRange{})
        m_range = other.m_range;
    m_range = {std::min(m_range.from, other.m_range.from), std::max(m_range.to, other.m_range.to)};
    addRows(other, hands);
    addLosses(other, hands);
    for (const CoverageCell& cell : other.m_coverage) {
        const auto found = std::find_if(m_coverage.begin(), m_coverage.end(), [&](const CoverageCell& known) {
            return std::tie(known.instance, known.service, known.agent, known.what, known.host)
                == std::tie(cell.instance, cell.service, cell.agent, cell.what, cell.host);
        });
        if (found == m_coverage.end()) {
            m_coverage.push_back(cell);
            continue;
        }
        found->part += cell.part;
        found->whole += cell.whole;
    }
    for (const QueueCell& cell : other.m_queues) {
        const auto found = std::find_if(m_queues.begin(), m_queues.end(), [&](const QueueCell& known) { return known.listener == cell.listener; });
        if (found == m_queues.end())
            m_queues.push_back(cell);
        else
            found->acceptQueue = std::max(found->acceptQueue, cell.acceptQueue);
    }
    for (const GapCell& cell : other.m_gaps)
        addGap(m_gaps, cell);
    m_events.insert(m_events.end(), other.m_events.begin(), other.m_events.end());
    if (m_events.size() > kMaxEvents + kMaxEvents / 4) {
        std::sort(m_events.begin(), m_events.end(), [](const EventCell& a, const EventCell& b) {
            return std::tie(a.at, a.kind, a.agent, a.instance, a.detail) < std::tie(b.at, b.kind, b.agent, b.instance, b.detail);
        });
        m_events.erase(m_events.begin(), m_events.end() - kMaxEvents);
    }
    if (!other.m_ended.empty()) {
        m_ended.insert(m_ended.end(), other.m_ended.begin(), other.m_ended.end());
        m_ended = sorted(std::move(m_ended));
    }
    addConnections(other);
    addAgents(other);
}

void Frame::addRows(const Frame& other, Hands& hands)
{
    for (const RequestCell& cell : other.m_requests) {
        const auto [entry, fresh] = m_requestOf.try_emplace(keyOf(cell, hands), static_cast<std::uint32_t>(m_requests.size()));
        if (fresh)
            m_requests.push_back(cell);
        else
            addCell(m_requests[entry->second], cell);
    }
    for (const TcpCell& cell : other.m_tcp) {
        const auto [entry, fresh] = m_tcpOf.try_emplace(keyOf(cell, hands), static_cast<std::uint32_t>(m_tcp.size()));
        if (fresh)
            m_tcp.push_back(cell);
        else
            addCell(m_tcp[entry->second], cell);
    }
}

void Frame::addLosses(const Frame& other, Hands& hands)
{
    for (const LossCell& cell : other.m_losses) {
        const UtcTime since = hands.since(cell.end, cell.at());
        const auto found = std::find_if(m_losses.begin(), m_losses.end(), [&](const LossCell& known) {
            return known.loss == cell.loss && known.end == cell.end && known.agent == cell.agent && hands.since(known.end, known.at()) == since;
        });
        if (found == m_losses.end()) {
            m_losses.push_back(cell);
            continue;
        }
        found->count += cell.count;
        found->range = {std::min(found->range.from, cell.range.from), std::max(found->range.to, cell.range.to)};
    }
}

void Frame::addConnections(const Frame& other)
{
    for (const ConnectionCell& cell : other.m_connections) {
        // Both ends of one connection have a key each (their cookies differ), so a key is one end's.
        const auto [entry, fresh] = m_connectionOf.try_emplace(cell.row.connection, static_cast<std::uint32_t>(m_connections.size()));
        if (fresh)
            m_connections.push_back(cell);
        else if (isLater(cell, m_connections[entry->second]))
            m_connections[entry->second] = cell;
    }
    if (m_connections.size() <= kMaxConnections + kMaxConnections / 4)
        return;
    std::nth_element(m_connections.begin(), m_connections.begin() + kMaxConnections, m_connections.end(), keepsBefore);
    m_connections.resize(kMaxConnections);
    m_connectionOf.clear();
    for (std::size_t i = 0; i < m_connections.size(); ++i)
        m_connectionOf.emplace(m_connections[i].row.connection, static_cast<std::uint32_t>(i));
}

void Frame::addAgents(const Frame& other)
{
    for (const AgentPart& part : other.m_agents) {
        const auto found = std::find_if(m_agents.begin(), m_agents.end(), [&](const AgentPart& known) { return known.agent == part.agent; });
        if (found == m_agents.end()) {
            m_agents.push_back(part);
            continue;
        }
        if (isLater(part, *found))
            takeGauges(*found, part);
        found->range = {std::min(found->range.from, part.range.from), std::max(found->range.to, part.range.to)};
        found->told += part.told;
        found->batches += part.batches;
    }
}

std::size_t Frame::bytes() const
{
    std::size_t sum = sizeof(Frame);
    for (const auto& [row, at] : m_requests)
        sum += sizeof(RequestCell) + 32 + row.statuses.capacity() * sizeof(telemetry::StatusCount) + bytesOf(row.latency) + bytesOf(row.firstByte);
    for (const auto& [row, at] : m_tcp)
        sum += sizeof(TcpCell) + 24 + bytesOf(row.connectTime) + bytesOf(row.rtt) + bytesOf(row.rttVariance) + bytesOf(row.lifetime);
    for (const AgentPart& part : m_agents)
        sum += sizeof(part) + part.present->size() * 4 + part.listeners.size() * 4 + part.open.size() * sizeof(telemetry::OpenRow)
            + part.openExchanges.size() * sizeof(telemetry::OpenExchangeRow) + part.pendingConnects.size() * sizeof(telemetry::PendingConnectRow)
            + part.active.size() * 16;
    for (const InstanceSetPtr& set : m_presence)
        sum += set->size() * 4 + 32;
    return sum + m_ended.size() * 4 + m_connections.size() * (sizeof(ConnectionCell) + 32) + m_events.size() * sizeof(EventCell)
        + m_losses.size() * sizeof(LossCell) + m_coverage.size() * sizeof(CoverageCell) + m_queues.size() * sizeof(QueueCell) + m_gaps.size() * sizeof(GapCell);
}

} // namespace binnacle::analysis::internal
