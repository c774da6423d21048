// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/base/catalog.h"
#include "core/base/clocks.h"
#include "core/telemetry/batch.h"
#include "core/telemetry/histogram.h"

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

/// What the batches of a time range say, joined: the one set of values behind `binnacle show`, every page, comparison and
/// reports.  Plain values, no behaviour; made by core/analysis/snapshot.h.
namespace binnacle::analysis {

using telemetry::Histogram;

enum class Health : std::uint8_t { Unknown, Ok, Warning, Critical };
enum class NodeKind : std::uint8_t { Workload, Process, Service, External, Internet };

/// One ledger: what one side of an edge counted.
struct Ledger {
    std::uint64_t requests = 0, errors = 0;
    std::map<std::string, std::uint64_t> statuses; // "200" → n
    Histogram latency, firstByte;                  // ns
    std::uint64_t lost = 0;                        // losses known to touch this ledger
};

struct RouteSummary {
    std::string route;
    std::uint64_t requests = 0, errors = 0;
    std::map<std::string, std::uint64_t> statuses;
    Histogram latency, firstByte;
};

/// contracts.md `show tcp`; nullopt = not collected.
struct TcpSummary {
    bool seen = false; // an end of this edge reported its connections
    std::uint64_t active = 0, opened = 0, closed = 0, failed = 0;
    std::map<std::string, std::uint64_t> failedBy; // "ECONNREFUSED" → n
    Histogram connectTime, rtt, rttVariance, lifetime;
    std::optional<std::uint64_t> segmentsOut, segmentsIn, retransmitsOut, retransmitsIn, synRetransmits, outOfOrder;
    std::optional<std::uint64_t> resetsSent, resetsReceived, zeroWindows, zeroWindowNs, acceptQueueOverflows, acceptQueueMax;
    std::uint64_t bytesSent = 0, bytesReceived = 0;
    std::uint64_t payloadLost = 0, payloadUnseen = 0;
    std::optional<double> reuseRatio;
};

/// Connects that have waited for their answer for a second or longer, at the end of the range.  No request, and not failed yet.
struct PendingConnects {
    std::uint64_t count = 0;
    Nanoseconds oldest{};
    std::uint32_t synSent = 0; // by the one of them that sent most
};

struct Edge {
    std::string from, to; // node ids
    std::uint16_t port = 0;
    Protocol protocol = Protocol::Unknown;
    bool tls = false;
    Ledger chosen;                 // the server's where it is covered without loss, else the client's
    std::optional<Ledger> client, server;
    std::vector<RouteSummary> routes; // of the chosen ledger, by requests, most first
    std::uint64_t inFlight = 0;
    Nanoseconds oldestInFlight{};
    PendingConnects pending;
    std::uint64_t bytesSent = 0, bytesReceived = 0; // payload from → to, and back
    std::uint64_t failedConnects = 0;
    std::uint64_t losses = 0;      // exchanges, bytes and records known to be lost on this edge
    TcpSummary tcp;
    Health health = Health::Unknown;
    std::vector<std::string> healthReasons; // sentences
};

struct ListeningAddress {
    std::string address; // 10.0.0.1:80
    std::string instance;
    friend bool operator==(const ListeningAddress&, const ListeningAddress&) = default;
    friend auto operator<=>(const ListeningAddress&, const ListeningAddress&) = default;
};

struct Instance {
    EntityKey key;
    std::string name, host, node; // node id it belongs to
    bool alive = false;           // at the end of the range
    std::vector<std::pair<std::string, std::string>> attributes;
};

/// A vertex of the map and a row of the services table.
struct Node {
    std::string id; // workload:ns/name, process:name, external:host:port, internet
    std::string name;
    std::optional<std::string> nameSpace;
    NodeKind kind = NodeKind::Process;
    std::string type; // nginx, redis, python …; empty when unknown
    std::uint32_t instances = 0, instancesMax = 0; // alive at the end; most at one time in the range
    bool instancesKnown = true;                    // false: an agent that had some of them says nothing about the end
    bool observed = true;                          // false: no agent spoke of it by the end, a cluster's API lists it
    std::vector<std::string> hosts;                // sorted
    Ledger inbound;                                // sum over inbound edges' chosen ledgers (edges add; ledgers of one edge never do)
    std::vector<RouteSummary> routes;              // inbound, by requests
    std::vector<std::string> clients, servers;     // node ids, sorted
    std::vector<ListeningAddress> listening;
    std::uint64_t inFlight = 0;
    Nanoseconds oldestInFlight{};
    PendingConnects pending; // inbound
    Health health = Health::Unknown;
    std::vector<std::string> healthReasons;
};

/// Calls to a Kubernetes Service would reach this workload.  Only of workloads that nobody has observed: there an edge says more.
struct PossibleEdge {
    Node from; // the Service; no figures
    std::string to; // node id
    std::uint16_t port = 0; // of the Service
};

enum class OpenKind : std::uint8_t { Exchange, Connect };

/// What has begun and not ended: one exchange, or the connects of one instance to one address.
struct OpenExchange {
    OpenKind kind = OpenKind::Exchange;
    std::string service, instance, route, peer; // service and peer are node ids; route of connects: what they are called to a person
    std::uint64_t count = 1;                    // connects; the oldest of them is told of
    std::optional<std::uint32_t> synSent;       // connects only
    UtcTime startedAt{};
    Nanoseconds age{};
    std::optional<std::string> waitsOn;
    std::optional<std::uint32_t> thread;
    std::vector<std::string> stack;
};

struct Connection {
    EntityKey key;
    std::string from, to; // node ids
    std::string local, remote; // addresses with ports, as the reporting end sees them
    std::string instance;
    telemetry::Side side = telemetry::Side::Client;
    Protocol protocol = Protocol::Unknown;
    std::string state; // ESTABLISHED …
    std::uint32_t pid = 0;
    bool existed = false;
    UtcTime openedAt{}, closedAt{}; // closedAt zero while open
    std::uint64_t bytesSent = 0, bytesReceived = 0, captured = 0, payloadLost = 0, payloadUnseen = 0, requests = 0;
    Nanoseconds rtt{}, rttVariance{};
};

struct Event {
    UtcTime at{};
    EventKind kind = EventKind::ProcessExec;
    std::string subject, detail;
};

struct LossSummary {
    std::string place, reason, unit, advice;
    std::uint64_t count = 0;
    TimeRange range;
};

struct CoverageSummary {
    std::string subject, what, advice;
    double share = 0; // of what was not understood
};

struct AgentSummary {
    telemetry::AgentIdentity identity;
    telemetry::AgentHealth latest;
    UtcTime lastBatch{};
    std::uint64_t batches = 0;
    bool isMerged = false; // known from a gateway's merged seconds, which have no agent's own figures: `latest` is empty
};

/// One second, for charts: joined over hosts, summed over services.
struct SecondSummary {
    UtcTime from{};
    std::uint64_t requests = 0, errors = 0, failedConnects = 0, losses = 0;
    bool gap = false;
    Health worst = Health::Unknown;
};

struct Snapshot {
    TimeRange range;
    std::vector<Node> nodes;   // by id
    std::vector<Edge> edges;   // by (from, to, port, protocol, tls)
    std::vector<PossibleEdge> possible; // by (from, to, port)
    std::vector<Instance> instances; // by key
    std::vector<OpenExchange> inFlight; // oldest first
    std::vector<Connection> connections; // by (from, to, openedAt)
    std::vector<Event> events;  // by time
    std::vector<LossSummary> losses; // by (place, reason)
    std::vector<CoverageSummary> coverage;
    std::vector<AgentSummary> agents; // by host
    std::vector<telemetry::Gap> gaps;
    bool isMerged = false; // of a gateway's merged seconds, at least in part: they have no single connections
};
using SnapshotPtr = std::shared_ptr<const Snapshot>;

/// What charts draw of one service or edge over time; one entry a frame, ascending, gaps left out.
struct SeriesPoint {
    UtcTime at{};
    Nanoseconds width{};
    std::uint64_t requests = 0, errors = 0, inFlight = 0;
    std::optional<Nanoseconds> p50, p90, p95, p99, max;
};

} // namespace binnacle::analysis
