// SPDX-License-Identifier: Apache-2.0
#include "agent/app/own_cost.h"

#include "core/base/platform/files.h"

#include <cstdio>
#include <time.h>
#include <unistd.h>

namespace binnacle::agent {
namespace {

constexpr int kSecondsOver = 3;
constexpr int kSecondsCalm = 10;
constexpr std::uint32_t kLastStep = 2;

} // namespace

Nanoseconds ownCpuTime()
{
    timespec used{};
    ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
    return std::chrono::seconds(used.tv_sec) + Nanoseconds(used.tv_nsec);
}

std::uint64_t ownResidentBytes()
{
    const auto statm = platform::readFile("/proc/self/statm", 256);
    unsigned long resident = 0;
    if (!statm || std::sscanf(statm->c_str(), "%*u %lu", &resident) != 1)
        return 0;
    return resident * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
}

std::uint32_t Budget::note(Nanoseconds cpu, Nanoseconds passed, bool lostData)
{
    const bool isOver = lostData || static_cast<double>(cpu.count()) > m_cpuShare * static_cast<double>(passed.count());
    m_over = isOver ? m_over + 1 : 0;
    m_calm = isOver ? 0 : m_calm + 1;
    if (m_over >= kSecondsOver && m_step < kLastStep) {
        ++m_step;
        m_over = 0;
    }
    if (m_calm >= kSecondsCalm && m_step > 0) {
        --m_step;
        m_calm = 0;
    }
    return m_step;
}

} // namespace binnacle::agent
