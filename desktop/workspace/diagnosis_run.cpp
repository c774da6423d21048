// SPDX-License-Identifier: GPL-3.0-or-later
#include "desktop/workspace/diagnosis_run.h"

#include "desktop/ingest/agent_handshake.h"

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

void DiagnosisRun::start(Diagnose diagnose, kube::DiagnosisStepId from)
{
    using Run = CancellableRun<DiagnosisRun>;
    m_run.start(Cancellation(), [diagnose = std::move(diagnose), from](const Run::Job& job) -> Run::Word {
        const auto tell = [&job](const kube::DiagnosisStep& step) { job.tell([step](DiagnosisRun& run) { Q_EMIT run.stepEnded(step); }); };
        diagnose(from, tell, job.cancellation());
        return [](DiagnosisRun& run) { Q_EMIT run.ended(); };
    });
}

void DiagnosisRun::cancel()
{
    if (!m_run.isRunning())
        return;
    m_run.letGo();
    Q_EMIT ended();
}

} // namespace binnacle::desktop
