// SPDX-License-Identifier: GPL-3.0-or-later
#include "desktop/workspace/save_copy.h"

#include <system_error>

namespace binnacle::desktop {

Result<void> saveCopy(const std::filesystem::path& to, const std::function<Result<void>(const std::filesystem::path&)>& copy)
{
    std::filesystem::path part = to;
    part += ".part";
    std::error_code failed;
    std::filesystem::remove(part, failed); // left by an attempt that was cut off
    if (auto copied = copy(part); !copied) {
        std::filesystem::remove(part, failed);
        return copied;
    }
    std::filesystem::rename(part, to, failed);
    if (failed)
        return failure(ErrorCode::Denied, to.string() + " was not written: " + failed.message() + ". Choose another folder.");
    return {};
}

} // namespace binnacle::desktop
