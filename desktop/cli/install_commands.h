// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/base/result.h"
#include "core/kube/install/agent_manifests.h"
#include "desktop/cli/commands.h"

#include <functional>
#include <string>
#include <vector>

namespace CLI {
class App;
}

/// `binnacle install | status | uninstall`: the agents in a cluster.
namespace binnacle::desktop {

/// Which cluster, as the command line says it.
struct ClusterChoice {
    std::string kubeconfig; // empty: KUBECONFIG, else the home folder's
    std::string context;    // empty: the current one
};

struct InstallCommand {
    enum class Mode : std::uint8_t { Ask, Apply, Preview, Print }; // Print connects to nothing

    ClusterChoice cluster;
    kube::InstallOptions options;
    std::vector<std::string> tolerate;     // as written
    std::vector<std::string> nodeSelector; // LABEL=VALUE
    std::string timeout = "5m";
    Mode mode = Mode::Ask;
};
Result<void> runInstall(InstallCommand command);

struct StatusCommand {
    ClusterChoice cluster;
    std::string nameSpace = "binnacle";
    Output output = Output::Text;
};
Result<void> runStatus(const StatusCommand& command);

struct UninstallCommand {
    ClusterChoice cluster;
    std::string nameSpace = "binnacle";
    std::string timeout = "2m";
    InstallCommand::Mode mode = InstallCommand::Mode::Ask; // never Print
};
Result<void> runUninstall(const UninstallCommand& command);

/// Puts the three sub-commands into the program's.  `onChosen` gets the one that was named, to be run after parsing.
void addInstallCommands(CLI::App& app, std::function<void(std::function<Result<void>()>)> onChosen);

} // namespace binnacle::desktop
