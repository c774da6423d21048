// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/base/cancellation.h"
#include "core/base/platform/environment.h"
#include "core/base/result.h"

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

namespace binnacle::platform {

/// The first file of that name which may be run, in a list as PATH has it.  Empty and relative entries are passed over: what lies in the current
/// folder is never run by a bare name.
std::optional<std::filesystem::path> findProgram(std::string_view name, std::string_view pathList);

/// A regular file that this user may run.
bool isProgram(const std::filesystem::path& file);

/// Whether standard input is a terminal, so that a program may ask the user something there.
bool standardInputIsTerminal();

struct LoginPath {
    std::string path;  // as PATH has it
    std::string shell; // that was asked
};

/// PATH as the user's login shell sets it.  A program that was started from a desktop has a shorter one.  Runs `$SHELL -lc …`, at most 5 s; the
/// caller keeps the answer.
Result<LoginPath> askLoginShellForPath(const Environment& environment, const Cancellation& cancellation);

} // namespace binnacle::platform
