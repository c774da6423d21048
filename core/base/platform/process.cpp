// SPDX-License-Identifier: Apache-2.0
#include "core/base/platform/process.h"

#include <signal.h>
#include <unistd.h>

#include <cerrno>

namespace binnacle::platform {

std::uint32_t processId() { return static_cast<std::uint32_t>(::getpid()); }

bool isRunning(std::uint32_t process) { return process != 0 && (::kill(static_cast<pid_t>(process), 0) == 0 || errno == EPERM); }

} // namespace binnacle::platform
