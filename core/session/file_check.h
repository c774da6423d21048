// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/base/result.h"
#include "core/session/session_writer.h"

#include <cstdint>
#include <filesystem>

/// What a path is, before SQLite sees it: the sentences for a person are made here.
namespace binnacle::session {

struct SourceFacts {
    std::uint64_t bytes = 0;
    bool isCut = false; // shorter than its header says
};

/// Is this a session that can be tried?
Result<SourceFacts> checkSource(const std::filesystem::path& file);

/// Makes room for a new session at this path, or says why not.
Result<void> prepareTarget(const std::filesystem::path& file, WriterOptions::IfExists ifExists);

Error unwritable(const std::filesystem::path& file, const std::string& why);

} // namespace binnacle::session
