// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/base/clocks.h"

#include <cstdint>

namespace binnacle::platform {

/// Of this process, as its own PID namespace numbers it.
std::uint32_t processId();

/// Whether a process of this number exists, whoever's it is.
bool isRunning(std::uint32_t process);

/// CPU time of this process since it began, all threads.
Nanoseconds ownCpuTime();

/// Memory of this process that is in RAM now.
std::uint64_t ownResidentBytes();

} // namespace binnacle::platform
