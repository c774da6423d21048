// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "agent/app/clock_watch.h"
#include "agent/app/drain_pace.h"
#include "agent/app/own_cost.h"
#include "core/telemetry/batch.h"

#include <chrono>
#include <cstdint>
#include <functional>
#include <mutex>
#include <utility>
#include <vector>

namespace binnacle::agent {

class BatchKeeper;
class Collector;
class ProbeSet;
class RollingBuffer;

/// The agent's one busy thread: drains the rings every 1 to 15 ms (DrainPace) or when they fill, samples the sockets once a second and
/// seals each UTC-aligned second a little after its end.
///
/// Owns nothing that it works on.  A wall clock that was set closes the batch at once (Loss::ClockStep); a process that was
/// stopped for more than 10 s goes on with the present second (Loss::AgentGap).
/// Thread: run() on the drain thread; readerCame and readerGone from any.
class DrainLoop {
public:
    struct Parts {
        ProbeSet& probes;
        Collector& collector;
        BatchKeeper& keeper;
        RollingBuffer& buffer;
        std::function<std::uint32_t()> readers;
    };
    /// `first` is the second that the collector was told to begin with, by `anchor`.
    DrainLoop(Parts parts, TimeRange first, ClockAnchor anchor, double cpuShare);

    /// Until `stopFd` is readable; then the open second is sealed as far as it got.
    void run(int stopFd);

    void readerCame(std::uint32_t pid) { noteReader(pid, true); }
    void readerGone(std::uint32_t pid) { noteReader(pid, false); }

private:
    bool drain();
    void watchClock();
    void sealIfDue();
    void sealUntil(UtcTime end);
    void fillHealth(telemetry::Batch& batch);
    void noteReader(std::uint32_t pid, bool came);
    void applyReaders();

    Parts m_parts;
    ClockWatch m_clock;
    Budget m_budget;
    DrainPace m_pace;
    TimeRange m_second;
    std::vector<telemetry::LossRow> m_losses; // for the next batch
    Nanoseconds m_cpuBefore{};
    HostTime m_began, m_sealedAt;
    std::chrono::steady_clock::time_point m_roundAt{};
    std::mutex m_readersMutex;
    std::vector<std::pair<std::uint32_t, bool>> m_readers; // guarded by m_readersMutex
};

} // namespace binnacle::agent
