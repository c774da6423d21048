// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "desktop/viewmodels/diagnosis_steps.h"
#include "desktop/workspace/diagnosis_run.h"

#include <QObject>

#include <map>

namespace binnacle::desktop {

/// The diagnoses of the contexts that a person looks at: one runs at a time, each is kept, one is shown.  Thread: UI.
class ContextDiagnoses : public QObject {
    Q_OBJECT
public:
    explicit ContextDiagnoses(DiagnoseMaker maker, QObject* parent = nullptr);

    /// Which one steps() is; what runs goes on.
    void show(const ClusterWish& wish);
    const DiagnosisSteps& steps() const;
    /// Runs the one that is shown; cancels another that runs.  From a step on, what was found before it is used again.
    void run(kube::DiagnosisStepId from);
    /// What a plugin says belongs to whatever runs.
    void hear(const QString& text);
    void cancel();
    /// Forgets all and shows none: the kubeconfig was read anew.
    void clear();

Q_SIGNALS:
    void changed(); // of steps()

private:
    struct Kept {
        DiagnosisSteps steps;
        Diagnose diagnose; // empty until it is first run
    };
    using Key = std::pair<std::string, std::string>; // context, namespace of the agents
    static Key keyOf(const ClusterWish& wish) { return {wish.context, wish.agentNamespace}; }
    void finish();

    DiagnoseMaker m_maker;
    std::map<Key, Kept> m_kept; // has m_shown always
    Key m_shown;
    std::optional<Key> m_running;
    DiagnosisRun m_run;
};

} // namespace binnacle::desktop
