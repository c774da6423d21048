// SPDX-License-Identifier: GPL-3.0-or-later
#include "desktop/viewmodels/diagnosis_steps.h"

#include "core/kube/credentials/printable.h"
#include "desktop/viewmodels/figures.h"

#include <QCoreApplication>

#include <algorithm>

namespace binnacle::desktop {
namespace {

using Id = kube::DiagnosisStepId;

constexpr qsizetype kMostSaid = 4000; // characters, the last ones

struct StepWords {
    const char* title;
    const char* about;
};
constexpr std::array<StepWords, kube::kDiagnosisSteps> kWords{{
    {QT_TRANSLATE_NOOP("DiagnosisSteps", "Kubeconfig file"), QT_TRANSLATE_NOOP("DiagnosisSteps", "what was read, the context")},
    {QT_TRANSLATE_NOOP("DiagnosisSteps", "Credentials"), QT_TRANSLATE_NOOP("DiagnosisSteps", "token, certificate or exec plugin")},
    {QT_TRANSLATE_NOOP("DiagnosisSteps", "DNS"), QT_TRANSLATE_NOOP("DiagnosisSteps", "name look-up and connection")},
    {QT_TRANSLATE_NOOP("DiagnosisSteps", "Proxy"), QT_TRANSLATE_NOOP("DiagnosisSteps", "of the cluster or the environment")},
    {QT_TRANSLATE_NOOP("DiagnosisSteps", "TLS"), QT_TRANSLATE_NOOP("DiagnosisSteps", "the server's certificate")},
    {QT_TRANSLATE_NOOP("DiagnosisSteps", "Authentication"), QT_TRANSLATE_NOOP("DiagnosisSteps", "who the server takes you for")},
    {QT_TRANSLATE_NOOP("DiagnosisSteps", "Rights (RBAC)"), QT_TRANSLATE_NOOP("DiagnosisSteps", "pods and port-forward")},
    {QT_TRANSLATE_NOOP("DiagnosisSteps", "Agents"), QT_TRANSLATE_NOOP("DiagnosisSteps", "pods, images, hosts without one")},
    {QT_TRANSLATE_NOOP("DiagnosisSteps", "Clock"), QT_TRANSLATE_NOOP("DiagnosisSteps", "handshake with each agent")},
}};

QString words(const char* text) { return QCoreApplication::translate("DiagnosisSteps", text); }

StepLook lookOf(kube::StepState state)
{
    switch (state) {
    case kube::StepState::Ok: return StepLook::Ok;
    case kube::StepState::Warning: return StepLook::Warning;
    case kube::StepState::Failed: return StepLook::Failed;
    case kube::StepState::Skipped: break;
    }
    return StepLook::Skipped;
}

StepRow blankRow(std::size_t index)
{
    StepRow row;
    row.id = static_cast<Id>(index);
    row.title = words(kWords[index].title);
    row.about = words(kWords[index].about);
    return row;
}

StepRow rowOf(const kube::DiagnosisStep& step, const ClusterWish& wish, const QString& said)
{
    StepRow row = blankRow(static_cast<std::size_t>(step.id));
    row.look = lookOf(step.state);
    if (step.state != kube::StepState::Skipped)
        row.took = durationText(step.took);
    for (const std::string& fact : step.found)
        row.found.append(fromStd(fact));
    row.why = fromStd(step.why);
    row.next = fromStd(step.next);
    row.said = row.look == StepLook::Failed ? said : QString(); // a log-in that went well needs no code any more
    if (step.needsInstall)
        row.install = clusterCommand("install", wish);
    return row;
}

} // namespace

QString clusterCommand(const char* verb, const ClusterWish& wish)
{
    std::vector<std::string> command{"binnacle", verb};
    const auto add = [&command](const char* option, const std::string& value) {
        command.emplace_back(option);
        command.push_back(value);
    };
    if (!wish.context.empty())
        add("--context", wish.context);
    if (!wish.kubeconfig.empty())
        add("--kubeconfig", wish.kubeconfig);
    if (wish.agentNamespace != ClusterWish().agentNamespace)
        add("--namespace", wish.agentNamespace);
    return fromStd(kube::commandLineText(command));
}

DiagnosisSteps::DiagnosisSteps(ClusterWish wish) : m_wish(std::move(wish))
{
    for (std::size_t i = 0; i < m_rows.size(); ++i)
        m_rows[i] = blankRow(i);
}

void DiagnosisSteps::begin(Id from)
{
    m_from = from;
    m_running = m_hasRun = true;
    for (std::size_t i = static_cast<std::size_t>(from); i < m_rows.size(); ++i) {
        m_rows[i] = blankRow(i);
        m_steps[i].reset();
    }
    markNext(static_cast<std::size_t>(from));
}

/// Steps run in order: the next one that has not ended is the one that runs.
void DiagnosisSteps::markNext(std::size_t index)
{
    if (index < m_rows.size() && m_rows[index].look == StepLook::Waiting)
        m_rows[index].look = StepLook::Running;
}

void DiagnosisSteps::take(const kube::DiagnosisStep& step)
{
    const auto index = static_cast<std::size_t>(step.id);
    const bool isNews = step.id >= m_from || step.state != kube::StepState::Skipped;
    if (isNews) {
        m_rows[index] = rowOf(step, m_wish, m_rows[index].said);
        m_steps[index] = step;
    }
    if (step.id >= m_from)
        markNext(index + 1);
}

void DiagnosisSteps::hear(const QString& text)
{
    StepRow& credentials = row(Id::Credentials);
    if (m_running && (credentials.look == StepLook::Running || credentials.look == StepLook::Waiting))
        credentials.said = (credentials.said + text).right(kMostSaid);
}

void DiagnosisSteps::end()
{
    m_running = false;
    for (std::size_t i = 0; i < m_rows.size(); ++i) {
        if (m_rows[i].look == StepLook::Running)
            m_rows[i] = blankRow(i);
    }
}

StepLook DiagnosisSteps::verdictLook() const
{
    const auto any = [this](StepLook look) { return std::ranges::find(m_rows, look, &StepRow::look) != m_rows.end(); };
    if (!m_hasRun)
        return StepLook::Waiting;
    for (const StepLook look : {StepLook::Failed, StepLook::Running, StepLook::Warning}) {
        if (any(look))
            return look;
    }
    return any(StepLook::Waiting) ? StepLook::Waiting : StepLook::Ok;
}

QString DiagnosisSteps::verdict() const
{
    const StepLook look = verdictLook();
    const auto first = std::ranges::find(m_rows, look, &StepRow::look);
    switch (look) {
    case StepLook::Failed: return words(QT_TRANSLATE_NOOP("DiagnosisSteps", "%1 failed")).arg(first->title);
    case StepLook::Running: return words(QT_TRANSLATE_NOOP("DiagnosisSteps", "%1 …")).arg(first->title);
    case StepLook::Warning: return words(QT_TRANSLATE_NOOP("DiagnosisSteps", "It works; see %1")).arg(first->title);
    case StepLook::Waiting: return m_hasRun ? words(QT_TRANSLATE_NOOP("DiagnosisSteps", "Stopped before the end")) : QString();
    case StepLook::Ok:
    case StepLook::Skipped: break;
    }
    return words(QT_TRANSLATE_NOOP("DiagnosisSteps", "All is well"));
}

QString DiagnosisSteps::asText() const
{
    std::vector<kube::DiagnosisStep> steps;
    for (const auto& step : m_steps) {
        if (step)
            steps.push_back(*step);
    }
    return clusterCommand("diagnose", m_wish) + QLatin1Char('\n') + fromStd(kube::diagnosisText(steps));
}

} // namespace binnacle::desktop
