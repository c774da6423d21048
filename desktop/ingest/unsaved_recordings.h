// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/base/result.h"

#include <cstdint>
#include <filesystem>
#include <vector>

namespace binnacle::desktop {

/// What a window records before it is saved lies in a folder that only its user can read, as `PID-N.binnacle`.  A window that ends in
/// order takes its files away; what a crash or kill -9 left is found by the number of a process that is no more.

/// Of a new recording.  Makes the folder.
Result<std::filesystem::path> unsavedRecordingPath();

struct UnsavedRecording {
    std::filesystem::path file;
    std::uint64_t bytes = 0;
    std::filesystem::file_time_type changed{};
};

/// Left by programs that run no more, latest first.  Looks at names only.
std::vector<UnsavedRecording> findUnsavedRecordings();

/// With its journal.
void removeRecording(const std::filesystem::path& file);

} // namespace binnacle::desktop
