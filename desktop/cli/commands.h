// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "desktop/cli/show_json.h"
#include "desktop/cli/sources.h"

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

/// The sub-commands themselves; what the words on the command line were is in command_line.cpp.  Each prints what was asked for to
/// stdout, or returns the sentence for stderr.
namespace binnacle::desktop {

enum class Output { Text, Json };

struct ShowCommand {
    ShowWhat what = ShowWhat::Map;
    std::optional<std::filesystem::path> file;
    std::vector<std::string> agents; // when there is no file
    RangeWish range;
    std::string where;
    Output output = Output::Text;
};
Result<void> runShow(const ShowCommand& command);

struct RecordCommand {
    std::vector<std::string> agents;
    std::string duration = "30s";
    std::string last; // empty: nothing before
    std::filesystem::path file;
};
Result<void> runRecord(const RecordCommand& command);

struct InfoCommand {
    std::filesystem::path file;
    Output output = Output::Text;
};
Result<void> runInfo(const InfoCommand& command);

} // namespace binnacle::desktop
