// SPDX-License-Identifier: GPL-3.0-or-later
#include "desktop/workspace/diagnosis_run.h"

#include "desktop/ingest/agent_handshake.h"
#include "desktop/workspace/waiting_threads.h"

#include <QThreadPool>

#include <mutex>

namespace binnacle::desktop {

DiagnoseMaker diagnoseMaker(std::shared_ptr<KubeRuntime> kube)
{
    struct Kept {
        Kept(std::shared_ptr<KubeRuntime> runtime, kube::DiagnosisWish wish) : kube(std::move(runtime)), diagnosis(std::move(wish), diagnosisTools(*kube)) {}
        std::shared_ptr<KubeRuntime> kube; // outlives the diagnosis
        kube::Diagnosis diagnosis;
        std::mutex mutex; // one run at a time: a cancelled one may not have ended yet
    };
    return [runtime = std::move(kube)](const ClusterWish& wish) -> Diagnose {
        auto kept = std::make_shared<Kept>(runtime, kube::DiagnosisWish{wish.context, wish.agentNamespace, wish.kubeconfig});
        return [kept](kube::DiagnosisStepId from, const std::function<void(const kube::DiagnosisStep&)>& onStep, const Cancellation& cancellation) {
            const std::lock_guard oneAtATime(kept->mutex);
            kept->kube->credentials().forgetAnswers();
            kept->diagnosis.run(from, onStep, cancellation);
        };
    };
}

DiagnosisRun::DiagnosisRun(QObject* parent) : QObject(parent) {}

DiagnosisRun::~DiagnosisRun() { letGo(); }

void DiagnosisRun::letGo()
{
    if (!m_current)
        return;
    m_current->cancellation.cancel();
    m_current->mailbox.close();
    m_current.reset();
}

void DiagnosisRun::start(Diagnose diagnose, kube::DiagnosisStepId from)
{
    letGo();
    m_current = Current{Cancellation(), Mailbox<DiagnosisRun>(this)};
    waitingThreads().start([diagnose = std::move(diagnose), from, current = *m_current] {
        const auto tell = [&current](const kube::DiagnosisStep& step) {
            current.mailbox.post([step](DiagnosisRun& run) { Q_EMIT run.stepEnded(step); });
        };
        diagnose(from, tell, current.cancellation);
        current.mailbox.post([](DiagnosisRun& run) {
            run.letGo();
            Q_EMIT run.ended();
        });
    });
}

void DiagnosisRun::cancel()
{
    if (!m_current)
        return;
    letGo();
    Q_EMIT ended();
}

} // namespace binnacle::desktop
