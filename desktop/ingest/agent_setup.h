// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/kube/install/host_status.h"
#include "core/kube/install/installer.h"
#include "core/kube/install/uninstaller.h"
#include "desktop/ingest/cluster_session.h"

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace binnacle::desktop {

/// What a person says about an installation, lists as they are written.
struct InstallWish {
    kube::InstallOptions options;          // its namespace is the agents'; without an image the one that this build knows
    std::vector<std::string> tolerate;     // KEY, KEY=VALUE, either with :EFFECT, `all`, `none`; empty: every taint
    std::vector<std::string> nodeSelector; // LABEL=VALUE
};
/// Checked; an error names the option as the command line has it.
Result<kube::InstallOptions> optionsOf(const InstallWish& wish);

/// The agents of one cluster: installed, looked at, taken away.  The command line and the window both go by these steps and only show them each in
/// its own way.
///
/// Owns the session.  Blocks: never on the UI thread; one thread at a time.
class AgentSetup {
public:
    struct Followed {
        kube::Rollout rollout;
        std::optional<Error> unseen; // whoever installs need not be who looks: why no agent was greeted
    };
    struct Look {
        kube::Installation installation;
        std::vector<kube::HostStatus> hosts;
        bool mayListHosts = true;
    };

    static Result<std::unique_ptr<AgentSetup>> open(const ClusterOpener& open, const ClusterWish& wish, Cancellation cancellation);

    std::string words() const { return m_session->words(); }

    /// Changes nothing.  The namespace of the options is that of the wish.
    Result<kube::InstallPlan> planInstall(kube::InstallOptions options);
    /// Of the latest plan.
    Result<void> apply(const kube::InstallPlan& plan, const std::function<void(const kube::ObjectChange&)>& onDone);
    /// Until data of each agent have arrived here, nothing more will happen, or time is up.
    Result<Followed> follow(const kube::InstallPlan& plan, std::chrono::milliseconds patience, const std::function<void(const kube::Rollout&)>& onProgress);

    Result<Look> look();

    Result<kube::UninstallPlan> planUninstall();
    Result<std::vector<kube::UninstallPlan::Kept>> uninstall(const kube::UninstallPlan& plan, std::chrono::milliseconds patience,
                                                             const std::function<void(const kube::ObjectName&)>& onGone);

private:
    AgentSetup(std::unique_ptr<ClusterSession> session, std::string nameSpace, Cancellation cancellation);
    Result<bool> hasArrived(const kube::InstalledAgent& agent);

    const std::unique_ptr<ClusterSession> m_session;
    const std::string m_nameSpace;
    const Cancellation m_cancellation;
    std::optional<kube::Installer> m_installer; // of the latest plan
    kube::Uninstaller m_uninstaller;
    std::set<std::string> m_greeted; // uids
    std::optional<Error> m_mayNotGreet;
};

} // namespace binnacle::desktop
