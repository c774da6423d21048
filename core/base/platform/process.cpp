// SPDX-License-Identifier: Apache-2.0
#include "core/base/platform/process.h"

#include "core/base/platform/files.h"

#include <signal.h>
#include <time.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>

namespace binnacle::platform {

std::uint32_t processId() { return static_cast<std::uint32_t>(::getpid()); }

bool isRunning(std::uint32_t process) { return process != 0 && (::kill(static_cast<pid_t>(process), 0) == 0 || errno == EPERM); }

Nanoseconds ownCpuTime()
{
    timespec used{};
    ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
    return std::chrono::seconds(used.tv_sec) + Nanoseconds(used.tv_nsec);
}

std::uint64_t ownResidentBytes()
{
    const auto statm = readFile("/proc/self/statm", 256);
    unsigned long resident = 0;
    if (!statm || std::sscanf(statm->c_str(), "%*u %lu", &resident) != 1)
        return 0;
    return resident * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
}

} // namespace binnacle::platform
