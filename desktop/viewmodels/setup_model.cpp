// SPDX-License-Identifier: GPL-3.0-or-later
#include "desktop/viewmodels/setup_model.h"

#include "desktop/viewmodels/figures.h"

#include <utility>

namespace binnacle::desktop {

SetupModel::SetupModel(ClusterOpener opener, QObject* parent) : QObject(parent), m_run(std::move(opener)) { listen(); }

void SetupModel::listen()
{
    connect(&m_run, &SetupRun::planned, this, &SetupModel::takePlan);
    connect(&m_run, &SetupRun::applied, this, [this](const kube::ObjectChange& change) {
        const bool isRemoved = change.kind == kube::ObjectChange::Kind::Remove;
        markDone(m_report.objects, fromStd(change.object.words()), isRemoved ? tr("removed, done") : change.kind == kube::ObjectChange::Kind::Unchanged ? tr("unchanged") : tr("applied"));
        ++m_report.done;
        Q_EMIT changed();
    });
    connect(&m_run, &SetupRun::progressed, this, &SetupModel::takeProgress);
    connect(&m_run, &SetupRun::followed, this, &SetupModel::takeEnd);
    connect(&m_run, &SetupRun::looked, this, &SetupModel::takeLook);
    connect(&m_run, &SetupRun::uninstallPlanned, this, &SetupModel::takeUninstallPlan);
    connect(&m_run, &SetupRun::gone, this, [this](const kube::ObjectName& object) {
        markDone(m_report.objects, fromStd(object.words()), tr("gone"));
        ++m_report.done;
        Q_EMIT changed();
    });
    connect(&m_run, &SetupRun::uninstalled, this, &SetupModel::takeLeft);
    connect(&m_run, &SetupRun::failed, this, &SetupModel::takeError);
    connect(&m_run, &SetupRun::ended, this, &SetupModel::end);
}

void SetupModel::begin(Phase phase, SetupVerdict verdict)
{
    m_phase = phase;
    m_report = SetupReport{};
    m_report.verdict = std::move(verdict);
    m_changesSomething = false;
    Q_EMIT changed();
}

void SetupModel::setCluster(const ClusterWish& cluster)
{
    if (cluster == m_cluster || m_phase == Phase::Changing)
        return;
    m_cluster = cluster;
    back();
}

void SetupModel::setTask(Task task)
{
    if (m_phase == Phase::Changing)
        return;
    m_task = task;
    back();
}

void SetupModel::back()
{
    if (m_phase == Phase::Changing)
        return;
    m_run.cancel();
    begin(Phase::Asking, {});
}

void SetupModel::check(const InstallWish& wish)
{
    InstallWish complete = wish;
    complete.options.nameSpace = m_cluster.agentNamespace;
    const auto options = optionsOf(complete);
    if (!options)
        return begin(Phase::Failed, verdictOf(options.error(), tr("An option does not fit")));
    begin(Phase::Looking, {Severity::None, tr("Asking what you may do, and what would change…"), tr("Nothing is changed by this: the server tries each object and forgets it.")});
    m_run.planInstall(m_cluster, *options);
}

void SetupModel::look()
{
    begin(Phase::Looking, {Severity::None, m_task == Task::Status ? tr("Looking for the agents…") : tr("Looking for what was installed…"), {}});
    if (m_task == Task::Status)
        m_run.look(m_cluster);
    else
        m_run.planUninstall(m_cluster);
}

void SetupModel::change()
{
    if (m_phase != Phase::Previewed)
        return;
    m_phase = Phase::Changing;
    m_report.done = 0;
    m_report.total = static_cast<int>(m_report.objects.size());
    if (m_task == Task::Install) {
        m_report.verdict = {Severity::None, tr("Applying…"), tr("Stop leaves what is applied so far; checking again goes on from there.")};
        m_run.install();
    } else {
        m_report.verdict = {Severity::None, tr("Deleting…"), tr("Waiting until the server says that each object is gone.")};
        m_run.uninstall();
    }
    Q_EMIT changed();
}

void SetupModel::cancel()
{
    if (m_phase == Phase::Changing)
        m_report.verdict.title = tr("Stopping…");
    m_run.cancel();
    Q_EMIT changed();
}

void SetupModel::takePlan(const kube::InstallPlan& plan, const QString& cluster)
{
    m_plan = plan;
    m_changesSomething = !plan.changesNothing();
    m_report.verdict = verdictOf(plan, cluster);
    m_report.permissions = permissionRows(plan.missing);
    m_report.objects = objectRows(plan.changes);
    m_report.hosts = uncoveredRows(plan.hosts);
    m_report.hostsTitle = tr("Hosts that will not be covered: %1 of %2").arg(m_report.hosts.size()).arg(plan.hosts.size());
    if (!plan.missing.empty()) {
        m_report.text = fromStd(kube::roleThatGrants(plan.missing));
        m_report.textTitle = tr("Role for an administrator to bind to you");
    }
    m_phase = plan.missing.empty() ? Phase::Previewed : Phase::Refused;
    Q_EMIT changed();
}

void SetupModel::takeProgress(const kube::Rollout& rollout)
{
    m_report.objects.clear(); // all are applied: from now on it is about hosts
    m_report.verdict = verdictOf(rollout);
    m_report.hosts = progressRows(m_plan, rollout);
    m_report.hostsTitle = tr("Hosts");
    m_report.done = rollout.ready;
    m_report.total = rollout.desired;
    Q_EMIT changed();
}

void SetupModel::takeEnd(const AgentSetup::Followed& end)
{
    takeProgress(end.rollout);
    m_report.verdict = verdictOf(end, nameSpace());
    m_report.text = lastWordsText(end.rollout);
    m_report.textTitle = tr("Last words of the agents that do not get on");
    m_phase = end.rollout.end == kube::Rollout::End::Complete ? Phase::Done : Phase::Failed;
    Q_EMIT changed();
}

void SetupModel::takeLook(const AgentSetup::Look& look, const QString& cluster)
{
    m_report.verdict = verdictOf(look, cluster);
    m_report.hosts = statusRows(look.hosts);
    m_report.hostsTitle = tr("Hosts");
    m_phase = Phase::Done;
    Q_EMIT changed();
}

void SetupModel::takeUninstallPlan(const kube::UninstallPlan& plan, const QString& cluster)
{
    m_changesSomething = !plan.objects.empty();
    m_report.verdict = verdictOf(plan, cluster);
    m_report.objects = objectRows(plan);
    m_phase = Phase::Previewed;
    Q_EMIT changed();
}

void SetupModel::takeLeft(const std::vector<kube::UninstallPlan::Kept>& left)
{
    m_report.verdict = verdictOf(left, nameSpace());
    for (const kube::UninstallPlan::Kept& kept : left) {
        for (ObjectRow& row : m_report.objects) {
            if (const ObjectRow now = leftRow(kept); row.key == now.key)
                row = ObjectRow{now.key, now.fate, Severity::Warning, now.object, now.note, row.order};
        }
    }
    m_phase = left.empty() ? Phase::Done : Phase::Failed;
    Q_EMIT changed();
}

void SetupModel::takeError(const Error& error)
{
    const bool isCancelled = error.code == ErrorCode::Cancelled;
    const QString title = m_task == Task::Status ? tr("The agents cannot be looked at") : m_task == Task::Install ? tr("The agents are not installed") : tr("The agents are not taken away");
    m_report.verdict = verdictOf(error, isCancelled ? tr("Stopped") : title);
    if (isCancelled)
        m_report.verdict.severity = Severity::Warning;
    m_phase = Phase::Failed;
    Q_EMIT changed();
}

/// Whatever was let go of has said nothing.
void SetupModel::end()
{
    if (m_phase == Phase::Looking)
        return begin(m_task == Task::Install ? Phase::Asking : Phase::Failed, {Severity::Warning, tr("Stopped"), tr("Nothing was changed.")});
    Q_EMIT changed();
}

Result<QString> SetupModel::manifests(const InstallWish& wish, const ClusterWish& cluster)
{
    InstallWish complete = wish;
    complete.options.nameSpace = cluster.agentNamespace;
    const auto options = optionsOf(complete);
    if (!options)
        return std::unexpected(options.error());
    const auto manifests = kube::agentManifests(*options);
    if (!manifests)
        return std::unexpected(manifests.error());
    return fromStd(kube::toYaml(*manifests));
}

} // namespace binnacle::desktop
