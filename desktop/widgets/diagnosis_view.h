// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "desktop/viewmodels/diagnosis_steps.h"
#include "desktop/widgets/diagnosis_step_card.h"

#include <QWidget>

#include <array>

class QLabel;
class QPushButton;
class QScrollArea;

namespace binnacle::desktop {

class ElidedLabel;

/// The way to a cluster's agents, step by step, as it is gone.  Thread: UI; runs nothing itself.
class DiagnosisView : public QWidget {
    Q_OBJECT
public:
    explicit DiagnosisView(QWidget* parent = nullptr);

    /// Without a context there is nothing to run.
    void show(const DiagnosisSteps& steps);
    DiagnosisStepCard* card(kube::DiagnosisStepId id) const { return m_cards[static_cast<std::size_t>(id)]; }

    /// For whoever listens to installWanted().
    void offerInstall() { card(kube::DiagnosisStepId::Agents)->offerInstall(); }

Q_SIGNALS:
    void runWanted(binnacle::kube::DiagnosisStepId from);
    void cancelWanted();
    void installWanted(); // of the agents that are missing or too old

private:
    QWidget* buildHeader();
    QWidget* buildCards();
    void showHeader();
    void reveal(const DiagnosisStepCard& card);

    DiagnosisSteps m_steps;
    QLabel* m_title;
    ElidedLabel* m_verdict;
    QPushButton* m_copy;
    QPushButton* m_run;
    QScrollArea* m_scroll;
    std::array<DiagnosisStepCard*, kube::kDiagnosisSteps> m_cards{};
};

} // namespace binnacle::desktop
