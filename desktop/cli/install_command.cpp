// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/base/clocks.h"
#include "core/kube/install/installer.h"
#include "desktop/cli/cluster_session.h"
#include "desktop/cli/install_commands.h"
#include "desktop/cli/install_text.h"

#include <chrono>
#include <cstdio>
#include <optional>
#include <set>
#include <utility>

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

Result<void> readTolerations(const std::vector<std::string>& words, kube::InstallOptions& options)
{
    if (words.empty())
        return {};
    options.tolerations.emplace();
    for (const std::string& word : words) {
        if (word == "none")
            continue;
        const auto toleration = kube::parseToleration(word);
        if (!toleration)
            return std::unexpected(Error(toleration.error()).within("--tolerate"));
        options.tolerations->push_back(*toleration);
    }
    return {};
}

Result<void> readSelector(const std::vector<std::string>& words, kube::InstallOptions& options)
{
    for (const std::string& word : words) {
        const std::size_t equals = word.find('=');
        if (equals == 0 || equals == std::string::npos)
            return failure(ErrorCode::Invalid, "--node-selector is LABEL=VALUE, not `" + word + '`');
        options.nodeSelector[word.substr(0, equals)] = word.substr(equals + 1);
    }
    return {};
}

Result<void> readOptions(InstallCommand& command)
{
    BN_TRY(readTolerations(command.tolerate, command.options));
    BN_TRY(readSelector(command.nodeSelector, command.options));
    if (command.options.image.empty())
        command.options.image = kube::publishedImage();
    return kube::checkOptions(command.options);
}

Result<void> printManifests(const kube::InstallOptions& options)
{
    const auto manifests = kube::agentManifests(options);
    if (!manifests)
        return std::unexpected(manifests.error());
    print(kube::toYaml(*manifests));
    return {};
}

/// Whether the data of agents arrive here: Ready says no more than that an agent's own check has seen it collect.
class Arrivals {
public:
    Arrivals(ClusterSession& session, std::string nameSpace) : m_session(session), m_nameSpace(std::move(nameSpace)) {}

    Result<bool> hasArrived(const kube::InstalledAgent& agent)
    {
        if (m_mayNot || m_greeted.contains(agent.uid))
            return true;
        const auto greeted = m_session.greetAgent(m_nameSpace, agent.pod);
        if (!greeted && greeted.error().code == ErrorCode::Denied) { // whoever installs need not be who looks
            m_mayNot = greeted.error();
            return true;
        }
        if (!greeted)
            return std::unexpected(greeted.error());
        m_greeted.insert(agent.uid);
        return true;
    }
    const std::optional<Error>& mayNot() const { return m_mayNot; }

private:
    ClusterSession& m_session;
    const std::string m_nameSpace;
    std::set<std::string> m_greeted; // uids
    std::optional<Error> m_mayNot;
};

