// SPDX-License-Identifier: Apache-2.0
#include "core/kube/diagnose/diagnosis.h"

#include "core/kube/diagnose/internal/knowledge.h"

#include <algorithm>
#include <chrono>
#include <utility>

namespace binnacle::kube {
namespace {

using Id = DiagnosisStepId;

struct StepFacts {
    std::string_view name;
    std::optional<Id> needs; // skipped when that one has failed or was skipped itself
};
constexpr std::array<StepFacts, kDiagnosisSteps> kFacts{{
    {"file", std::nullopt},
    {"credentials", Id::File},
    {"dns", Id::File},
    {"proxy", Id::Dns},
    {"tls", Id::Proxy},
    {"authentication", Id::Tls},
    {"rbac", Id::Authentication},
    {"agents", Id::Authentication}, // a list may come though a review says otherwise
    {"clock", Id::Agents},
}};

std::size_t indexOf(Id id) { return static_cast<std::size_t>(id); }

} // namespace

std::string_view nameOf(Id id) { return kFacts[indexOf(id)].name; }

std::optional<Id> findDiagnosisStep(std::string_view name)
{
    const auto found = std::ranges::find(kFacts, name, &StepFacts::name);
    return found == kFacts.end() ? std::nullopt : std::optional(static_cast<Id>(found - kFacts.begin()));
}

std::string_view nameOf(StepState state)
{
    static constexpr std::array<std::string_view, 4> kNames{"ok", "warning", "failed", "skipped"};
    return kNames[static_cast<std::size_t>(state)];
}

Diagnosis::Diagnosis(DiagnosisWish wish, DiagnosisTools tools) : m_knowledge(new Knowledge{.wish = std::move(wish), .tools = std::move(tools)}) {}
Diagnosis::~Diagnosis() = default;

std::optional<Id> Diagnosis::blockerOf(Id id) const
{
    const auto isBad = [this](Id other) {
        const auto& step = m_steps[indexOf(other)];
        return !step || step->state == StepState::Failed || step->state == StepState::Skipped;
    };
    if (id == Id::Authentication && isBad(Id::Credentials))
        return Id::Credentials;
    const auto needs = kFacts[indexOf(id)].needs;
    return needs && isBad(*needs) ? needs : std::nullopt;
}

DiagnosisStep Diagnosis::runOne(Id id, const Cancellation& cancellation)
{
    DiagnosisStep step{.id = id};
    Knowledge& known = *m_knowledge;
    const auto began = std::chrono::steady_clock::now();
    switch (id) {
    case Id::File: checkFile(known, step); break;
    case Id::Credentials: checkCredentials(known, step, cancellation); break;
    case Id::Dns: checkDns(known, step, cancellation); break;
    case Id::Proxy: checkProxy(known, step); break;
    case Id::Tls: checkTls(known, step); break;
    case Id::Authentication: checkAuthentication(known, step, cancellation); break;
    case Id::Rights: checkRights(known, step, cancellation); break;
    case Id::Agents: checkAgents(known, step, cancellation); break;
    case Id::Clock: checkClock(known, step, cancellation); break;
    }
    step.took = std::chrono::steady_clock::now() - began;
    return step;
}

std::vector<DiagnosisStep> Diagnosis::run(Id from, const std::function<void(const DiagnosisStep&)>& onStep, const Cancellation& cancellation)
{
    // What proxy and TLS tell is found by the connection that the step before them makes.
    const Id begin = from == Id::Proxy || from == Id::Tls ? Id::Dns : from;
    std::vector<DiagnosisStep> all;
    for (std::size_t i = 0; i < kDiagnosisSteps; ++i) {
        const auto id = static_cast<Id>(i);
        std::optional<DiagnosisStep>& kept = m_steps[i];
        DiagnosisStep told{.id = id, .state = StepState::Skipped};
        if (const auto blocker = blockerOf(id)) {
            told.why = "it needs the step `" + std::string(nameOf(*blocker)) + "`, which did not go well";
            kept = told;
        } else if (cancellation.isCancelled()) {
            told.why = "cancelled";
            kept.reset();
        } else {
            if (!kept || kept->state == StepState::Skipped || id >= begin)
                kept = runOne(id, cancellation);
            if (id >= from || kept->state == StepState::Failed)
                told = *kept;
            else
                told.why = "not asked for";
        }
        all.push_back(told);
        if (onStep)
            onStep(told);
    }
    return all;
}

} // namespace binnacle::kube
