// SPDX-License-Identifier: Apache-2.0
#include "agent/app/own_cost.h"

namespace binnacle::agent {
namespace {

constexpr int kSecondsOver = 3;
constexpr int kSecondsCalm = 10;
constexpr std::uint32_t kLastStep = 2;

} // namespace

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
