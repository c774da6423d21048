// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "desktop/ingest/agent_setup.h"
#include "desktop/workspace/cancellable_run.h"

#include <QObject>
#include <QString>

#include <functional>
#include <memory>
#include <vector>

namespace binnacle::desktop {

/// Works on the agents of one cluster, a job at a time on a thread of its own, and tells its news here.
///
/// What only looks is let go of when it is cancelled: it tells nothing any more.  What changes the cluster ends at the next step instead and still
/// says how far it came.  Nobody waits for a thread.  Thread: UI.
class SetupRun : public QObject {
    Q_OBJECT
public:
    explicit SetupRun(ClusterOpener opener, QObject* parent = nullptr);
    ~SetupRun() override = default; // cancels

    /// Change nothing.
    void planInstall(const ClusterWish& cluster, const kube::InstallOptions& options);
    void planUninstall(const ClusterWish& cluster);
    void look(const ClusterWish& cluster);
    /// What the latest plan says; without one, nothing.
    void install();
    void uninstall();

    void cancel();
    bool isRunning() const { return m_run.isRunning(); }

Q_SIGNALS:
    void planned(const binnacle::kube::InstallPlan& plan, const QString& cluster);
    void applied(const binnacle::kube::ObjectChange& change);
    void progressed(const binnacle::kube::Rollout& rollout);
    void followed(const binnacle::desktop::AgentSetup::Followed& end);
    void looked(const binnacle::desktop::AgentSetup::Look& look, const QString& cluster);
    void uninstallPlanned(const binnacle::kube::UninstallPlan& plan, const QString& cluster);
    void gone(const binnacle::kube::ObjectName& object);
    void uninstalled(const std::vector<binnacle::kube::UninstallPlan::Kept>& left);
    void failed(const binnacle::Error& error);
    void ended(); // after the last news of a job, or when it was let go of

private:
    using Job = CancellableRun<SetupRun>::Job;
    using Setup = std::shared_ptr<AgentSetup>;
    void startLook(const ClusterWish& cluster, std::function<Result<void>(const Setup&, const Job&)> work);
    void startChange(std::function<Result<void>(const Job&)> work);
    void start(std::function<Result<void>(const Job&)> work);

    const ClusterOpener m_opener;
    bool m_isChange = false; // what runs
    // Of the latest plan.  Used by one job at a time, which holds them.
    Setup m_setup;
    Cancellation m_cancellation; // of m_setup
    std::shared_ptr<const kube::InstallPlan> m_install;
    std::shared_ptr<const kube::UninstallPlan> m_uninstall;
    CancellableRun<SetupRun> m_run{this};
};

} // namespace binnacle::desktop
