// SPDX-License-Identifier: GPL-3.0-or-later
#include "desktop/ingest/agent_setup.h"

#include <utility>

namespace binnacle::desktop {

namespace {

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

} // namespace

Result<kube::InstallOptions> optionsOf(const InstallWish& wish)
{
    kube::InstallOptions options = wish.options;
    BN_TRY(readTolerations(wish.tolerate, options));
    BN_TRY(readSelector(wish.nodeSelector, options));
    if (options.image.empty())
        options.image = kube::publishedImage();
    BN_TRY(kube::checkOptions(options));
    return options;
}

AgentSetup::AgentSetup(std::unique_ptr<ClusterSession> session, std::string nameSpace, Cancellation cancellation)
    : m_session(std::move(session)), m_nameSpace(std::move(nameSpace)), m_cancellation(std::move(cancellation)),
      m_uninstaller(m_session->api(), m_nameSpace, kube::realPace(m_cancellation), m_cancellation)
{
}

Result<std::unique_ptr<AgentSetup>> AgentSetup::open(const ClusterOpener& open, const ClusterWish& wish, Cancellation cancellation)
{
    auto session = open(wish, cancellation);
    if (!session)
        return std::unexpected(std::move(session).error());
    return std::unique_ptr<AgentSetup>(new AgentSetup(std::move(*session), wish.agentNamespace, std::move(cancellation)));
}

Result<kube::InstallPlan> AgentSetup::planInstall(kube::InstallOptions options)
{
    options.nameSpace = m_nameSpace;
    return m_installer.emplace(m_session->api(), std::move(options), kube::realPace(m_cancellation), m_cancellation).plan();
}

Result<void> AgentSetup::apply(const kube::InstallPlan& plan, const std::function<void(const kube::ObjectChange&)>& onDone)
{
    return m_installer->apply(plan, onDone);
}

/// Ready says no more than that an agent's own check has seen it collect.
Result<bool> AgentSetup::hasArrived(const kube::InstalledAgent& agent)
{
    if (m_mayNotGreet || m_greeted.contains(agent.uid))
        return true;
    const auto greeted = m_session->greetAgent(m_nameSpace, agent.pod);
    if (!greeted && greeted.error().code == ErrorCode::Denied) {
        m_mayNotGreet = greeted.error();
        return true;
    }
    if (!greeted)
        return std::unexpected(greeted.error());
    m_greeted.insert(agent.uid);
    return true;
}

Result<AgentSetup::Followed> AgentSetup::follow(const kube::InstallPlan& plan, std::chrono::milliseconds patience, const std::function<void(const kube::Rollout&)>& onProgress)
{
    auto rollout = m_installer->follow(plan, patience, [this](const kube::InstalledAgent& agent) { return hasArrived(agent); }, onProgress);
    if (!rollout)
        return std::unexpected(std::move(rollout).error());
    return Followed{std::move(*rollout), m_mayNotGreet};
}

Result<AgentSetup::Look> AgentSetup::look()
{
    auto installation = kube::readInstallation(m_session->api(), m_nameSpace);
    if (!installation)
        return std::unexpected(std::move(installation).error());
    const auto hosts = kube::readHosts(m_session->api());
    if (!hosts && hosts.error().code != ErrorCode::Denied)
        return std::unexpected(hosts.error());
    Look look{std::move(*installation), {}, hosts.has_value()};
    look.hosts = kube::hostStatuses(look.installation, hosts.value_or(std::vector<kube::HostFactsOfNode>()), kube::installedVersion());
    return look;
}

Result<kube::UninstallPlan> AgentSetup::planUninstall() { return m_uninstaller.plan(); }

Result<std::vector<kube::UninstallPlan::Kept>> AgentSetup::uninstall(const kube::UninstallPlan& plan, std::chrono::milliseconds patience,
                                                                     const std::function<void(const kube::ObjectName&)>& onGone)
{
    return m_uninstaller.remove(plan, patience, onGone);
}

} // namespace binnacle::desktop
