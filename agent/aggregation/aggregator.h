// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "agent/aggregation/batch_builder.h"
#include "agent/aggregation/cluster_rows.h"
#include "agent/aggregation/row_table.h"
#include "agent/aggregation/span_sampler.h"
#include "agent/correlation/connection_table.h"
#include "agent/correlation/listener_table.h"
#include "agent/correlation/pending_connects.h"
#include "agent/metadata/instance_table.h"
#include "core/protocols/exchange.h"

#include <absl/container/flat_hash_map.h>
#include <cstdint>
#include <string>
#include <vector>

namespace binnacle::agent {

/// Counts what settled connections do, second by second.
///
/// Owns the rows and the pending spans; the tables are lent and outlive it.  Thread: the drain thread.  Nothing here allocates for an
/// exchange on a connection and route that were seen before in this second.
class Aggregator {
public:
    struct Tables {
        ConnectionTable& connections;
        ListenerTable& listeners;
        InstanceTable& instances;
        PendingConnects& pending;
    };

    Aggregator(Tables tables, std::string bootId, std::uint32_t spansPerSecond);

    void onOpened(Connection& connection);
    /// `count` exchanges of a run (ExchangeSink::onRun) that begins with `first`, or just this one.
    void onExchange(Connection& connection, const protocols::Exchange& first, std::uint32_t count = 1);
    void onCounters(Connection& connection, const TcpCounters& tcp, const PayloadCounters& payload, TcpState state);
    /// After onCounters() with the last ones.
    void onClosed(Connection& connection, const ConnectionClosed& event);
    /// `remote`: where it went as far as is known; the event says what was dialled.
    void onConnectFailed(std::uint32_t instance, const ConnectFailed& event, const Endpoint& remote);

    void lost(Loss loss, std::uint64_t count);
    void lost(Loss loss, std::uint64_t count, Connection& connection);
    void note(HostTime at, EventKind kind, std::uint32_t instance, std::string detail);
    /// In this second.
    void limited(KnowledgeLimit limit) { m_limits.push_back(std::move(limit)); }
    /// Bytes that belong to no known connection.
    void unattributed(std::uint64_t bytes) { m_unattributed += bytes; }

    /// The side, owner or peer of a connection changed: its rows are others from now on.
    static void forgetRows(Connection& connection) { connection.rows = RowCache{}; }

    void setSpanBudget(std::uint32_t perSecond) { m_spans.setBudget(perSecond); }
    void begin(HostTime boundary) { m_rows.setBoundary(boundary); }

    /// Fills overview, detail and dictionary; the next second begins.
    void seal(telemetry::Batch& batch, const std::string& hostName, ClusterRows& cluster);

    std::uint64_t exchanges() const { return m_exchanges; }
    std::uint32_t generation() const { return m_rows.generation(); }
    /// Instances that rows or connections speak of.
    std::vector<bool> usedInstances();

private:
    struct InstanceCoverage {
        std::uint64_t seen = 0, unseen = 0, unknown = 0;
    };
    struct EventNote {
        HostTime at{};
        EventKind kind = EventKind::ProcessExec;
        std::uint32_t instance = kNoIndex;
        std::string detail;
    };
    struct ClosedRow {
        telemetry::ConnectionRow row; // `end` is the agent's number
        std::uint64_t weight = 0;
    };

    std::uint32_t endOf(Connection& connection, Protocol protocol);
    std::uint32_t connectEnd(std::uint32_t instance, const SocketAddresses& addresses, const Endpoint& dialled);
    std::uint32_t tcpEnd(Connection& connection);
    std::uint32_t shownEnd(Connection& connection);
    std::uint32_t cellOf(Connection& connection, const protocols::Exchange& exchange);
    std::uint32_t findCell(Connection& connection, const protocols::Exchange& exchange);
    /// Where the span of an exchange belongs.
    struct SpanContext {
        std::uint32_t cell;
        std::uint16_t status;
        std::uint64_t duration; // ns
        std::size_t window;
    };
    void keepSpans(Connection& connection, const protocols::Exchange& first, std::uint32_t count, const SpanContext& context);
    PendingSpan spanOf(Connection& connection, const protocols::Exchange& exchange, const SpanContext& context);
    const EntityKey& keyOf(Connection& connection);
    telemetry::ConnectionRow rowOf(Connection& connection);
    void countBytes(Connection& connection, TcpWindow& window, const TcpCounters& now);
    void countPayload(Connection& connection, TcpWindow& window, const PayloadCounters& now);

    void sealPending(BatchBuilder& builder, telemetry::Overview& overview, const ClockAnchor& anchor);
    void sealRequests(BatchBuilder& builder, telemetry::Overview& overview);
    void sealConnections(BatchBuilder& builder, telemetry::Overview& overview, const ClockAnchor& anchor);
    void sealOpen(BatchBuilder& builder, telemetry::Overview& overview, const ClockAnchor& anchor);
    void sealTcp(BatchBuilder& builder, telemetry::Overview& overview);
    void sealListeners(BatchBuilder& builder, telemetry::Overview& overview);
    void sealSpans(BatchBuilder& builder, telemetry::Batch& batch);
    void sealEvents(BatchBuilder& builder, telemetry::Overview& overview, const ClockAnchor& anchor);
    void sealLosses(BatchBuilder& builder, telemetry::Overview& overview);
    void sealCoverage(BatchBuilder& builder, telemetry::Overview& overview);
    void sealPresence(BatchBuilder& builder, telemetry::Overview& overview, const ClockAnchor& anchor);

    Tables m_tables;
    std::string m_bootId;
    RowTable m_rows;
    SpanSampler m_spans;
    absl::flat_hash_map<std::pair<Loss, std::uint32_t>, std::uint64_t> m_losses; // by reason and end
    std::int64_t m_ringLoss = 0; // bytes that the ring lost in all, less those known by connection
    absl::flat_hash_map<std::uint32_t, InstanceCoverage> m_coverage;
    std::vector<KnowledgeLimit> m_limits;
    std::vector<EventNote> m_events;
    std::uint64_t m_eventsLeftOut = 0;
    std::vector<ClosedRow> m_closed;
    std::uint64_t m_closedLeftOut = 0;
    std::vector<protocols::InFlight> m_inFlight;
    UtcTime m_sealedUntil{};
    std::uint64_t m_unattributed = 0, m_exchanges = 0;
    std::uint64_t m_spansSeen = 0, m_spansKept = 0, m_connectionsListed = 0, m_connectionsAll = 0;
};

} // namespace binnacle::agent
