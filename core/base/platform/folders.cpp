// SPDX-License-Identifier: Apache-2.0
#include "core/base/platform/folders.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <string>

namespace binnacle::platform {

std::filesystem::path userStateFolder()
{
    if (const char* state = std::getenv("XDG_STATE_HOME"); state && *state == '/')
        return state;
    if (const char* home = std::getenv("HOME"); home && *home == '/')
        return std::filesystem::path(home) / ".local/state";
    std::error_code ignored;
    return std::filesystem::temp_directory_path(ignored) / ("binnacle-" + std::to_string(::getuid()));
}

Result<void> ensurePrivateFolder(const std::filesystem::path& folder)
{
    std::error_code problem;
    std::filesystem::create_directories(folder, problem);
    struct stat found {};
    if (::lstat(folder.c_str(), &found) != 0 || !S_ISDIR(found.st_mode))
        return failure(ErrorCode::Denied, "the folder " + folder.string() + " cannot be made" + (problem ? " (" + problem.message() + ")" : std::string())
                                              + "; make it, or free its name");
    if (found.st_uid != ::getuid())
        return failure(ErrorCode::Denied, "the folder " + folder.string() + " belongs to another user; set XDG_STATE_HOME to a folder of yours");
    if ((found.st_mode & 077) != 0 && ::chmod(folder.c_str(), 0700) != 0)
        return failure(ErrorCode::Denied, "the folder " + folder.string() + " can be read by others and that cannot be changed; set XDG_STATE_HOME");
    return {};
}

} // namespace binnacle::platform
