// SPDX-License-Identifier: GPL-3.0-or-later
#include "desktop/ingest/unsaved_recordings.h"

#include "core/base/platform/folders.h"
#include "core/base/platform/process.h"

#include <algorithm>
#include <atomic>
#include <charconv>
#include <string>

namespace binnacle::desktop {
namespace {

constexpr const char* kEnding = ".binnacle";

std::filesystem::path folder() { return platform::userStateFolder() / "binnacle" / "recordings"; }

/// The process in `PID-N.binnacle`; 0 when it is no such name.
std::uint32_t writerOf(const std::filesystem::path& file)
{
    const std::string name = file.filename().string();
    std::uint32_t process = 0;
    const auto [end, problem] = std::from_chars(name.data(), name.data() + name.size(), process);
    return problem == std::errc{} && *end == '-' && file.extension() == kEnding ? process : 0;
}

} // namespace

Result<std::filesystem::path> unsavedRecordingPath()
{
    static std::atomic<int> count{0};
    BN_TRY(platform::ensurePrivateFolder(folder()));
    return folder() / (std::to_string(platform::processId()) + '-' + std::to_string(++count) + kEnding);
}

std::vector<UnsavedRecording> findUnsavedRecordings()
{
    std::vector<UnsavedRecording> found;
    std::error_code none;
    for (const auto& entry : std::filesystem::directory_iterator(folder(), none)) {
        const std::uint32_t writer = writerOf(entry.path());
        if (writer == 0 || platform::isRunning(writer))
            continue;
        std::error_code gone;
        UnsavedRecording recording{entry.path(), entry.file_size(gone), entry.last_write_time(gone)};
        // The journal holds what was not yet moved into the file.
        const auto journal = std::filesystem::file_size(entry.path().string() + "-wal", none);
        recording.bytes += none ? 0 : journal;
        if (!gone)
            found.push_back(std::move(recording));
    }
    std::sort(found.begin(), found.end(), [](const auto& a, const auto& b) { return a.changed > b.changed; });
    return found;
}

void removeRecording(const std::filesystem::path& file)
{
    std::error_code ignored;
    for (const char* ending : {"", "-wal", "-shm"})
        std::filesystem::remove(file.string() + ending, ignored);
}

} // namespace binnacle::desktop
