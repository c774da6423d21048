// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/kube/diagnose/diagnosis.h"
#include "desktop/ingest/cluster_wish.h"
#include "desktop/ingest/kube_runtime.h"
#include "desktop/workspace/cancellable_run.h"

#include <QObject>

#include <functional>
#include <memory>

namespace binnacle::desktop {

/// One diagnosis that remembers its steps: kube::Diagnosis::run().  Blocks.  Thread: any, one at a time is seen to.
using Diagnose = std::function<void(kube::DiagnosisStepId from, const std::function<void(const kube::DiagnosisStep&)>& onStep, const Cancellation&)>;
/// Makes the diagnosis of a context; blocks on nothing.
using DiagnoseMaker = std::function<Diagnose(const ClusterWish&)>;

/// The real one.  A plugin that was refused is asked about again at each run.
DiagnoseMaker diagnoseMaker(std::shared_ptr<KubeRuntime> kube);

/// Runs a diagnosis on a thread of its own and tells its steps here.
///
/// At most one at a time; a new one cancels the one that runs, as CancellableRun says.  Thread: UI.
class DiagnosisRun : public QObject {
    Q_OBJECT
public:
    explicit DiagnosisRun(QObject* parent = nullptr);
    ~DiagnosisRun() override = default; // cancels

    void start(Diagnose diagnose, kube::DiagnosisStepId from);
    void cancel();
    bool isRunning() const { return m_run.isRunning(); }

Q_SIGNALS:
    void stepEnded(const binnacle::kube::DiagnosisStep& step);
    void ended(); // by itself or by cancel()

private:
    CancellableRun<DiagnosisRun> m_run{this};
};

} // namespace binnacle::desktop
