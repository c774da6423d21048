// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/base/catalog.h"
#include "core/base/clocks.h"
#include "core/base/entity_key.h"
#include "core/base/internet_address.h"
#include "core/telemetry/histogram.h"

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

/// The unit of everything: one UTC-aligned second of one host.  Plain values; proto/binnacle/v1 is their wire form and
/// core/telemetry/batch_writer.h, batch_reader.h the only place that turns one into the other.
namespace binnacle::telemetry {

enum class EntityKind : std::uint8_t { Host = 1, Service = 2, Instance = 3 };
enum class ServiceKind : std::uint8_t { Process = 1, Workload = 2, External = 3, Kubernetes = 4 };

/// Something with an identity.  What is unknown is empty.
struct Entity {
    EntityKey key;
    EntityKind kind = EntityKind::Instance;
    std::string name;       // service: `api`; instance: pod, container or program; host: node name
    std::string nameSpace;  // Kubernetes namespace
    std::string type;       // nginx, redis, python, go …: what program it is
    ServiceKind serviceKind = ServiceKind::Process; // services only
    std::vector<std::pair<std::string, std::string>> attributes; // OpenTelemetry resource names: container.id, k8s.pod.uid, os.…; sorted
    friend bool operator==(const Entity&, const Entity&) = default;
};

enum class Side : std::uint8_t { Client = 1, Server = 2 };

inline constexpr std::uint32_t kNone = 0xffffffff; // an index that points nowhere

/// One end of a connection as its own host sees it.  An agent reports no more than its own end; the reader joins ends.
struct End {
    Side side = Side::Client;
    std::uint32_t instance = kNone;       // in Dictionary::entities: whose socket it is
    Endpoint local;                       // server: where it listens; client: its address, port 0
    Endpoint remote;                      // client: the peer after NAT; server: the peer's address, port 0
    Endpoint dialled;                     // client: what the program asked for (a ClusterIP); equals `remote` without NAT
    std::uint32_t remoteInstance = kNone; // when this host sees the other end too (same kernel)
    std::uint32_t netns = 0;              // inode; tells loopback addresses of two pods apart
    Protocol protocol = Protocol::Unknown;
    bool tls = false;
    friend bool operator==(const End&, const End&) = default;
};

/// What rows point into.  Immutable once a batch holds it.
struct Dictionary {
    std::vector<std::string> strings;
    std::vector<Entity> entities;
    std::vector<End> ends;
};

/// An instance that was alive in this second, and the service it counts for.
struct PresenceRow {
    std::uint32_t instance = 0;     // entity
    std::uint32_t service = kNone;  // entity
    UtcTime assignedSince{};
    std::uint32_t processes = 0;    // alive at the end of the second; 0 = the last one ended in it, or only late rows speak of it
    friend bool operator==(const PresenceRow&, const PresenceRow&) = default;
};

/// An address on which an instance listens in this second, whether or not anyone calls.
struct ListenRow {
    std::uint32_t instance = 0;
    Endpoint local;
    std::uint32_t netns = 0;
    std::uint32_t acceptQueue = 0, acceptQueueLimit = 0; // gauges
    friend bool operator==(const ListenRow&, const ListenRow&) = default;
};

struct StatusCount {
    std::uint32_t status = 0; // string: "200", "OK", "ERR"; "" = broken off before a response
    std::uint64_t count = 0;
    friend bool operator==(const StatusCount&, const StatusCount&) = default;
};

/// Exchanges of one end and route that ended in this second.
struct RequestRow {
    std::uint32_t end = 0;
    std::uint32_t route = 0; // string: "GET /orders/{id}"
    std::uint64_t requests = 0, errors = 0;
    std::uint64_t reused = 0;                   // on a connection that had carried one before
    std::uint64_t requestBytes = 0, responseBytes = 0;
    std::vector<StatusCount> statuses;          // by status text
    Histogram latency;                          // ns, first request byte to last response byte
    Histogram firstByte;                        // ns, to the first response byte
    friend bool operator==(const RequestRow&, const RequestRow&) = default;
};

/// Unfinished exchanges of one end and route at the end of the second: a gauge.
struct OpenRow {
    std::uint32_t end = 0;
    std::uint32_t route = 0;
    std::uint64_t count = 0;
    Nanoseconds oldestAge{};
    friend bool operator==(const OpenRow&, const OpenRow&) = default;
};

/// The oldest unfinished exchanges themselves (at most 256 a batch).
struct OpenExchangeRow {
    std::uint32_t end = 0;
    std::uint32_t route = 0;
    EntityKey connection;
    UtcTime startedAt{};
    std::uint32_t thread = 0; // tid on the reporting host, 0 = unknown
    friend bool operator==(const OpenExchangeRow&, const OpenExchangeRow&) = default;
};

/// Connects of one end that have waited for their answer for a second or longer, at the end of the second: a gauge.
struct PendingConnectRow {
    std::uint32_t end = 0;     // a client's, its protocol left Unknown
    std::uint64_t count = 0;
    Nanoseconds oldestAge{};
    std::uint32_t synSent = 0; // by the one of them that sent most
    friend bool operator==(const PendingConnectRow&, const PendingConnectRow&) = default;
};

struct ErrnoCount {
    std::uint32_t error = 0; // errno of Linux
    std::uint64_t count = 0;
    friend bool operator==(const ErrnoCount&, const ErrnoCount&) = default;
};

/// TCP of one end (its protocol left Unknown) in this second.  nullopt = not collected.
struct TcpRow {
    std::uint32_t end = 0;
    std::uint64_t opened = 0, closed = 0;
    std::uint64_t active = 0;                   // gauge at the end of the second
    UtcTime activeAt{};                         // roll-ups: when `active` was read; zero = at the end of the range
    std::vector<ErrnoCount> failed;             // connects that came to nothing
    std::uint64_t bytesSent = 0, bytesReceived = 0; // payload, once each
    std::uint64_t payloadLost = 0;              // bytes whose record was lost, both directions
    std::uint64_t payloadUnseen = 0;            // bytes in no readable buffer, both directions
    std::optional<std::uint64_t> segmentsOut, segmentsIn, retransmitsOut, retransmitsIn, synRetransmits, outOfOrder;
    std::optional<std::uint64_t> resetsSent, resetsReceived, zeroWindows, zeroWindowNs;
    Histogram connectTime;                      // ns
    Histogram rtt, rttVariance;                 // ns, one value a sampled connection
    Histogram lifetime;                         // ns, of those that closed
    friend bool operator==(const TcpRow&, const TcpRow&) = default;
};

/// One connection that was open in this second or closed in it (at most 4,096 a batch, the busiest first).
struct ConnectionRow {
    EntityKey connection;
    std::uint32_t end = 0;
    std::uint16_t localPort = 0, remotePort = 0; // both real ports
    std::uint32_t pid = 0;                       // 0 = unknown
    std::uint8_t state = 0;                      // TCP_* of the kernel
    bool existed = false;                        // older than the agent
    UtcTime openedAt{};
    UtcTime closedAt{};                          // zero while open
    std::uint64_t bytesSent = 0, bytesReceived = 0;              // whole life, equal to `ss -tin`
    std::uint64_t captured = 0, payloadLost = 0, payloadUnseen = 0; // since first seen, both directions
    Nanoseconds rtt{}, rttVariance{};
    std::uint64_t requests = 0;                  // whole life
    friend bool operator==(const ConnectionRow&, const ConnectionRow&) = default;
};

struct EventRow {
    UtcTime at{};
    EventKind kind = EventKind::ProcessExec;
    std::uint32_t subject = kNone; // entity
    std::uint32_t detail = kNone;  // string
    friend bool operator==(const EventRow&, const EventRow&) = default;
};

struct LossRow {
    Loss loss = Loss::DataRingFull;
    std::uint64_t count = 0;
    std::uint32_t end = kNone; // when it is known whose data it was
    friend bool operator==(const LossRow&, const LossRow&) = default;
};

/// What was there and was never understood.
struct CoverageRow {
    std::uint32_t subject = kNone; // entity
    std::uint32_t what = 0;        // string: payload_unseen, unknown_protocol, tls_not_opened, spans_sampled, roles_unknown …
    std::uint64_t part = 0, whole = 0; // share = part ÷ whole of what was NOT understood; unit by `what`
    std::uint32_t advice = kNone;  // string
    friend bool operator==(const CoverageRow&, const CoverageRow&) = default;
};

/// An address that leads to a service, whether or not an agent sees the other end: a ClusterIP, node port or load balancer with its
/// port, or a pod's own address.  The agent that knows says all of them now and then, and anew when one changes.
/// Of an inventory also without an address (unspecified): the service exists; with a name: that Kubernetes Service leads to it on `port`.
struct AddressRow {
    Endpoint address;              // port 0: every port
    std::uint32_t service = kNone; // entity
    std::uint32_t name = kNone;    // string: namespace/name of the Kubernetes Service; none for a pod's own address
    UtcTime saidAt{};              // roll-ups: when it was last said; zero = at the end of the range
    friend bool operator==(const AddressRow&, const AddressRow&) = default;
};

/// Of a gateway's merged second (core/analysis/merge.h): a host whose second is in it, or is missing.
struct HostRow {
    std::uint32_t host = 0;     // entity; its key is the agent's
    Nanoseconds told{};         // of the range; zero: it is missing
    std::uint32_t why = kNone;  // string: why it is missing
    friend bool operator==(const HostRow&, const HostRow&) = default;
};

/// Of a merged second: instances of a service on a host.
struct InstanceCountRow {
    std::uint32_t service = 0;  // entity
    std::uint32_t host = 0;     // entity
    std::uint32_t alive = 0;    // 0 = the last one ended in this second; roll-ups: the most at one time
    friend bool operator==(const InstanceCountRow&, const InstanceCountRow&) = default;
};

/// The agent about itself, in this second.
struct AgentHealth {
    Nanoseconds cpu{};
    std::uint64_t residentBytes = 0, mapBytes = 0, bufferMemoryBytes = 0, bufferDiskBytes = 0;
    std::uint64_t records = 0, exchanges = 0; // from the kernel; finished
    std::uint32_t ringFillPermille = 0;       // the worst seen
    std::uint32_t budgetStep = 0;             // 0 = everything, 1 = sampled spans, 2 = counters only
    Nanoseconds uptime{};
    std::uint32_t readers = 0;
    friend bool operator==(const AgentHealth&, const AgentHealth&) = default;
};

/// One exchange with its evidence (design §5): the detail chunk.
struct Span {
    std::uint64_t id = 0;        // of this end of the exchange; hash of connection and position
    std::uint32_t end = 0;
    std::uint32_t route = 0;     // string
    std::uint32_t status = 0;    // string
    bool error = false;
    UtcTime start{};
    Nanoseconds firstByte{};     // after start
    Nanoseconds duration{};
    EntityKey connection;
    std::uint32_t requestThread = 0, responseThread = 0;
    std::uint64_t requestCoroutine = 0, responseCoroutine = 0; // 0 = none
    std::uint32_t requestSequence = 0, responseSequence = 0;   // TCP sequence of the first byte: the same at both ends
    std::uint64_t requestBytes = 0, responseBytes = 0;
    std::uint64_t correlation = 0;                             // stream or correlation id of the protocol, 0 = none
    std::array<std::uint8_t, 16> traceId{};                    // traceparent, zero = none
    std::array<std::uint8_t, 8> parentSpanId{};
    std::uint64_t requestIdHash = 0;                           // x-request-id, 0 = none
    friend bool operator==(const Span&, const Span&) = default;
};

/// Total order of what one agent ever said.  `epoch` rises with each start of the agent, `sequence` with each batch.
struct BatchKey {
    EntityKey agent;
    std::uint32_t epoch = 0;
    std::uint64_t sequence = 0;
    friend constexpr auto operator<=>(const BatchKey&, const BatchKey&) = default;
};

enum class ChunkKind : std::uint8_t { Overview = 1, Detail = 2 };
inline constexpr std::array kChunkKinds{ChunkKind::Overview, ChunkKind::Detail};

struct Overview {
    std::vector<PresenceRow> presence;
    std::vector<ListenRow> listening;
    std::vector<RequestRow> requests;
    std::vector<OpenRow> open;
    std::vector<OpenExchangeRow> openExchanges;
    std::vector<PendingConnectRow> pendingConnects;
    std::vector<TcpRow> tcp;
    std::vector<ConnectionRow> connections;
    std::vector<EventRow> events;
    std::vector<LossRow> losses;
    std::vector<CoverageRow> coverage;
    std::vector<AddressRow> addresses;
    std::vector<HostRow> hosts;              // a merged second's only, as is …
    std::vector<InstanceCountRow> instances;
    AgentHealth health;
};

struct Detail {
    std::vector<Span> spans;
};

/// One second of one host.  A chunk that was not asked for, or not kept, is absent: that is not the same as empty.
struct Batch {
    BatchKey key;
    TimeRange range;          // one UTC-aligned second, shorter after a clock step; roll-ups: 10 s, 1 min, 10 min
    ClockAnchor anchor;
    std::shared_ptr<const Dictionary> dictionary; // of this batch; indexes of rows point into it
    std::optional<Overview> overview;
    std::optional<Detail> detail;
};

/// A time for which nothing can be said: the agent was down, the reader was away too long, the file is damaged.
struct Gap {
    EntityKey agent;
    TimeRange range;
    Loss reason = Loss::AgentGap;
    std::string what; // for a person
};

/// Who speaks: said once in the handshake and once in a file.
struct AgentIdentity {
    EntityKey agent;         // = hostKey: one agent a host
    std::string host;        // name
    std::string bootId;
    std::string version;     // of the program
    std::string kernel;      // release
    std::uint32_t epoch = 0;
    std::string captureSource; // socket | syscall; kInventorySource: nothing is captured
    friend bool operator==(const AgentIdentity&, const AgentIdentity&) = default;
};

/// The captureSource of one who observes nothing and tells what a cluster's API lists: its presence rows are hearsay, and what an agent
/// says of the same thing goes before it.
inline constexpr const char* kInventorySource = "inventory";
inline bool isInventory(const AgentIdentity& agent) { return agent.captureSource == kInventorySource; }

/// The captureSource of a gateway that adds up what its agents say: it has no host of its own, and its batches name theirs (HostRow).
inline constexpr const char* kMergedSource = "merged";
inline bool isMerged(const AgentIdentity& agent) { return agent.captureSource == kMergedSource; }

} // namespace binnacle::telemetry