/// The sentence after which the exit status is 1.
Result<void> resultOf(const kube::Rollout& rollout, const std::string& nameSpace, const std::optional<Error>& mayNot)
{
    using End = kube::Rollout::End;
    if (rollout.end == End::Complete && mayNot) {
        say("Installed; that data arrive here could not be seen: " + mayNot->what + '\n');
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

Result<void> follow(kube::Installer& installer, const kube::InstallPlan& plan, std::chrono::milliseconds patience, ClusterSession& session,
                    const std::string& nameSpace)
{
    kube::Rollout before;
    Arrivals arrivals(session, nameSpace);
    const auto probe = [&arrivals](const kube::InstalledAgent& agent) { return arrivals.hasArrived(agent); };
    const auto rollout = installer.follow(plan, patience, probe, [&before](const kube::Rollout& now) {
        say(progressText(now, before));
        before = now;
    });
    if (!rollout)
        return std::unexpected(rollout.error());
    if (rollout->end != kube::Rollout::End::Complete)
        say(rolloutText(*rollout));
    return resultOf(*rollout, nameSpace, arrivals.mayNot());
}

} // namespace

Result<void> runInstall(InstallCommand command)
{
    BN_TRY(readOptions(command));
    if (command.mode == Mode::Print)
        return printManifests(command.options);
    const auto patience = patienceOf(command.timeout);
    if (!patience)
        return std::unexpected(patience.error());
    const Cancellation cancellation;
    const CancelOnSignal guard(cancellation);
    const auto session = ClusterSession::open(command.cluster, cancellation);
    if (!session)
        return std::unexpected(session.error());
    kube::Installer installer((*session)->api(), command.options, kube::realPace(cancellation), cancellation);
    const auto plan = installer.plan();
    if (!plan)
        return std::unexpected(plan.error());
    if (!plan->missing.empty()) {
        print(missingText(plan->missing));
        return failure(ErrorCode::Denied, "you may not install in " + (*session)->words() + "; what is missing stands above, and nothing was changed");
    }
    print("In " + (*session)->words() + ":\n" + planText(*plan));
    if (command.mode == Mode::Preview)
        return {};
    if (plan->changesNothing())
        say("Nothing to change.\n");
    else if (command.mode == Mode::Ask && !isConfirmed("Apply this?"))
        return failure(ErrorCode::Cancelled, "not confirmed, nothing was changed; --yes applies without asking");
    BN_TRY(installer.apply(*plan, [](const kube::ObjectName& object) { say("  applied " + object.words() + '\n'); }));
    return follow(installer, *plan, *patience, **session, command.options.nameSpace);
}

Result<void> runStatus(const StatusCommand& command)
{
    const Cancellation cancellation;
    const CancelOnSignal guard(cancellation);
    const auto session = ClusterSession::open(command.cluster, cancellation);
    if (!session)
        return std::unexpected(session.error());
    const auto installation = kube::readInstallation((*session)->api(), command.nameSpace);
    if (!installation)
        return std::unexpected(installation.error());
    const auto hosts = kube::readHosts((*session)->api());
    if (!hosts && hosts.error().code != ErrorCode::Denied)
        return std::unexpected(hosts.error());
    if (!hosts)
        say("You may not list hosts: kernels, and hosts without an agent, are not shown.\n");
    const auto statuses = hostStatuses(*installation, hosts.value_or(std::vector<kube::HostFactsOfNode>()), kube::installedVersion());
    print(command.output == Output::Json ? statusJson(*installation, statuses, kube::installedVersion()) : statusText(*installation, statuses));
    return {};
}

Result<void> runUninstall(const UninstallCommand& command)
{
    const auto patience = patienceOf(command.timeout);
    if (!patience)
        return std::unexpected(patience.error());
    const Cancellation cancellation;
    const CancelOnSignal guard(cancellation);
    const auto session = ClusterSession::open(command.cluster, cancellation);
    if (!session)
        return std::unexpected(session.error());
    kube::Uninstaller uninstaller((*session)->api(), command.nameSpace, kube::realPace(cancellation), cancellation);
    const auto plan = uninstaller.plan();
    if (!plan)
        return std::unexpected(plan.error());
    print("In " + (*session)->words() + ":\n" + uninstallText(*plan));
    if (plan->objects.empty()) {
        say("Nothing here was installed by `binnacle`.\n");
        return {};
    }
    if (command.mode == Mode::Preview)
        return {};
    if (command.mode == Mode::Ask && !isConfirmed("Delete this?"))
        return failure(ErrorCode::Cancelled, "not confirmed, nothing was deleted; --yes deletes without asking");
    const auto left = uninstaller.remove(*plan, *patience, [](const kube::ObjectName& object) { say("  gone: " + object.words() + '\n'); });
    if (!left)
        return std::unexpected(left.error());
    for (const kube::UninstallPlan::Kept& kept : *left)
        say("  left: " + kept.object.words() + ": " + kept.reason + '\n');
    if (!left->empty())
        return failure(ErrorCode::Unavailable, "not everything is gone; the same command again goes on");
    return {};
}

} // namespace binnacle::desktop
