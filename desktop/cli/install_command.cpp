// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/base/clocks.h"
#include "desktop/cli/install_commands.h"
#include "desktop/cli/install_text.h"
#include "desktop/cli/sources.h"
#include "desktop/cli/terminal.h"

#include <chrono>
#include <cstdio>

namespace binnacle::desktop {

namespace {

using Mode = InstallCommand::Mode;

void say(const std::string& text)
{
    std::fputs(text.c_str(), stderr);
    std::fflush(stderr);
}

void print(const std::string& text)
{
    std::fputs(text.c_str(), stdout);
    std::fflush(stdout);
}

Result<std::chrono::milliseconds> patienceOf(const std::string& text)
{
    const auto duration = parseDuration(text);
    if (!duration || *duration <= Nanoseconds{})
        return failure(ErrorCode::Invalid, "--timeout: `" + text + "` is no duration; write 30s, 5m or 1h30m");
    return std::chrono::duration_cast<std::chrono::milliseconds>(*duration);
}

Result<void> printManifests(const kube::InstallOptions& options)
{
    const auto manifests = kube::agentManifests(options);
    if (!manifests)
        return std::unexpected(manifests.error());
    print(kube::toYaml(*manifests));
    return {};
}

/// The sentence after which the exit status is 1.
Result<void> resultOf(const AgentSetup::Followed& followed, const std::string& nameSpace)
{
    using End = kube::Rollout::End;
    const kube::Rollout& rollout = followed.rollout;
    if (rollout.end == End::Complete && followed.unseen) {
        say("Installed; that data arrive here could not be seen: " + followed.unseen->what + '\n');
        return {};
    }
    if (rollout.end == End::Complete) {
        say("Installed, and every agent answers from here. `binnacle --context …` shows the cluster.\n");
        return {};
    }
    const std::string state = "everything is applied in namespace " + nameSpace + "; `binnacle status` shows how it goes on, `binnacle uninstall` takes it away";
    if (rollout.end == End::Cancelled)
        return failure(ErrorCode::Cancelled, "stopped waiting: " + state);
    if (rollout.end == End::Stuck)
        return failure(ErrorCode::Unavailable, "the agents above will not get on by themselves: mend what is said there and run the same command again; " + state);
    return failure(ErrorCode::Unavailable, "not all agents collect after --timeout: " + state);
}

Result<void> follow(AgentSetup& setup, const kube::InstallPlan& plan, std::chrono::milliseconds patience, const std::string& nameSpace)
{
    kube::Rollout before;
    const auto followed = setup.follow(plan, patience, [&before](const kube::Rollout& now) {
        say(progressText(now, before));
        before = now;
    });
    if (!followed)
        return std::unexpected(followed.error());
    if (followed->rollout.end != kube::Rollout::End::Complete)
        say(rolloutText(followed->rollout));
    return resultOf(*followed, nameSpace);
}

/// One of the three commands, on the cluster that it names, until it is done or Ctrl-C is pressed.
Result<void> runOn(const ClusterWish& cluster, const std::function<Result<void>(AgentSetup&)>& command)
{
    const Cancellation cancellation;
    const CancelOnSignal guard(cancellation);
    const auto setup = AgentSetup::open(clusterOpener(terminalRuntime()), cluster, cancellation);
    return setup ? command(**setup) : std::unexpected(setup.error());
}

Result<void> install(AgentSetup& setup, const kube::InstallOptions& options, Mode mode, std::chrono::milliseconds patience)
{
    const auto plan = setup.planInstall(options);
    if (!plan)
        return std::unexpected(plan.error());
    if (!plan->missing.empty()) {
        print(missingText(plan->missing));
        return failure(ErrorCode::Denied, "you may not install in " + setup.words() + "; what is missing stands above, and nothing was changed");
    }
    print("In " + setup.words() + ":\n" + planText(*plan));
    if (mode == Mode::Preview)
        return {};
    if (plan->changesNothing())
        say("Nothing to change.\n");
    else if (mode == Mode::Ask && !isConfirmed("Apply this?"))
        return failure(ErrorCode::Cancelled, "not confirmed, nothing was changed; --yes applies without asking");
    BN_TRY(setup.apply(*plan, [](const kube::ObjectChange& change) {
        say((change.kind == kube::ObjectChange::Kind::Remove ? "  removed " : "  applied ") + change.object.words() + '\n');
    }));
    return follow(setup, *plan, patience, options.nameSpace);
}

Result<void> status(AgentSetup& setup, Output output)
{
    const auto look = setup.look();
    if (!look)
        return std::unexpected(look.error());
    if (!look->mayListHosts)
        say("You may not list hosts: kernels, and hosts without an agent, are not shown.\n");
    print(output == Output::Json ? statusJson(look->installation, look->hosts, kube::installedVersion()) : statusText(look->installation, look->hosts));
    return {};
}

Result<void> uninstall(AgentSetup& setup, Mode mode, std::chrono::milliseconds patience)
{
    const auto plan = setup.planUninstall();
    if (!plan)
        return std::unexpected(plan.error());
    print("In " + setup.words() + ":\n" + uninstallText(*plan));
    if (plan->objects.empty()) {
        say("Nothing here was installed by `binnacle`.\n");
        return {};
    }
    if (mode == Mode::Preview)
        return {};
    if (mode == Mode::Ask && !isConfirmed("Delete this?"))
        return failure(ErrorCode::Cancelled, "not confirmed, nothing was deleted; --yes deletes without asking");
    const auto left = setup.uninstall(*plan, patience, [](const kube::ObjectName& object) { say("  gone: " + object.words() + '\n'); });
    if (!left)
        return std::unexpected(left.error());
    for (const kube::UninstallPlan::Kept& kept : *left)
        say("  left: " + kept.object.words() + ": " + kept.reason + '\n');
    if (!left->empty())
        return failure(ErrorCode::Unavailable, "not everything is gone; the same command again goes on");
    return {};
}

} // namespace

Result<void> runInstall(const InstallCommand& command)
{
    const auto options = optionsOf(command.wish);
    if (!options)
        return std::unexpected(options.error());
    if (command.mode == Mode::Print)
        return printManifests(*options);
    const auto patience = patienceOf(command.timeout);
    if (!patience)
        return std::unexpected(patience.error());
    ClusterWish cluster = command.cluster;
    cluster.agentNamespace = options->nameSpace;
    return runOn(cluster, [&](AgentSetup& setup) { return install(setup, *options, command.mode, *patience); });
}

Result<void> runStatus(const StatusCommand& command)
{
    return runOn(command.cluster, [&](AgentSetup& setup) { return status(setup, command.output); });
}

Result<void> runUninstall(const UninstallCommand& command)
{
    const auto patience = patienceOf(command.timeout);
    if (!patience)
        return std::unexpected(patience.error());
    return runOn(command.cluster, [&](AgentSetup& setup) { return uninstall(setup, command.mode, *patience); });
}

} // namespace binnacle::desktop
