// SPDX-License-Identifier: Apache-2.0
#include "agent/app/drain_loop.h"

#include "agent/aggregation/collector.h"
#include "agent/app/batch_keeper.h"
#include "agent/buffer/rolling_buffer.h"
#include "agent/probes/probe_set.h"
#include "core/base/platform/process.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <sys/epoll.h>
#include <unistd.h>
#include <utility>

namespace binnacle::agent {
namespace {

constexpr Nanoseconds kRound = DrainPace::kLongest; // the collector's rounds, in which it counts how long to wait for what belongs together
constexpr Nanoseconds kSealAfter = std::chrono::milliseconds(40); // two rounds: what ended in the second has been drained
constexpr Nanoseconds kStopped = std::chrono::seconds(10);

/// Sleeps for a while, or until a ring passes its fill mark, or until it is time to stop.
class Waiter {
public:
    Waiter(int probes, int stop) : m_epoll(::epoll_create1(EPOLL_CLOEXEC))
    {
        // Edge-triggered: a ring with something in it is no reason to wake up, only the kernel's mark is.
        add(probes, EPOLLIN | EPOLLET);
        add(m_stop = stop, EPOLLIN);
    }
    ~Waiter() { ::close(m_epoll); }
    Waiter(const Waiter&) = delete;
    Waiter& operator=(const Waiter&) = delete;

    /// False when it is time to stop.
    bool wait(std::chrono::milliseconds atMost)
    {
        std::array<epoll_event, 2> events{};
        const int count = ::epoll_wait(m_epoll, events.data(), static_cast<int>(events.size()), static_cast<int>(atMost.count()));
        return std::none_of(events.begin(), events.begin() + std::max(0, count), [this](const epoll_event& e) { return e.data.fd == m_stop; });
    }

private:
    void add(int descriptor, std::uint32_t what)
    {
        epoll_event event{};
        event.events = what;
        event.data.fd = descriptor;
        ::epoll_ctl(m_epoll, EPOLL_CTL_ADD, descriptor, &event);
    }
    int m_epoll;
    int m_stop = -1;
};

} // namespace

DrainLoop::DrainLoop(Parts parts, TimeRange first, ClockAnchor anchor, double cpuShare)
    : m_parts(std::move(parts)), m_clock(anchor), m_budget(cpuShare), m_second(first), m_cpuBefore(platform::ownCpuTime()), m_began(anchor.host), m_sealedAt(anchor.host)
{
    m_parts.collector.note(m_clock.anchor().host, EventKind::AgentStarted, "version " BINNACLE_VERSION);
}

void DrainLoop::run(int stopFd)
{
    Waiter waiter(m_parts.probes.pollFd(), stopFd);
    while (waiter.wait(m_pace.sleep())) {
        applyReaders();
        if (!drain())
            continue;
        m_parts.collector.drained();
        watchClock();
        sealIfDue();
    }
    m_parts.probes.drainAll(m_parts.collector);
    m_parts.collector.drained();
    sealUntil(readClocks().utc);
}

/// Whether it is time for what is done every 15 ms or so, however short the rounds are.
bool DrainLoop::drain()
{
    const auto began = std::chrono::steady_clock::now();
    m_parts.probes.drain(m_parts.collector);
    const auto ended = std::chrono::steady_clock::now();
    m_pace.note(ended - began);
    if (ended - m_roundAt < kRound - m_pace.sleep() / 2) // the nearest to it, so that two of them fit into kSealAfter
        return false;
    m_roundAt = ended;
    return true;
}

void DrainLoop::watchClock()
{
    const ClockAnchor before = m_clock.anchor();
    const ClockAnchor now = readClocks();
    const auto step = m_clock.look(now);
    if (!step)
        return;
    // The second ends where the old clock stood; the next one begins where the new clock stands.
    const UtcTime end = std::clamp(before.toUtc(now.host), m_second.from + Nanoseconds(1), m_second.to);
    telemetry::Batch batch = m_parts.collector.seal({m_second.from, end}, before);
    batch.overview->losses.push_back({Loss::ClockStep, 1, telemetry::kNone});
    fillHealth(batch);
    m_parts.keeper.push(std::move(batch));
    m_second = secondFrom(now.utc);
    m_parts.collector.note(now.host, EventKind::ClockStep, std::to_string(step->count() / 1'000'000) + " ms");
}

void DrainLoop::sealIfDue()
{
    const UtcTime now = m_clock.anchor().utc;
    if (now - m_second.to > kStopped) {
        sealUntil(m_second.to);
        m_losses.push_back({Loss::AgentGap, 1, telemetry::kNone});
        m_second = {std::chrono::floor<std::chrono::seconds>(now), std::chrono::floor<std::chrono::seconds>(now) + std::chrono::seconds(1)};
        return;
    }
    while (now >= m_second.to + kSealAfter)
        sealUntil(m_second.to);
}

void DrainLoop::sealUntil(UtcTime end)
{
    if (end <= m_second.from)
        return;
    m_parts.probes.sample(m_parts.collector);
    telemetry::Batch batch = m_parts.collector.seal({m_second.from, end}, m_clock.anchor());
    fillHealth(batch);
    m_parts.keeper.push(std::move(batch));
    m_second = secondFrom(end);
}

void DrainLoop::fillHealth(telemetry::Batch& batch)
{
    telemetry::Overview& overview = *batch.overview;
    const auto lost = m_parts.keeper.takeLosses();
    overview.losses.insert(overview.losses.end(), lost.begin(), lost.end());
    overview.losses.insert(overview.losses.end(), m_losses.begin(), m_losses.end());
    m_losses.clear();

    const HostTime now = m_clock.anchor().host;
    const Nanoseconds cpu = platform::ownCpuTime();
    const BufferStats buffer = m_parts.buffer.stats();
    telemetry::AgentHealth& health = overview.health;
    health.cpu = cpu - std::exchange(m_cpuBefore, cpu);
    health.residentBytes = platform::ownResidentBytes();
    health.mapBytes = m_parts.probes.mapBytes();
    health.ringFillPermille = m_parts.probes.takeRingFillPermille();
    health.bufferMemoryBytes = buffer.memoryBytes;
    health.bufferDiskBytes = buffer.diskBytes;
    health.uptime = now - m_began;
    health.readers = m_parts.readers();
    const bool lostData = std::ranges::any_of(overview.losses, [](const telemetry::LossRow& row) { return row.loss == Loss::DataRingFull; });
    health.budgetStep = m_budget.note(health.cpu, now - std::exchange(m_sealedAt, now), lostData);
    m_parts.collector.setBudgetStep(health.budgetStep);
}

void DrainLoop::noteReader(std::uint32_t pid, bool came)
{
    const std::lock_guard lock(m_readersMutex);
    m_readers.emplace_back(pid, came);
}

void DrainLoop::applyReaders()
{
    std::vector<std::pair<std::uint32_t, bool>> readers;
    {
        const std::lock_guard lock(m_readersMutex);
        readers.swap(m_readers);
    }
    for (const auto& [pid, came] : readers) {
        if (!came) {
            m_parts.probes.stopIgnoring(ProcessId{pid});
            continue;
        }
        m_parts.collector.ignoreProcess(ProcessId{pid});
        if (auto ignored = m_parts.probes.ignoreProcess(ProcessId{pid}); !ignored)
            m_parts.collector.note(m_clock.anchor().host, EventKind::AgentStarted, ignored.error().what);
    }
}

} // namespace binnacle::agent
