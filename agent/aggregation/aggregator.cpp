// SPDX-License-Identifier: Apache-2.0
#include "agent/aggregation/aggregator.h"

#include "core/telemetry/identity.h"

#include <algorithm>
#include <utility>

namespace binnacle::agent {

namespace {

constexpr std::size_t kMaxEvents = 1'000;       // a batch
constexpr std::size_t kMaxClosedRows = 8'192;   // remembered until the seal, where the busiest are chosen

std::uint64_t span(HostTime from, HostTime to) { return to > from ? static_cast<std::uint64_t>((to - from).count()) : 0; }

/// Kernel counters only rise; a smaller one is a reading that failed.
std::uint64_t rise(std::uint64_t before, std::uint64_t now) { return now > before ? now - before : 0; }
std::uint32_t rise32(std::uint32_t before, std::uint32_t now) { return now - before; } // wraps as the kernel's do

void add(std::optional<std::uint64_t>& sum, std::uint64_t value) { sum = sum.value_or(0) + value; }

void countStatus(RequestWindow& window, std::uint16_t id, std::uint32_t count)
{
    for (RequestWindow::Status& status : window.statuses) {
        if (status.count == 0)
            status.id = id;
        if (status.id == id) {
            status.count += count;
            return;
        }
    }
    for (RequestWindow::Status& status : window.moreStatuses) {
        if (status.id == id) {
            status.count += count;
            return;
        }
    }
    window.moreStatuses.push_back({id, count});
}

} // namespace

Aggregator::Aggregator(Tables tables, std::string bootId, std::uint32_t spansPerSecond)
    : m_tables(tables), m_bootId(std::move(bootId)), m_rows([this] { return m_tables.instances.other(); }), m_spans(spansPerSecond), m_inFlight(64)
{
}

std::uint32_t Aggregator::endOf(Connection& connection, Protocol protocol)
{
    const bool server = connection.side == Side::Server;
    EndKey key;
    key.side = server ? telemetry::Side::Server : telemetry::Side::Client;
    key.protocol = protocol;
    key.instance = connection.instance != kNoIndex ? connection.instance : m_tables.instances.other();
    key.remoteInstance = connection.peerInstance;
    key.netns = connection.addresses.netns;
    key.local = connection.addresses.local;
    key.remote = connection.addresses.remote;
    (server ? key.remote : key.local).port = 0;
    if (!server)
        key.dialled = connection.dialled;
    return m_rows.ensureEnd(key);
}

std::uint32_t Aggregator::tcpEnd(Connection& connection)
{
    RowCache& cache = connection.rows;
    if (cache.generation != m_rows.generation()) {
        cache = RowCache{};
        cache.generation = m_rows.generation();
    }
    if (cache.tcpEnd == kNoIndex)
        cache.tcpEnd = endOf(connection, Protocol::Unknown);
    return cache.tcpEnd;
}

/// With its protocol when that is known.
std::uint32_t Aggregator::shownEnd(Connection& connection)
{
    const std::uint32_t tcp = tcpEnd(connection);
    if (connection.rows.requestEnd != kNoIndex)
        return connection.rows.requestEnd;
    const Protocol protocol = connection.parser ? connection.parser->protocol() : Protocol::Unknown;
    if (protocol == Protocol::Unknown)
        return tcp;
    return connection.rows.requestEnd = endOf(connection, protocol);
}

/// Most connections do the same again and again: comparing the route costs less than its hash.
std::uint32_t Aggregator::cellOf(Connection& connection, const protocols::Exchange& exchange)
{
    const RowCache& cache = connection.rows;
    if (cache.generation == m_rows.generation() && cache.lastCell != kNoIndex && m_rows.cell(cache.lastCell).route == exchange.route)
        return cache.lastCell;
    const std::uint32_t cell = findCell(connection, exchange);
    connection.rows.lastCell = m_rows.cell(cell).overflow ? kNoIndex : cell;
    return cell;
}

std::uint32_t Aggregator::findCell(Connection& connection, const protocols::Exchange& exchange)
{
    RowCache& cache = connection.rows;
    if (cache.generation != m_rows.generation()) {
        cache = RowCache{};
        cache.generation = m_rows.generation();
    }
    const std::uint64_t hash = stableHash64(exchange.route);
    RowCache::Route& remembered = cache.routes[hash % RowCache::kRoutes];
    if (remembered.hash == hash && remembered.cell != kNoIndex)
        return remembered.cell;
    if (cache.requestEnd == kNoIndex)
        cache.requestEnd = endOf(connection, exchange.protocol);
    const std::uint32_t end = cache.requestEnd;
    const EndKey& key = m_rows.end(end).key;
    const EntityKey& service = m_tables.instances.at(key.instance).service;
    const std::uint64_t scope = service.low ^ (key.side == telemetry::Side::Server ? 1 : 0);
    remembered = {hash, m_rows.ensureCell(end, exchange.route, hash, scope)};
    return remembered.cell;
}

void Aggregator::onExchange(Connection& connection, const protocols::Exchange& first, std::uint32_t count)
{
    SpanContext context{};
    context.cell = cellOf(connection, first);
    context.window = m_rows.windowOf(first.responseEnd);
    context.duration = span(first.requestStart, first.responseEnd);
    context.status = m_rows.statuses().idOf(first.status);
    RequestWindow& window = m_rows.requestWindow(context.cell, context.window);
    m_exchanges += count;
    window.requests += count;
    window.errors += first.error ? count : 0;
    window.reused += count - (connection.requests == 0 ? 1 : 0);
    window.requestBytes += count * first.requestBytes;
    window.responseBytes += count * first.responseBytes;
    countStatus(window, context.status, count);
    if (!first.status.empty()) { // what was broken off has no last byte, thus no latency
        const std::uint64_t untilFirstByte = span(first.requestStart, first.responseStart);
        const Latency latency(context.duration);
        window.latency.record(latency, count, m_rows.pages());
        window.firstByte.record(untilFirstByte == context.duration ? latency : Latency(untilFirstByte), count, m_rows.pages());
    }
    connection.requests += count;
    keepSpans(connection, first, count, context);
}

void Aggregator::keepSpans(Connection& connection, const protocols::Exchange& first, std::uint32_t count, const SpanContext& context)
{
    SpanSampler::Candidate candidate(first);
    for (std::uint32_t i = 0; i < count; ++i) {
        const SpanSampler::Place place = m_spans.choose(candidate, context.duration, context.window);
        if (place != SpanSampler::Place::None) [[unlikely]]
            m_spans.keep(place, spanOf(connection, protocols::inRun(first, i), context), context.window);
        candidate.requestSequence += static_cast<std::uint32_t>(first.requestBytes);
        candidate.responseSequence += static_cast<std::uint32_t>(first.responseBytes);
    }
}

PendingSpan Aggregator::spanOf(Connection& connection, const protocols::Exchange& exchange, const SpanContext& context)
{
    PendingSpan pending;
    pending.cell = context.cell;
    pending.status = context.status;
    telemetry::Span& out = pending.span;
    out.connection = keyOf(connection);
    // Both ends of an exchange have the same positions, so the side is part of the id.
    out.id = (out.connection.low ^ out.connection.high) + exchange.requestPosition * 0x9e3779b97f4a7c15ull + (connection.side == Side::Server ? 1 : 0);
    out.error = exchange.error;
    out.start = utcTime(ns(exchange.requestStart)); // host time until the seal
    out.firstByte = Nanoseconds(static_cast<std::int64_t>(span(exchange.requestStart, exchange.responseStart)));
    out.duration = Nanoseconds(static_cast<std::int64_t>(context.duration));
    out.requestThread = exchange.requestThread;
    out.responseThread = exchange.responseThread;
    out.requestSequence = exchange.requestSequence;
    out.responseSequence = exchange.responseSequence;
    out.requestBytes = exchange.requestBytes;
    out.responseBytes = exchange.responseBytes;
    if (exchange.hasTraceparent) {
        out.traceId = exchange.traceId;
        out.parentSpanId = exchange.parentSpanId;
    }
    out.requestIdHash = exchange.requestIdHash;
    return pending;
}

const EntityKey& Aggregator::keyOf(Connection& connection)
{
    if (!connection.key) {
        // Where the kernel gives no cookie, our own number stands in; its high bit keeps the two apart.
        const std::uint64_t cookie = connection.cookie != 0 ? connection.cookie : connection.id.value | 1ull << 63;
        connection.key = telemetry::connectionKey(m_bootId, connection.addresses.netns.value, cookie);
    }
    return connection.key;
}

void Aggregator::onOpened(Connection& connection)
{
    const std::uint32_t end = tcpEnd(connection);
    m_rows.touchEnd(end);
    if (connection.existed)
        return;
    TcpWindow& window = m_rows.tcpWindow(end, m_rows.windowOf(connection.openedAt));
    ++window.row.opened;
    if (connection.side == Side::Client && connection.connectBegan != HostTime{})
        window.row.connectTime.record(span(connection.connectBegan, connection.openedAt));
}

void Aggregator::countBytes(Connection& connection, TcpWindow& window, const TcpCounters& now)
{
    const TcpCounters& before = connection.tcp;
    const std::uint64_t sent = rise(before.bytesSent, now.bytesSent), received = rise(before.bytesReceived, now.bytesReceived);
    window.row.bytesSent += sent;
    window.row.bytesReceived += received;
    connection.bytesThisSecond += sent + received;
    add(window.row.segmentsOut, rise32(before.segmentsOut, now.segmentsOut));
    add(window.row.segmentsIn, rise32(before.segmentsIn, now.segmentsIn));
    add(window.row.retransmitsOut, rise32(before.retransmitsOut, now.retransmitsOut));
    add(window.row.outOfOrder, rise32(before.outOfOrder, now.outOfOrder));
}

void Aggregator::countPayload(Connection& connection, TcpWindow& window, const PayloadCounters& now)
{
    const PayloadCounters& before = connection.payload;
    const std::uint64_t seen = rise(before.seenSent, now.seenSent) + rise(before.seenReceived, now.seenReceived);
    const std::uint64_t gone = rise(before.lostSent, now.lostSent) + rise(before.lostReceived, now.lostReceived);
    const std::uint64_t unseen = rise(before.unseenSent, now.unseenSent) + rise(before.unseenReceived, now.unseenReceived);
    window.row.payloadLost += gone;
    if (gone > 0) {
        lost(Loss::DataRingFull, gone, connection);
        m_ringLoss -= static_cast<std::int64_t>(gone);
    }
    if (seen == 0 || connection.instance == kNoIndex)
        return;
    InstanceCoverage& coverage = m_coverage[connection.instance];
    coverage.seen += seen;
    if (connection.notParsed) { // its bytes are left in the kernel on purpose
        coverage.unknown += seen;
    } else {
        coverage.unseen += unseen;
        window.row.payloadUnseen += unseen;
    }
}

void Aggregator::onCounters(Connection& connection, const TcpCounters& tcp, const PayloadCounters& payload, TcpState state)
{
    if (connection.existed && !connection.sampled) { // what was before our time counts in no second
        connection.tcp = tcp;
        connection.tcp.bytesSent -= std::min(tcp.bytesSent, payload.seenSent);
        connection.tcp.bytesReceived -= std::min(tcp.bytesReceived, payload.seenReceived);
    }
    connection.sampled = true;
    TcpWindow& window = m_rows.tcpWindow(tcpEnd(connection), m_rows.current());
    countBytes(connection, window, tcp);
    countPayload(connection, window, payload);
    if (tcp.rtt.count() > 0 && state == TcpState::Established) {
        window.row.rtt.record(static_cast<std::uint64_t>(tcp.rtt.count()));
        window.row.rttVariance.record(static_cast<std::uint64_t>(std::max<std::int64_t>(0, tcp.rttVariance.count())));
    }
    connection.tcp = tcp;
    connection.payload = payload;
    connection.state = state;
}

void Aggregator::onClosed(Connection& connection, const ConnectionClosed& event)
{
    const std::uint32_t end = tcpEnd(connection);
    TcpWindow& window = m_rows.tcpWindow(end, m_rows.windowOf(event.at));
    ++window.row.closed;
    add(window.row.resetsSent, event.resetSent ? 1 : 0);
    add(window.row.resetsReceived, event.resetReceived ? 1 : 0);
    if (!connection.existed)
        window.row.lifetime.record(span(connection.openedAt, event.at));
    if (m_closed.size() >= kMaxClosedRows) {
        ++m_closedLeftOut;
        return;
    }
    ClosedRow& closed = m_closed.emplace_back();
    closed.row = rowOf(connection);
    closed.row.closedAt = utcTime(ns(event.at)); // host time until the seal
    closed.row.state = static_cast<std::uint8_t>(TcpState::Close);
    closed.weight = connection.bytesThisSecond;
}

/// The client's end of what is not a connection yet, or never became one.
std::uint32_t Aggregator::connectEnd(std::uint32_t instance, const SocketAddresses& addresses, const Endpoint& dialled)
{
    EndKey key;
    key.side = telemetry::Side::Client;
    key.instance = instance;
    key.netns = addresses.netns;
    key.local = {addresses.local.address, 0};
    key.remote = addresses.remote;
    key.dialled = dialled;
    return m_rows.ensureEnd(key);
}

void Aggregator::onConnectFailed(std::uint32_t instance, const ConnectFailed& event, const Endpoint& remote)
{
    const std::uint32_t end = connectEnd(instance, {event.addresses.local, remote, event.addresses.netns}, event.addresses.remote);
    TcpWindow& window = m_rows.tcpWindow(end, m_rows.windowOf(event.at));
    add(window.row.synRetransmits, event.synRetransmits);
    const auto error = static_cast<std::uint32_t>(event.error);
    auto& failed = window.row.failed;
    const auto known = std::ranges::find(failed, error, &telemetry::ErrnoCount::error);
    if (known != failed.end())
        ++known->count;
    else
        failed.push_back({error, 1});
}

void Aggregator::lost(Loss loss, std::uint64_t count)
{
    if (count == 0)
        return;
    if (loss == Loss::DataRingFull)
        m_ringLoss += static_cast<std::int64_t>(count);
    else
        m_losses[{loss, kNoIndex}] += count;
}

void Aggregator::lost(Loss loss, std::uint64_t count, Connection& connection)
{
    if (count > 0)
        m_losses[{loss, shownEnd(connection)}] += count;
}

void Aggregator::note(HostTime at, EventKind kind, std::uint32_t instance, std::string detail)
{
    if (m_events.size() >= kMaxEvents)
        ++m_eventsLeftOut;
    else
        m_events.push_back({at, kind, instance, std::move(detail)});
}

telemetry::ConnectionRow Aggregator::rowOf(Connection& connection)
{
    telemetry::ConnectionRow row;
    row.connection = keyOf(connection);
    row.end = shownEnd(connection);
    row.localPort = connection.addresses.local.port;
    row.remotePort = connection.addresses.remote.port;
    row.pid = connection.task.pid.value;
    row.state = static_cast<std::uint8_t>(connection.state);
    row.existed = connection.existed;
    row.openedAt = utcTime(ns(connection.openedAt)); // host time until the seal
    row.bytesSent = connection.tcp.bytesSent;
    row.bytesReceived = connection.tcp.bytesReceived;
    row.captured = connection.captured;
    row.payloadLost = connection.payload.lostSent + connection.payload.lostReceived;
    row.payloadUnseen = connection.payload.unseenSent + connection.payload.unseenReceived + connection.counted;
    row.rtt = connection.tcp.rtt;
    row.rttVariance = connection.tcp.rttVariance;
    row.requests = connection.requests;
    return row;
}

std::vector<bool> Aggregator::usedInstances()
{
    std::vector<bool> used(m_tables.instances.size(), false);
    const auto mark = [&](std::uint32_t index) {
        if (index < used.size())
            used[index] = true;
    };
    for (std::uint32_t i = 0; i < m_rows.endCount(); ++i) {
        if (m_rows.end(i).taken) {
            mark(m_rows.end(i).key.instance);
            mark(m_rows.end(i).key.remoteInstance);
        }
    }
    m_tables.connections.forEach([&](const Connection& connection) {
        mark(connection.instance);
        mark(connection.peerInstance);
    });
    m_tables.listeners.forEach([&](const ListeningSocket& listener) { mark(listener.instance); });
    m_tables.pending.forEach([&](const WaitingConnect& connect) { mark(connect.instance); });
    for (const EventNote& event : m_events)
        mark(event.instance);
    for (const auto& [instance, coverage] : m_coverage)
        mark(instance);
    return used;
}

} // namespace binnacle::agent
