// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/base/result.h"

#include <filesystem>

namespace binnacle::platform {

/// Where this user's programs keep what should survive a restart and is no setting: $XDG_STATE_HOME or ~/.local/state.
/// Without a home, the folder for temporary files.  Not made.  Source: XDG Base Directory Specification 0.8.
std::filesystem::path userStateFolder();

/// Makes `folder` with its parents; nobody but its owner may look into it.  Refuses one that belongs to somebody else.
Result<void> ensurePrivateFolder(const std::filesystem::path& folder);

} // namespace binnacle::platform
