// SPDX-License-Identifier: GPL-3.0-or-later
#include "desktop/workspace/setup_run.h"

#include <chrono>
#include <utility>

namespace binnacle::desktop {
namespace {

using namespace std::chrono_literals;

constexpr std::chrono::milliseconds kForAgents = 5min;    // as `binnacle install` waits
constexpr std::chrono::milliseconds kForDeletions = 2min; // as `binnacle uninstall` does

QString wordsOf(const AgentSetup& setup) { return QString::fromStdString(setup.words()); }

} // namespace

SetupRun::SetupRun(ClusterOpener opener, QObject* parent) : QObject(parent), m_opener(std::move(opener)) {}

/// The plan's cancellation: what the plan holds goes on by it when the work has ended.
void SetupRun::start(std::function<Result<void>(const Job&)> work)
{
    m_run.start(m_cancellation, [work = std::move(work)](const Job& job) -> CancellableRun<SetupRun>::Word {
        return [outcome = work(job)](SetupRun& run) {
            if (!outcome)
                Q_EMIT run.failed(outcome.error());
            Q_EMIT run.ended();
        };
    });
}

void SetupRun::startLook(const ClusterWish& cluster, std::function<Result<void>(const Setup&, const Job&)> work)
{
    m_setup.reset();
    m_install.reset();
    m_uninstall.reset();
    m_cancellation = Cancellation();
    m_isChange = false;
    start([opener = m_opener, cluster, work = std::move(work)](const Job& job) -> Result<void> {
        auto opened = AgentSetup::open(opener, cluster, job.cancellation());
        if (!opened)
            return std::unexpected(std::move(opened).error());
        return work(std::move(*opened), job);
    });
}

void SetupRun::startChange(std::function<Result<void>(const Job&)> work)
{
    m_isChange = true;
    start(std::move(work));
}

void SetupRun::planInstall(const ClusterWish& cluster, const kube::InstallOptions& options)
{
    startLook(cluster, [options](const Setup& setup, const Job& job) -> Result<void> {
        auto plan = setup->planInstall(options);
        if (!plan)
            return std::unexpected(std::move(plan).error());
        job.tell([setup, plan = std::make_shared<const kube::InstallPlan>(std::move(*plan))](SetupRun& run) {
            run.m_setup = setup;
            run.m_install = plan;
            Q_EMIT run.planned(*plan, wordsOf(*setup));
        });
        return {};
    });
}

void SetupRun::install()
{
    if (!m_setup || !m_install || !m_install->missing.empty())
        return;
    startChange([setup = m_setup, plan = m_install](const Job& job) -> Result<void> {
        BN_TRY(setup->apply(*plan, [&job](const kube::ObjectChange& change) { job.tell([change](SetupRun& run) { Q_EMIT run.applied(change); }); }));
        auto end = setup->follow(*plan, kForAgents, [&job](const kube::Rollout& now) { job.tell([now](SetupRun& run) { Q_EMIT run.progressed(now); }); });
        if (!end)
            return std::unexpected(std::move(end).error());
        job.tell([end = std::move(*end)](SetupRun& run) { Q_EMIT run.followed(end); });
        return {};
    });
}

void SetupRun::look(const ClusterWish& cluster)
{
    startLook(cluster, [](const Setup& setup, const Job& job) -> Result<void> {
        auto look = setup->look();
        if (!look)
            return std::unexpected(std::move(look).error());
        job.tell([setup, look = std::move(*look)](SetupRun& run) { Q_EMIT run.looked(look, wordsOf(*setup)); });
        return {};
    });
}

void SetupRun::planUninstall(const ClusterWish& cluster)
{
    startLook(cluster, [](const Setup& setup, const Job& job) -> Result<void> {
        auto plan = setup->planUninstall();
        if (!plan)
            return std::unexpected(std::move(plan).error());
        job.tell([setup, plan = std::make_shared<const kube::UninstallPlan>(std::move(*plan))](SetupRun& run) {
            run.m_setup = setup;
            run.m_uninstall = plan;
            Q_EMIT run.uninstallPlanned(*plan, wordsOf(*setup));
        });
        return {};
    });
}

void SetupRun::uninstall()
{
    if (!m_setup || !m_uninstall)
        return;
    startChange([setup = m_setup, plan = m_uninstall](const Job& job) -> Result<void> {
        auto left = setup->uninstall(*plan, kForDeletions, [&job](const kube::ObjectName& object) { job.tell([object](SetupRun& run) { Q_EMIT run.gone(object); }); });
        if (!left)
            return std::unexpected(std::move(left).error());
        job.tell([left = std::move(*left)](SetupRun& run) { Q_EMIT run.uninstalled(left); });
        return {};
    });
}

void SetupRun::cancel()
{
    if (!m_run.isRunning())
        return;
    if (m_isChange)
        return m_run.cancel();
    m_run.letGo();
    Q_EMIT ended();
}

} // namespace binnacle::desktop
