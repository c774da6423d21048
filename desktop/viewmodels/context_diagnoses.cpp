// SPDX-License-Identifier: GPL-3.0-or-later
#include "desktop/viewmodels/context_diagnoses.h"

namespace binnacle::desktop {

ContextDiagnoses::ContextDiagnoses(DiagnoseMaker maker, QObject* parent) : QObject(parent), m_maker(std::move(maker))
{
    m_kept.try_emplace(m_shown);
    connect(&m_run, &DiagnosisRun::stepEnded, this, [this](const kube::DiagnosisStep& step) {
        m_kept.at(*m_running).steps.take(step);
        Q_EMIT changed();
    });
    connect(&m_run, &DiagnosisRun::ended, this, &ContextDiagnoses::finish);
}

void ContextDiagnoses::show(const ClusterWish& wish)
{
    m_shown = keyOf(wish);
    m_kept.try_emplace(m_shown, Kept{DiagnosisSteps(wish), {}});
    Q_EMIT changed();
}

const DiagnosisSteps& ContextDiagnoses::steps() const { return m_kept.at(m_shown).steps; }

void ContextDiagnoses::run(kube::DiagnosisStepId from)
{
    m_run.cancel();
    Kept& kept = m_kept.at(m_shown);
    if (!kept.diagnose)
        kept.diagnose = m_maker(kept.steps.wish());
    m_running = m_shown;
    kept.steps.begin(from);
    m_run.start(kept.diagnose, from);
    Q_EMIT changed();
}

void ContextDiagnoses::hear(const QString& text)
{
    if (!m_running)
        return;
    m_kept.at(*m_running).steps.hear(text);
    Q_EMIT changed();
}

void ContextDiagnoses::cancel() { m_run.cancel(); }

void ContextDiagnoses::finish()
{
    m_kept.at(*m_running).steps.end();
    m_running.reset();
    Q_EMIT changed();
}

void ContextDiagnoses::clear()
{
    m_run.cancel();
    m_kept.clear();
    m_shown = {};
    m_kept.try_emplace(m_shown);
    Q_EMIT changed();
}

} // namespace binnacle::desktop
