// SPDX-License-Identifier: Apache-2.0
#include "core/base/platform/private_folder.h"

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <string>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

namespace binnacle::platform {
namespace {

constexpr std::size_t kLongest = 80; // of the folder's path: a socket's may have 107 bytes

bool isOursAlone(const std::string& folder)
{
    struct stat facts{};
    return ::stat(folder.c_str(), &facts) == 0 && S_ISDIR(facts.st_mode) && facts.st_uid == ::geteuid() && (facts.st_mode & 077) == 0;
}

std::string parentFolder()
{
    const char* runtime = std::getenv("XDG_RUNTIME_DIR");
    if (runtime && *runtime == '/' && std::strlen(runtime) < kLongest / 2 && isOursAlone(runtime))
        return runtime;
    const char* temporary = std::getenv("TMPDIR");
    return temporary && *temporary == '/' && std::strlen(temporary) < kLongest / 2 ? temporary : "/tmp";
}

constexpr std::string_view kPattern = "-XXXXXX";
constexpr std::time_t kFresh = 60; // seconds between making a folder and locking it, at most

/// The lock is the kernel's and ends with its process, whichever namespace numbers that.
NativeSocket lockFolder(const std::string& path)
{
    NativeSocket folder(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    return folder && ::flock(static_cast<int>(folder.get()), LOCK_EX | LOCK_NB) == 0 ? std::move(folder) : NativeSocket();
}

bool isAbandoned(const std::string& path)
{
    struct stat facts{};
    return ::lstat(path.c_str(), &facts) == 0 && S_ISDIR(facts.st_mode) && isOursAlone(path) && facts.st_mtime + kFresh < std::time(nullptr) && lockFolder(path);
}

void removeAbandoned(const std::string& parent, std::string_view name)
{
    std::error_code ignored;
    for (const auto& entry : std::filesystem::directory_iterator(parent, ignored)) {
        const std::string other = entry.path().filename().string();
        if (other.starts_with(name) && other.size() == name.size() + kPattern.size() && other[name.size()] == '-' && isAbandoned(entry.path().string()))
            std::filesystem::remove_all(entry.path(), ignored);
    }
}

} // namespace

Result<std::shared_ptr<PrivateFolder>> PrivateFolder::create(std::string_view name)
{
    const std::string parent = parentFolder();
    removeAbandoned(parent, name);
    std::string path = parent + "/" + std::string(name) + std::string(kPattern);
    if (path.size() > kLongest)
        return failure(ErrorCode::Invalid, path + " is too long for sockets; set TMPDIR to a shorter path");
    if (!::mkdtemp(path.data())) // made 0700, and by us: nobody can have prepared it
        return failure(ErrorCode::Unavailable, "no private folder can be made at " + path + ": " + std::strerror(errno));
    return std::shared_ptr<PrivateFolder>(new PrivateFolder(path, lockFolder(path)));
}

PrivateFolder::~PrivateFolder()
{
    std::error_code ignored;
    std::filesystem::remove_all(m_path, ignored);
}

} // namespace binnacle::platform
