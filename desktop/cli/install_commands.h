// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/base/result.h"
#include "desktop/cli/commands.h"
#include "desktop/ingest/agent_setup.h"

#include <functional>
#include <string>

namespace CLI {
class App;
}

/// `binnacle install | status | uninstall`: the agents in a cluster.
namespace binnacle::desktop {

struct InstallCommand {
    enum class Mode : std::uint8_t { Ask, Apply, Preview, Print }; // Print connects to nothing

    ClusterWish cluster; // its namespace is that of the options
    InstallWish wish;
    std::string timeout = "5m";
    Mode mode = Mode::Ask;
};
Result<void> runInstall(const InstallCommand& command);

struct StatusCommand {
    ClusterWish cluster;
    Output output = Output::Text;
};
Result<void> runStatus(const StatusCommand& command);

struct UninstallCommand {
    ClusterWish cluster;
    std::string timeout = "2m";
    InstallCommand::Mode mode = InstallCommand::Mode::Ask; // never Print
};
Result<void> runUninstall(const UninstallCommand& command);

/// Puts the three sub-commands into the program's.  `onChosen` gets the one that was named, to be run after parsing.
void addInstallCommands(CLI::App& app, std::function<void(std::function<Result<void>()>)> onChosen);

} // namespace binnacle::desktop
