// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "agent/events/events.h"
#include "agent/metadata/conntrack/nat_lookup.h"
#include "core/telemetry/batch.h"

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

namespace binnacle::agent {

class ClusterKnowledgeSource;

/// What the probes see goes in, one batch a second comes out: the agent's whole way from event to telemetry.
///
/// Owns the process table, the connection table with a parser a connection, and the rows of the open second.
/// Thread: the drain thread only (asserted).  It never blocks but for short reads of /proc when a program is first met.
/// When it cannot keep up or the bounds of design §2 are reached, rows go to `other` with exact totals, spans are sampled
/// (coverage `spans_sampled`), and every reason is counted in the batch.
///
/// Use: Collector, begin(), setCaptureControl(); ProbeSet::create() calls watching(); then in a loop drain the probes, drained(); each second
/// sample the sockets, then seal() a little after the second's end.
class Collector final : public EventSink {
public:
    struct Options {
        EntityKey agent;                  // = telemetry::hostKey(machineId, bootId)
        std::uint32_t epoch = 1;          // rises with each start of the agent
        std::uint64_t firstSequence = 1;  // of the first batch of this epoch
        std::string bootId;
        std::string hostName;             // until Kubernetes says another
        ProcessId self;                   // whose workload is not told of; 0 = none
        std::uint32_t spansPerSecond = 2'000;
        std::filesystem::path procRoot = "/proc";
    };

    /// `capture` is not owned and outlives this; may be null until the probes stand.
    explicit Collector(Options options, CaptureControl* capture = nullptr);
    ~Collector() override;
    Collector(const Collector&) = delete;
    Collector& operator=(const Collector&) = delete;

    void setCaptureControl(CaptureControl* capture);
    /// What Kubernetes says is looked at once a second.  Not owned, outlives this; null: no Kubernetes.
    void setClusterKnowledge(ClusterKnowledgeSource* source);
    /// Who tells where translated connections really go; not owned, outlives this, may be null.  Before the first event.
    void setNatLookup(NatLookup* lookup);
    /// What is not known for as long as the program runs, said in every batch beside what setNatLookup()'s says at the moment.
    void setLimits(std::vector<KnowledgeLimit> limits);
    /// Reads every process that /proc shows.  Once, after the hooks are attached: a program that starts in between is told by its event.
    void seedProcesses();
    void watching() override { seedProcesses(); }
    /// The first second that will be sealed: from here on an exchange counts in the second in which it ended.
    void begin(TimeRange first, ClockAnchor anchor);
    /// Neither this process nor its connections are told of: the agent itself, a desktop on the same host.
    void ignoreProcess(ProcessId pid);
    /// Nor connections to where the agent itself listens; without an address: to that port of any.
    void ignoreEndpoint(NetworkNamespace netns, const Endpoint& endpoint);

    /// The probes' rings were emptied once: what waited for an event of the other ring is now settled.
    void drained();

    /// Closes the second: everything that ended before `range.to` (by `anchor`) and was not yet in a batch.
    /// `overview.health` has records and exchanges set; the caller fills in the rest.
    telemetry::Batch seal(TimeRange range, ClockAnchor anchor);

    /// An event of the host or the agent itself (AgentStarted, ClockStep …) for the next batch.
    void note(HostTime at, EventKind kind, std::string detail);
    /// 0 = everything, 1 = a tenth of the spans, 2 = no spans.
    void setBudgetStep(std::uint32_t step);

    std::uint64_t recordsSinceStart() const;
    std::uint64_t exchangesSinceStart() const;
    std::size_t openConnections() const;

    void on(const ConnectionOpened& event) override;
    void on(const ConnectionOwned& event) override;
    void on(const ConnectionClosed& event) override;
    void on(const ConnectFailed& event) override;
    void on(const ListenStarted& event) override;
    void on(const ListenEnded& event) override;
    void on(const ProcessForked& event) override;
    void on(const ProcessExeced& event) override;
    void on(const ProcessExited& event) override;
    void expect(ConnectionId id) override;
    void on(const DataChunk& event) override;
    void on(const SocketSample& event) override;
    void on(const ConnectPending& event) override;
    void lost(Loss loss, std::uint64_t count) override;

private:
    class Impl;
    std::unique_ptr<Impl> m_impl;
};

} // namespace binnacle::agent
