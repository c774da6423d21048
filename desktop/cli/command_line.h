// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/base/result.h"
#include "desktop/ingest/target.h"

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

/// `binnacle …` without a display: every sub-command, and what the window is to open when there is none.
namespace binnacle::desktop {

/// `binnacle [FILE…] [--agent …] [--context …] [--at TIME] [--layout NAME]`
struct WindowOptions {
    std::vector<std::filesystem::path> files;
    std::vector<std::string> agents; // as written; Target::parse() takes them
    std::vector<std::string> contexts; // of the kubeconfig
    std::string agentNamespace = "binnacle";
    std::string kubeconfig;            // empty: the usual places
    FleetReading fleet = FleetReading::Auto; // of the contexts' gateways
    std::optional<std::string> at;   // a TIME of contracts.md
    std::optional<std::string> layout;
};

/// `binnacle screenshot FILE --page map …`; the values are as written, whoever draws checks page and theme.
struct ScreenshotRequest {
    std::filesystem::path file, output;
    std::string page;
    std::optional<std::string> at;
    int width = 1600, height = 1000; // logical pixels
    std::string theme = "dark";      // dark, light
    int scale = 1;                   // 1, 2
};

/// What needs Qt and is lent by desktop/app.
struct CommandLineHooks {
    std::function<Result<void>(const ScreenshotRequest&)> screenshot;
};

struct CommandLineOutcome {
    std::optional<int> exitStatus; // nothing: open the window
    WindowOptions window;
};

/// Parses and does it.  Prints to stdout what was asked for and to stderr sentences; 0 done, 1 it failed, 2 wrong usage.
/// Blocks until done; any thread, once a process.
CommandLineOutcome runCommandLine(int argc, char** argv, const CommandLineHooks& hooks = {});

} // namespace binnacle::desktop
