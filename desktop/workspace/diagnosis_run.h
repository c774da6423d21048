// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/kube/diagnose/diagnosis.h"
#include "desktop/ingest/cluster_wish.h"
#include "desktop/ingest/kube_runtime.h"
#include "desktop/workspace/mailbox.h"

#include <QObject>

#include <functional>
#include <memory>
#include <optional>

namespace binnacle::desktop {

/// One diagnosis that remembers its steps: kube::Diagnosis::run().  Blocks.  Thread: any, one at a time is seen to.
using Diagnose = std::function<void(kube::DiagnosisStepId from, const std::function<void(const kube::DiagnosisStep&)>& onStep, const Cancellation&)>;
/// Makes the diagnosis of a context; blocks on nothing.
using DiagnoseMaker = std::function<Diagnose(const ClusterWish&)>;

/// The real one.  A plugin that was refused is asked about again at each run.
DiagnoseMaker diagnoseMaker(std::shared_ptr<KubeRuntime> kube);

/// Runs a diagnosis on a thread of its own and tells its steps here.
///
/// At most one at a time; a new one cancels the one that runs.  What was cancelled tells nothing any more, however long its thread still takes to
/// notice; nobody waits for it.  Thread: UI.
class DiagnosisRun : public QObject {
    Q_OBJECT
public:
    explicit DiagnosisRun(QObject* parent = nullptr);
    ~DiagnosisRun() override; // cancels

    void start(Diagnose diagnose, kube::DiagnosisStepId from);
    void cancel();
    bool isRunning() const { return m_current.has_value(); }

Q_SIGNALS:
    void stepEnded(const binnacle::kube::DiagnosisStep& step);
    void ended(); // by itself or by cancel()

private:
    struct Current {
        Cancellation cancellation;
        Mailbox<DiagnosisRun> mailbox;
    };
    void letGo();

    std::optional<Current> m_current;
};

} // namespace binnacle::desktop
