// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/base/result.h"

#include <filesystem>
#include <functional>

namespace binnacle::desktop {

/// Lets `copy` write beside `to` and puts it there when it is whole: what stood there before is lost only then.
Result<void> saveCopy(const std::filesystem::path& to, const std::function<Result<void>(const std::filesystem::path&)>& copy);

} // namespace binnacle::desktop
