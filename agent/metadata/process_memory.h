// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

namespace binnacle::agent {

/// Programs that show a title in `ps` (nginx, redis-server, postgres …) write it over /proc/PID/environ and keep their environment
/// elsewhere.  True when such a text begins with no `NAME=`.
bool isOverwrittenEnvironment(std::string_view environment);

/// The environment's entries that name a service, zero-separated, from where the program keeps them now: the pointers that the kernel
/// left on its first stack page (nginx moves the strings and updates these), else the C library's `environ` (redis-server sets each
/// variable anew).  Reads the process's memory and changes nothing; empty when it may not, or when there is none.
/// Limits: 64-bit little-endian programs, 1,024 variables.  Source: proc(5) `startstack`; System V ABI, "Process Initialization".
std::string serviceEntriesFromMemory(const std::filesystem::path& process, std::uint64_t startStack);

} // namespace binnacle::agent
