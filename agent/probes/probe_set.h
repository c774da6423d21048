// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "agent/events/events.h"
#include "agent/probes/probe_plan.h"
#include "core/base/thread_bound.h"

#include <array>
#include <cstdint>
#include <memory>
#include <unordered_set>
#include <vector>

namespace binnacle::agent {

class DataRings;
class KernelObject;
class RingReader;
class SampleDesk;

/// What the kernel side counted since it was loaded, all CPUs together.
struct ProbeCounters {
    std::uint64_t dataRingFullBytes = 0, dataRingFullRecords = 0;
    std::uint64_t lifecycleRingFull = 0;
    std::uint64_t connectionMapFull = 0;
    std::uint64_t payloadFaultBytes = 0, payloadUnseenBytes = 0;
    std::uint64_t dataRecords = 0, lifecycleRecords = 0;
};

/// The agent's senses: all eBPF programs of one run, and the way from their records to an EventSink.
///
/// Owns everything in the kernel; with its end (or the process's, however it ends) nothing remains there.
/// Thread: one, asserted: drain() every few milliseconds and when pollFd() is readable, sample() once a second.
/// When it cannot keep up, the rings fill; what found no room is counted in the kernel and told by sample() as lost().
class ProbeSet final : public CaptureControl {
public:
    /// Loads, attaches, then finds what exists already: those connections and listeners reach `sink` before this returns.
    static Result<std::unique_ptr<ProbeSet>> create(const ProbeOptions& options, EventSink& sink);
    ~ProbeSet() override;

    /// One round: opened and owned connections and processes, then data, then the closes of the round before, whose data is
    /// complete by now.  Returns the number of records.
    std::size_t drain(EventSink& sink);

    /// Drains until nothing is left, closes included, or until it is clear that the load will not pause.
    void drainAll(EventSink& sink);

    /// A SocketSample for each live connection and listener, a ConnectPending for each connect() that has waited for a second, and the
    /// losses since the last call.
    void sample(EventSink& sink);

    void setVerdict(ConnectionId connection, Verdict verdict) override;

    /// Leaves out another process, such as a desktop on this host, as the agent itself is left out.
    Result<void> ignoreProcess(ProcessId process);
    void stopIgnoring(ProcessId process);

    /// Readable when a ring fills faster than it is drained.
    int pollFd() const { return m_pollFd; }

    ProbeCounters counters() const;
    const ProbePlan& plan() const { return m_plan; }
    const KernelFacts& facts() const { return m_facts; }
    std::size_t mapBytes() const;           // eBPF maps, as the kernel accounts for them
    std::size_t trackedSockets() const;     // rows of the connection map
    std::size_t ringBytes() const;          // of the data rings together
    std::uint32_t takeRingFillPermille();   // the fullest that a data ring was found since the last call

private:
    ProbeSet(KernelFacts facts, ProbePlan plan);
    Result<void> openRings();
    void openDesk();
    void findExisting(EventSink& sink);
    void deliverLifecycle(ByteView record, EventSink& sink);
    void deliverKept(EventSink& sink);
    void reportLosses(EventSink& sink);

    KernelFacts m_facts;
    ProbePlan m_plan;
    std::unique_ptr<KernelObject> m_kernel;
    std::unique_ptr<DataRings> m_data;
    std::unique_ptr<RingReader> m_lifecycle;
    std::unique_ptr<SampleDesk> m_desk; // when Hook::SocketSamples is used
    std::vector<std::vector<std::uint8_t>> m_closesNow;  // seen in this round
    std::vector<std::vector<std::uint8_t>> m_closesKept; // seen before: their data is drained when this round's is
    std::unordered_set<std::uint32_t> m_ignored;
    ProbeCounters m_reported;
    std::uint64_t m_mostWaiting = 0; // bytes in the fullest data ring, since takeRingFillPermille()
    void* m_verdicts = nullptr; // mapped bn_verdict_slot[BN_VERDICT_SLOTS]
    int m_pollFd = -1;
    ThreadBound m_thread;
};

} // namespace binnacle::agent
