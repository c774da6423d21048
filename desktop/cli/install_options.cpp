// SPDX-License-Identifier: GPL-3.0-or-later
#include "desktop/cli/install_commands.h"

#include <CLI/CLI.hpp>

#include <memory>

namespace binnacle::desktop {

namespace {

using Mode = InstallCommand::Mode;
using Chosen = std::function<void(std::function<Result<void>()>)>;

void addCluster(CLI::App& app, ClusterWish& cluster, std::string& nameSpace)
{
    app.add_option("--context", cluster.context, "a context of the kubeconfig; left out: the current one");
    app.add_option("--kubeconfig", cluster.kubeconfig, "left out: KUBECONFIG, else .kube/config of the home folder");
    app.add_option("-n,--namespace", nameSpace, "the agents' own namespace")->capture_default_str();
}

void addImage(CLI::App& install, kube::InstallOptions& options)
{
    install.add_option("--image", options.image, "the agent's image, as your registry or mirror has it");
    install.add_option("--image-pull-secret", options.pullSecrets, "a Secret of the namespace with the registry's password; may be given several times")->take_all();
    install.add_option("--image-pull-policy", options.pullPolicy, "Always, IfNotPresent or Never")->capture_default_str();
}

void addShape(CLI::App& install, InstallCommand& command)
{
    kube::InstallOptions& options = command.wish.options;
    install.add_option("--buffer-memory", options.bufferMemory, "memory of each agent's rolling buffer")->capture_default_str();
    install.add_option("--buffer-disk", options.bufferDisk, "disk of each agent's rolling buffer")->capture_default_str();
    install.add_option("--buffer-folder", options.bufferFolder, "a folder of the hosts for it, which outlives the pods; left out: an emptyDir");
    install.add_option("--node-selector", command.wish.nodeSelector, "only hosts with LABEL=VALUE; may be given several times")->take_all();
    install.add_option("--tolerate", command.wish.tolerate,
                       "taints to put agents on in spite of: KEY, KEY=VALUE, either with :EFFECT, `all` or `none`; left out: all")->take_all();
    install.add_option("--priority-class", options.priorityClass, "one that exists, such as system-node-critical; left out: our own, which never preempts");
    install.add_option("--seccomp", options.seccompProfile, "RuntimeDefault or Localhost/FILE; left out: Unconfined");
    install.add_flag_callback("--hardened-kernels", [&options] { options.kernels = kube::InstallOptions::Kernels::Hardened; },
                              "hosts with kernel.perf_event_paranoid above 2: adds SYS_ADMIN");
    install.add_flag_callback("--old-kernels", [&options] { options.hasOldKernels = true; }, "hosts with kernels 5.8 to 5.10: adds SYS_RESOURCE; found by itself");
    install.add_flag_callback("--gateway", [&options] { options.hasGateway = true; }, "one way in to all agents, for clusters of more than 50 hosts");
    install.add_flag_callback("--openshift", [&options] { options.distribution = kube::InstallOptions::Distribution::OpenShift; },
                              "adds SecurityContextConstraints; found by itself");
}

void addInstall(CLI::App& app, const Chosen& onChosen)
{
    CLI::App* install = app.add_subcommand("install", "put the agents into a cluster, or bring them to these options");
    const auto command = std::make_shared<InstallCommand>();
    addCluster(*install, command->cluster, command->wish.options.nameSpace);
    addImage(*install, command->wish.options);
    addShape(*install, *command);
    install->add_option("--timeout", command->timeout, "how long to wait for the agents, such as 5m")->capture_default_str();
    auto* print = install->add_flag_callback("--print", [command] { command->mode = Mode::Print; }, "print the manifests and connect to nothing");
    auto* preview = install->add_flag_callback("--dry-run", [command] { command->mode = Mode::Preview; }, "say what would be done and change nothing");
    auto* yes = install->add_flag_callback("-y,--yes", [command] { command->mode = Mode::Apply; }, "do not ask");
    print->excludes(preview)->excludes(yes);
    preview->excludes(yes);
    install->callback([command, onChosen] { onChosen([command] { return runInstall(*command); }); });
}

void addStatus(CLI::App& app, const Chosen& onChosen)
{
    CLI::App* status = app.add_subcommand("status", "the agents of a cluster: versions, kernels, which collect");
    const auto command = std::make_shared<StatusCommand>();
    addCluster(*status, command->cluster, command->cluster.agentNamespace);
    status->add_flag_callback("--json", [command] { command->output = Output::Json; }, "as JSON, stable over versions");
    status->callback([command, onChosen] { onChosen([command] { return runStatus(*command); }); });
}

void addUninstall(CLI::App& app, const Chosen& onChosen)
{
    CLI::App* uninstall = app.add_subcommand("uninstall", "take away what `install` made");
    const auto command = std::make_shared<UninstallCommand>();
    addCluster(*uninstall, command->cluster, command->cluster.agentNamespace);
    uninstall->add_option("--timeout", command->timeout, "how long to wait until everything is gone")->capture_default_str();
    auto* preview = uninstall->add_flag_callback("--dry-run", [command] { command->mode = Mode::Preview; }, "say what would go and change nothing");
    auto* yes = uninstall->add_flag_callback("-y,--yes", [command] { command->mode = Mode::Apply; }, "do not ask");
    preview->excludes(yes);
    uninstall->callback([command, onChosen] { onChosen([command] { return runUninstall(*command); }); });
}

} // namespace

void addInstallCommands(CLI::App& app, Chosen onChosen)
{
    addInstall(app, onChosen);
    addStatus(app, onChosen);
    addUninstall(app, onChosen);
}

} // namespace binnacle::desktop
