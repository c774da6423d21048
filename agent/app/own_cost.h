// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/base/clocks.h"

#include <cstdint>

namespace binnacle::agent {

/// Steps down when the agent costs too much, and up again when it is calm: 0 = everything, 1 = a tenth of the spans,
/// 2 = counters only.  A step down after three seconds over the budget or with data lost, a step up after ten calm ones.
/// Pure; thread: one.
class Budget {
public:
    explicit Budget(double cpuShare) : m_cpuShare(cpuShare) {}

    /// One second's cost; returns the step from now on.
    std::uint32_t note(Nanoseconds cpu, Nanoseconds passed, bool lostData);
    std::uint32_t step() const { return m_step; }

private:
    double m_cpuShare; // of one core
    std::uint32_t m_step = 0;
    int m_over = 0, m_calm = 0;
};

} // namespace binnacle::agent
