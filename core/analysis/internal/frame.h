// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/analysis/internal/hands.h"
#include "core/telemetry/batch.h"

#include <absl/container/flat_hash_map.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <tuple>
#include <utility>
#include <vector>

/// What all hosts said in one stretch of time, end by end, with the Directory's numbers in place of each batch's own.
/// The rows are telemetry's; their `end`, `route` and `status` are indexes into the Directory.
namespace binnacle::analysis::internal {

/// Rows of one end are added up as long as the end's peer stays the same (Hands): `at` is the last moment of the latest batch in it,
/// at which the peer is looked up.
struct RequestCell {
    telemetry::RequestRow row;
    UtcTime at{};
};

struct TcpCell {
    telemetry::TcpRow row;
    UtcTime at{};
};

struct LossCell {
    Loss loss = Loss::DataRingFull;
    std::uint32_t end = kNone;
    std::uint32_t agent = kNone;
    std::uint64_t count = 0;
    TimeRange range;
    UtcTime at() const { return lastMoment(range); }
};

struct CoverageCell {
    std::uint32_t instance = kNone, service = kNone; // or the host
    std::uint32_t agent = kNone, what = kNone, advice = kNone;
    std::uint32_t host = kNone; // text: a host other than the agent's
    std::uint64_t part = 0, whole = 0;
};

struct EventCell {
    UtcTime at{};
    EventKind kind = EventKind::ProcessExec;
    std::uint32_t agent = kNone, instance = kNone, service = kNone, detail = kNone;
    std::uint32_t host = kNone; // text: a host other than the agent's
};

struct ConnectionCell {
    telemetry::ConnectionRow row;
    UtcTime at{}; // end of the batch
    /// It leads to whom it was opened to, whoever has the address now.
    UtcTime peerAt() const { return row.openedAt == UtcTime{} ? at - Nanoseconds(1) : row.openedAt; }
};

/// A host whose part a merged second lacks.
struct GapCell {
    std::uint32_t agent = kNone, why = kNone;
    TimeRange range;
};

struct QueueCell {
    std::uint32_t listener = kNone;
    std::uint32_t acceptQueue = 0; // most seen
};

using InstanceSet = std::vector<std::uint32_t>; // ascending
using InstanceSetPtr = std::shared_ptr<const InstanceSet>;

/// One agent's part: what is counted of its batches, and the gauges of its last batch in the frame.
struct AgentPart {
    std::uint32_t agent = kNone;
    TimeRange range; // from its first batch to the end of its last one
    Nanoseconds told{}; // sum of its batches' lengths: less than the range where it has holes
    std::uint64_t batches = 0;
    telemetry::BatchKey lastKey;
    bool isMerged = false; // a host's in a merged second: no figures of its own
    // gauges
    telemetry::AgentHealth health;
    InstanceSetPtr present;
    std::vector<std::uint32_t> listeners;
    std::vector<telemetry::OpenRow> open;
    std::vector<telemetry::OpenExchangeRow> openExchanges;
    std::vector<telemetry::PendingConnectRow> pendingConnects;
    std::vector<std::pair<std::uint32_t, std::uint64_t>> active; // end → connections
    UtcTime at() const { return lastMoment(range); } // of the gauges
};

/// At most this many connections a frame: those still open first, then the busiest.
inline constexpr std::size_t kMaxConnections = 4096;
inline constexpr std::size_t kMaxEvents = 4096; // a frame, the latest

class Frame {
public:
    Frame() = default;
    explicit Frame(TimeRange range) : m_range(range) {}

    /// `hands`: of the directory that both frames were made with.
    void add(const Frame& other, Hands& hands);
    /// Turns a batch into a frame of its own; learns into the directory what is new.  Only the directory is fed when there is no overview.
    static Frame of(const telemetry::Batch& batch, Directory& directory);

    TimeRange range() const { return m_range; }
    const std::vector<RequestCell>& requests() const { return m_requests; }
    const std::vector<TcpCell>& tcp() const { return m_tcp; }
    const std::vector<LossCell>& losses() const { return m_losses; }
    const std::vector<CoverageCell>& coverage() const { return m_coverage; }
    const std::vector<EventCell>& events() const { return m_events; }
    const std::vector<ConnectionCell>& connections() const { return m_connections; }
    const std::vector<QueueCell>& queues() const { return m_queues; }
    const std::vector<GapCell>& gaps() const { return m_gaps; }
    const std::vector<AgentPart>& agents() const { return m_agents; }
    /// Distinct sets of instances that were alive at one time.
    const std::vector<InstanceSetPtr>& presence() const { return m_presence; }
    /// Instances that ended, or that only late rows speak of: they were there, nobody knows with whom.  Ascending.
    const InstanceSet& ended() const { return m_ended; }
    std::size_t bytes() const;
    /// No more is going to be added: gives the index back (a later add() makes it anew).
    void seal();

    /// A frame of one second takes the batches of several hosts, whose instances are alive at the same time.
    void addAtSameTime(const Frame& other, Hands& hands);

private:
    void readOverview(const telemetry::Batch& batch, Directory::Batch& names);
    void readGauges(const telemetry::Batch& batch, Directory::Batch& names);
    void readRest(const telemetry::Batch& batch, Directory::Batch& names);
    void readHosts(const telemetry::Batch& batch, Directory::Batch& names);
    void addCounts(const Frame& other, Hands& hands);
    void addRows(const Frame& other, Hands& hands);
    void addLosses(const Frame& other, Hands& hands);
    void ensureIndex(Hands& hands);
    void addAgents(const Frame& other);
    void addConnections(const Frame& other);
    void addPresence(const InstanceSetPtr& set);

    TimeRange m_range;
    std::vector<RequestCell> m_requests;
    std::vector<TcpCell> m_tcp;
    std::vector<LossCell> m_losses;
    std::vector<CoverageCell> m_coverage;
    std::vector<EventCell> m_events;
    std::vector<ConnectionCell> m_connections;
    std::vector<QueueCell> m_queues;
    std::vector<GapCell> m_gaps;
    std::vector<AgentPart> m_agents;
    std::vector<InstanceSetPtr> m_presence;
    InstanceSet m_ended;
    bool m_indexed = false;
    // With the begin of the stretch in which the end had this peer.
    absl::flat_hash_map<std::tuple<std::uint32_t, std::uint32_t, UtcTime::rep>, std::uint32_t> m_requestOf; // end and route → row
    absl::flat_hash_map<std::pair<std::uint32_t, UtcTime::rep>, std::uint32_t> m_tcpOf;
    absl::flat_hash_map<EntityKey, std::uint32_t> m_connectionOf;
};

/// Gaps of one host and reason that touch become one.
void addGap(std::vector<GapCell>& gaps, const GapCell& more);

/// One after the other; the same in every order.
void addRow(telemetry::RequestRow& sum, const telemetry::RequestRow& row);
void addRow(telemetry::TcpRow& sum, const telemetry::TcpRow& row);
/// Without histograms.
void addCounts(telemetry::RequestRow& sum, const telemetry::RequestRow& row);
void addCounts(telemetry::TcpRow& sum, const telemetry::TcpRow& row);
void addStatuses(std::vector<telemetry::StatusCount>& sum, const std::vector<telemetry::StatusCount>& more);

} // namespace binnacle::analysis::internal
