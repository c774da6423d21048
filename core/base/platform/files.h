// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/base/result.h"

#include <filesystem>
#include <string>

namespace binnacle::platform {

/// The whole file, up to `limit` bytes; works for /proc files, whose size reads 0.
Result<std::string> readFile(const std::filesystem::path& file, std::size_t limit = 16u << 20);

} // namespace binnacle::platform
