// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace binnacle::platform {

/// Of this process, as its own PID namespace numbers it.
std::uint32_t processId();

/// Whether a process of this number exists, whoever's it is.
bool isRunning(std::uint32_t process);

} // namespace binnacle::platform
