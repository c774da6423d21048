// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/session/database.h"

#include <cstdint>

namespace binnacle::session {

/// `binnacle_session_version` of files that this program writes: the number of migrations.
inline constexpr int kSessionVersion = 1;
/// application_id of SQLite's header (offset 68): "BNCL".
inline constexpr std::uint32_t kApplicationId = 0x424e434c;
inline constexpr std::uint32_t kPageSize = 65536;

/// Brings a new or older file to kSessionVersion; one transaction a step.  A newer file is Unsupported.
Result<void> migrate(Database& database);

} // namespace binnacle::session
