// SPDX-License-Identifier: Apache-2.0
#include "agent/aggregation/aggregator.h"

#include <algorithm>
#include <map>
#include <tuple>
#include <utility>

/// The second's end: rows become a batch.  Rows are ordered by content where it is cheap, so that two runs can be compared.
namespace binnacle::agent {

namespace {

constexpr std::size_t kMaxConnectionRows = 4'096;
constexpr std::size_t kMaxOpenExchanges = 256;

HostTime heldAsHost(UtcTime t) { return hostTime(static_cast<std::uint64_t>(ns(t))); }

} // namespace

void Aggregator::seal(telemetry::Batch& batch, const std::string& hostName, ClusterRows& cluster)
{
    BatchBuilder builder(m_tables.instances, m_rows);
    telemetry::Overview overview;
    m_sealedUntil = batch.range.to;
    builder.host(batch.key.agent, hostName);
    sealConnections(builder, overview, batch.anchor);
    sealOpen(builder, overview, batch.anchor);
    sealPending(builder, overview, batch.anchor);
    sealRequests(builder, overview);
    sealTcp(builder, overview);
    sealListeners(builder, overview);
    batch.overview = std::move(overview);
    sealSpans(builder, batch);
    sealEvents(builder, *batch.overview, batch.anchor);
    sealLosses(builder, *batch.overview);
    sealCoverage(builder, *batch.overview);
    sealPresence(builder, *batch.overview, batch.anchor);
    cluster.addTo(builder, *batch.overview, batch.range);
    batch.dictionary = builder.take();
    const auto next = std::chrono::floor<std::chrono::seconds>(batch.range.to) + std::chrono::seconds(1); // also after a short one
    m_rows.nextSecond(batch.anchor.toHost(next));
}

void Aggregator::sealRequests(BatchBuilder& builder, telemetry::Overview& overview)
{
    for (std::uint32_t i = 0; i < m_rows.cellCount(); ++i) {
        Cell& cell = m_rows.cell(i);
        RequestWindow& window = cell.windows[m_rows.current()];
        if (!cell.taken || window.requests == 0)
            continue;
        telemetry::RequestRow row;
        row.end = builder.end(cell.end);
        row.route = builder.string(cell.route);
        row.requests = window.requests;
        row.errors = window.errors;
        row.reused = window.reused;
        row.requestBytes = window.requestBytes;
        row.responseBytes = window.responseBytes;
        const auto addStatus = [&](const RequestWindow::Status& status) {
            if (status.count > 0)
                row.statuses.push_back({builder.string(m_rows.statuses().text(status.id)), status.count});
        };
        std::ranges::for_each(window.statuses, addStatus);
        std::ranges::for_each(window.moreStatuses, addStatus);
        std::ranges::sort(row.statuses, {}, &telemetry::StatusCount::status);
        row.latency = window.latency.drain(m_rows.pages());
        row.firstByte = window.firstByte.drain(m_rows.pages());
        if (cell.overflow)
            m_losses[{Loss::RoutesFull, cell.end}] += window.requests;
        if (m_rows.end(cell.end).overflow)
            m_losses[{Loss::EndRowsFull, cell.end}] += window.requests;
        overview.requests.push_back(std::move(row));
        window = RequestWindow{};
    }
}

void Aggregator::sealConnections(BatchBuilder& builder, telemetry::Overview& overview, const ClockAnchor& anchor)
{
    std::vector<ClosedRow> rows = std::exchange(m_closed, {});
    m_connectionsAll = rows.size() + std::exchange(m_closedLeftOut, 0);
    m_tables.connections.forEach([&](Connection& connection) {
        if (!connection.settled || connection.ignored)
            return;
        ++m_rows.end(tcpEnd(connection)).active;
        m_rows.touchEnd(tcpEnd(connection));
        ++m_connectionsAll;
        rows.push_back({rowOf(connection), std::exchange(connection.bytesThisSecond, 0)});
        m_rows.touchEnd(rows.back().row.end);
    });
    if (rows.size() > kMaxConnectionRows) {
        std::ranges::nth_element(rows, rows.begin() + kMaxConnectionRows, std::ranges::greater(), &ClosedRow::weight);
        rows.resize(kMaxConnectionRows);
    }
    m_connectionsListed = rows.size();
    std::ranges::sort(rows, std::ranges::greater(), &ClosedRow::weight);
    for (ClosedRow& chosen : rows) {
        telemetry::ConnectionRow& row = chosen.row;
        row.end = builder.end(row.end);
        row.openedAt = anchor.toUtc(heldAsHost(row.openedAt));
        if (row.closedAt != UtcTime{})
            row.closedAt = anchor.toUtc(heldAsHost(row.closedAt));
        overview.connections.push_back(row);
    }
}

void Aggregator::sealOpen(BatchBuilder& builder, telemetry::Overview& overview, const ClockAnchor& anchor)
{
    const HostTime now = anchor.toHost(m_sealedUntil);
    std::map<std::pair<std::uint32_t, std::uint32_t>, telemetry::OpenRow> open;
    std::vector<telemetry::OpenExchangeRow> exchanges;
    m_tables.connections.forEach([&](Connection& connection) {
        if (!connection.settled || !connection.parser || connection.ignored)
            return;
        std::size_t count = connection.parser->inFlight(m_inFlight);
        if (count == 0)
            return;
        if (count > m_inFlight.size()) {
            m_inFlight.resize(count);
            count = connection.parser->inFlight(m_inFlight);
        }
        const std::uint32_t end = builder.end(shownEnd(connection));
        for (std::size_t i = 0; i < std::min(count, m_inFlight.size()); ++i) {
            const protocols::InFlight& one = m_inFlight[i];
            if (one.startedAt >= now)
                continue; // began in the next second
            const std::uint32_t route = builder.string(one.route);
            telemetry::OpenRow& row = open[{end, route}];
            row.end = end;
            row.route = route;
            ++row.count;
            row.oldestAge = std::max(row.oldestAge, now - one.startedAt);
            if (i < kMaxOpenExchanges)
                exchanges.push_back({end, route, keyOf(connection), anchor.toUtc(one.startedAt), one.thread});
        }
        if (exchanges.size() > 8 * kMaxOpenExchanges) {
            std::ranges::nth_element(exchanges, exchanges.begin() + kMaxOpenExchanges, {}, &telemetry::OpenExchangeRow::startedAt);
            exchanges.resize(kMaxOpenExchanges);
        }
    });
    std::ranges::sort(exchanges, {}, &telemetry::OpenExchangeRow::startedAt);
    if (exchanges.size() > kMaxOpenExchanges)
        exchanges.resize(kMaxOpenExchanges);
    overview.openExchanges = std::move(exchanges);
    for (const auto& [place, row] : open)
        overview.open.push_back(row);
}

void Aggregator::sealPending(BatchBuilder& builder, telemetry::Overview& overview, const ClockAnchor& anchor)
{
    const HostTime now = anchor.toHost(m_sealedUntil);
    std::map<std::uint32_t, telemetry::PendingConnectRow> pending; // by the agent's number of the end
    m_tables.pending.forEach([&](const WaitingConnect& connect) {
        if (connect.began >= now)
            return;
        const std::uint32_t end = connectEnd(connect.instance, connect.addresses, connect.dialled);
        m_rows.touchEnd(end);
        telemetry::PendingConnectRow& row = pending[end];
        ++row.count;
        row.oldestAge = std::max(row.oldestAge, now - connect.began);
        row.synSent = std::max(row.synSent, connect.synSent);
    });
    for (auto& [end, row] : pending) {
        row.end = builder.end(end);
        overview.pendingConnects.push_back(row);
    }
    std::ranges::sort(overview.pendingConnects, {}, &telemetry::PendingConnectRow::end);
}

void Aggregator::sealTcp(BatchBuilder& builder, telemetry::Overview& overview)
{
    for (std::uint32_t i = 0; i < m_rows.endCount(); ++i) {
        EndSlot& end = m_rows.end(i);
        TcpWindow& window = end.tcp[m_rows.current()];
        const std::uint64_t active = std::exchange(end.active, 0);
        if (!end.taken || (!window.used && active == 0))
            continue;
        if (end.overflow && window.row.opened > 0)
            m_losses[{Loss::EndRowsFull, i}] += window.row.opened;
        window.row.end = builder.end(i);
        window.row.active = active;
        std::ranges::sort(window.row.failed, {}, &telemetry::ErrnoCount::error);
        overview.tcp.push_back(std::move(window.row));
        window = TcpWindow{};
    }
}

void Aggregator::sealListeners(BatchBuilder& builder, telemetry::Overview& overview)
{
    m_tables.listeners.forEach([&](const ListeningSocket& listener) {
        if (listener.instance == kNoIndex)
            return;
        telemetry::ListenRow row;
        row.instance = builder.instance(listener.instance);
        row.local = listener.local;
        row.netns = listener.netns.value;
        row.acceptQueue = listener.acceptQueue;
        row.acceptQueueLimit = listener.acceptQueueLimit;
        overview.listening.push_back(row);
    });
    std::ranges::sort(overview.listening, {}, [](const telemetry::ListenRow& row) { return std::tuple(row.netns, row.local); });
}

void Aggregator::sealSpans(BatchBuilder& builder, telemetry::Batch& batch)
{
    telemetry::Detail detail;
    std::vector<PendingSpan> spans = m_spans.take(m_rows.current(), m_spansSeen);
    m_spansKept = spans.size();
    std::ranges::sort(spans, {}, [](const PendingSpan& pending) { return pending.span.start; });
    detail.spans.reserve(spans.size());
    for (PendingSpan& pending : spans) {
        telemetry::Span& span = pending.span;
        const Cell& cell = m_rows.cell(pending.cell);
        span.end = builder.end(cell.end);
        span.route = builder.string(cell.route);
        span.status = builder.string(m_rows.statuses().text(pending.status));
        span.start = batch.anchor.toUtc(heldAsHost(span.start));
        detail.spans.push_back(span);
    }
    batch.detail = std::move(detail);
}

void Aggregator::sealEvents(BatchBuilder& builder, telemetry::Overview& overview, const ClockAnchor& anchor)
{
    std::ranges::sort(m_events, {}, [](const EventNote& event) { return std::tuple(event.at, event.kind, event.instance); });
    for (const EventNote& event : m_events) {
        telemetry::EventRow row;
        row.at = anchor.toUtc(event.at);
        row.kind = event.kind;
        row.subject = event.instance == kNoIndex ? 0 : builder.instance(event.instance); // 0: the host
        if (!event.detail.empty())
            row.detail = builder.string(event.detail);
        overview.events.push_back(row);
    }
    m_events.clear();
}

void Aggregator::sealLosses(BatchBuilder& builder, telemetry::Overview& overview)
{
    if (m_ringLoss > 0) // counters are read at slightly different times: what is over now may be explained a second later
        m_losses[{Loss::DataRingFull, kNoIndex}] += static_cast<std::uint64_t>(std::exchange(m_ringLoss, 0));
    for (const auto& [what, count] : m_losses)
        overview.losses.push_back({what.first, count, what.second == kNoIndex ? telemetry::kNone : builder.end(what.second)});
    m_losses.clear();
    std::ranges::sort(overview.losses, {}, [](const telemetry::LossRow& row) { return std::tuple(row.loss, row.end); });
}

void Aggregator::sealCoverage(BatchBuilder& builder, telemetry::Overview& overview)
{
    const auto say = [&](std::uint32_t subject, std::string_view what, std::uint64_t part, std::uint64_t whole, std::string_view advice) {
        if (part > 0)
            overview.coverage.push_back({subject, builder.string(what), part, whole, builder.string(advice)});
    };
    for (const auto& [index, coverage] : std::map(m_coverage.begin(), m_coverage.end())) {
        const std::uint32_t subject = builder.instance(index);
        say(subject, "payload_unseen", coverage.unseen, coverage.seen,
            "Bytes were sent from where they cannot be read (sendfile, splice, io_uring, very long calls); sizes are exact.");
        say(subject, "unknown_protocol", coverage.unknown, coverage.seen, "Connections speak a protocol that is not parsed yet; bytes and TCP are counted.");
    }
    m_coverage.clear();
    say(telemetry::kNone, "spans_sampled", m_spansSeen - std::min(m_spansSeen, m_spansKept), m_spansSeen,
        "Only a share of the exchanges became spans; counts and latencies are of all. Raise the span budget.");
    say(telemetry::kNone, "connections_unlisted", m_connectionsAll - std::min(m_connectionsAll, m_connectionsListed), m_connectionsAll,
        "Only the busiest 4,096 connections are listed one by one; totals are of all.");
    say(telemetry::kNone, "events_unlisted", m_eventsLeftOut, m_eventsLeftOut + overview.events.size(), "More than 1,000 change events in one second.");
    say(telemetry::kNone, "connection_unknown", m_unattributed, m_unattributed,
        "Bytes came of connections whose opening was not seen; whose they were is not known.");
    for (const KnowledgeLimit& limit : m_limits)
        say(telemetry::kNone, limit.what, limit.part, limit.whole, limit.sentence);
    m_limits.clear();
    m_eventsLeftOut = m_unattributed = 0;
}

void Aggregator::sealPresence(BatchBuilder& builder, telemetry::Overview& overview, const ClockAnchor& anchor)
{
    for (std::uint32_t i = 0; i < m_tables.instances.size(); ++i) {
        const Instance& instance = m_tables.instances.at(i);
        if (!instance.key || (!instance.aliveThisSecond && !builder.uses(i)))
            continue;
        telemetry::PresenceRow row;
        row.instance = builder.instance(i);
        row.service = builder.service(i);
        if (instance.assignedSince != HostTime{})
            row.assignedSince = anchor.toUtc(instance.assignedSince);
        row.processes = instance.processes;
        overview.presence.push_back(row);
    }
}

} // namespace binnacle::agent
