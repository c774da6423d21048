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
    ClusterOptions clusters;         // as well
    RangeWish range;
    std::string where;
    Output output = Output::Text;
};
Result<void> runShow(const ShowCommand& command);

struct RecordCommand {
    std::vector<std::string> agents;
    ClusterOptions clusters;
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

/// `binnacle contexts`
struct ContextsCommand {
    std::string kubeconfig;
    Output output = Output::Text;
};
Result<void> runContexts(const ContextsCommand& command);

/// `binnacle diagnose`: fails when a step does; text comes step by step.
struct DiagnoseCommand {
    std::string context; // empty: the current one
    std::string agentNamespace = "binnacle";
    std::string kubeconfig;
    std::string from;    // empty: all
    Output output = Output::Text;
};
Result<void> runDiagnose(const DiagnoseCommand& command);

} // namespace binnacle::desktop
