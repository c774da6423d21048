// SPDX-License-Identifier: Apache-2.0
#include "core/base/platform/files.h"

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>

namespace binnacle::platform {

Result<std::string> readFile(const std::filesystem::path& file, std::size_t limit)
{
    const auto close = [](std::FILE* f) { std::fclose(f); };
    const std::unique_ptr<std::FILE, decltype(close)> stream(std::fopen(file.string().c_str(), "rb"), close);
    if (!stream) {
        const int problem = errno;
        const ErrorCode code = problem == ENOENT || problem == ESRCH ? ErrorCode::NotFound
                               : problem == EACCES || problem == EPERM ? ErrorCode::Denied
                                                                       : ErrorCode::Unavailable;
        return failure(code, file.string() + ": " + std::strerror(problem));
    }
    std::string text;
    char block[8192];
    while (text.size() < limit) {
        const std::size_t got = std::fread(block, 1, std::min(sizeof block, limit - text.size()), stream.get());
        if (got == 0)
            break;
        text.append(block, got);
    }
    return text;
}

} // namespace binnacle::platform
