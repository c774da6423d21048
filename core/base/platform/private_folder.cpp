// SPDX-License-Identifier: Apache-2.0
#include "core/base/platform/private_folder.h"

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <string>

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

} // namespace

Result<std::shared_ptr<PrivateFolder>> PrivateFolder::create(std::string_view name)
{
    std::string path = parentFolder() + "/" + std::string(name) + "-XXXXXX";
    if (path.size() > kLongest)
        return failure(ErrorCode::Invalid, path + " is too long for sockets; set TMPDIR to a shorter path");
    if (!::mkdtemp(path.data())) // made 0700, and by us: nobody can have prepared it
        return failure(ErrorCode::Unavailable, "no private folder can be made at " + path + ": " + std::strerror(errno));
    return std::shared_ptr<PrivateFolder>(new PrivateFolder(path));
}

PrivateFolder::~PrivateFolder()
{
    std::error_code ignored;
    std::filesystem::remove_all(m_path, ignored);
}

} // namespace binnacle::platform
