// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "desktop/viewmodels/setup_tables.h"
#include "desktop/viewmodels/setup_words.h"
#include "desktop/workspace/setup_run.h"

#include <QObject>

#include <optional>
#include <vector>

namespace binnacle::desktop {

/// What a window shows of the agents of a cluster.
struct SetupReport {
    SetupVerdict verdict;
    std::vector<PermissionRow> permissions;
    std::vector<ObjectRow> objects;
    std::vector<SetupHostRow> hosts;
    QString hostsTitle;
    QString text, textTitle; // to copy: the role that is missing, last words of agents
    int done = 0, total = 0; // of what is being changed; 0 of 0: unknown
    friend bool operator==(const SetupReport&, const SetupReport&) = default;
};

/// Installing, looking at and taking away agents, step by step: what may be done now, and what came of it.
///
/// Nothing in a cluster is changed but by change(), and that only after a preview of exactly this.  Thread: UI; the work is SetupRun's.
class SetupModel : public QObject {
    Q_OBJECT
public:
    enum class Task { Install, Status, Uninstall };
    enum class Phase {
        Asking,   // nothing was asked of the cluster yet
        Looking,
        Previewed, // change() does it
        Refused,  // rights are missing
        Changing,
        Done,     // of Install: the window may connect
        Failed,
    };

    explicit SetupModel(ClusterOpener opener, QObject* parent = nullptr);

    /// Another one forgets what was found; not while something is being changed.
    void setCluster(const ClusterWish& cluster);
    void setTask(Task task);
    const ClusterWish& cluster() const { return m_cluster; }
    Task task() const { return m_task; }
    Phase phase() const { return m_phase; }
    const SetupReport& report() const { return m_report; }
    bool isRunning() const { return m_run.isRunning(); }
    /// The preview says that there is something to do.
    bool changesSomething() const { return m_changesSomething; }

    /// Of Install: what this user may do and what would change.
    void check(const InstallWish& wish);
    /// Of the other two: what there is.
    void look();
    void change();
    void cancel();
    /// To the questions of Install.
    void back();

    /// Every object of an installation, for whoever has to apply them; connects to nothing.
    static Result<QString> manifests(const InstallWish& wish, const ClusterWish& cluster);

Q_SIGNALS:
    void changed();

private:
    void begin(Phase phase, SetupVerdict verdict);
    void listen();
    void takePlan(const kube::InstallPlan& plan, const QString& cluster);
    void takeProgress(const kube::Rollout& rollout);
    void takeEnd(const AgentSetup::Followed& end);
    void takeLook(const AgentSetup::Look& look, const QString& cluster);
    void takeUninstallPlan(const kube::UninstallPlan& plan, const QString& cluster);
    void takeLeft(const std::vector<kube::UninstallPlan::Kept>& left);
    void takeError(const Error& error);
    void end();
    QString nameSpace() const { return QString::fromStdString(m_cluster.agentNamespace); }

    ClusterWish m_cluster;
    Task m_task = Task::Install;
    Phase m_phase = Phase::Asking;
    SetupReport m_report;
    kube::InstallPlan m_plan; // of Previewed, for the hosts of its progress
    bool m_changesSomething = false;
    SetupRun m_run;
};

} // namespace binnacle::desktop
