// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "desktop/app/connect_dialog.h"
#include "desktop/ingest/context_list.h"
#include "desktop/workspace/diagnosis_run.h"

#include <QApplication>
#include <QElapsedTimer>

#include <functional>
#include <string>
#include <vector>

namespace binnacle::desktop {

/// Runs the event loop until it holds; false after a minute.
inline bool waitUntil(const std::function<bool()>& holds)
{
    QElapsedTimer timer;
    timer.start();
    while (!holds() && timer.elapsed() < 60'000)
        QApplication::processEvents(QEventLoop::AllEvents | QEventLoop::WaitForMoreEvents, 20);
    return holds();
}

/// By the name that a screen reader says; null when there is none.
template <class T>
T* findNamed(const QWidget& in, const char* accessibleName)
{
    for (T* child : in.findChildren<T*>()) {
        if (child->accessibleName() == QLatin1String(accessibleName))
            return child;
    }
    return nullptr;
}

inline kube::ContextSummary madeUpContext(const std::string& name, const std::string& user = "alice@shop.example", const std::string& auth = "exec aws")
{
    kube::ContextSummary context;
    context.name = name;
    context.cluster = name;
    context.user = user;
    context.defaultNamespace = "default";
    context.server = "https://" + name + ".k8s.shop.example:6443";
    context.origin = "/home/user/.kube/config";
    context.authKind = auth;
    return context;
}

/// Five clusters of a shop, one of them broken, and a file that cannot be read.
inline ContextList madeUpList()
{
    ContextList list;
    list.files = {"/home/user/.kube/config"};
    list.whereFrom = "KUBECONFIG";
    for (const char* name : {"prod-eu-west", "prod-us-east", "staging"})
        list.contexts.push_back(madeUpContext(name));
    list.contexts[0].isCurrent = true;
    list.contexts.push_back(madeUpContext("kind-lab", "kind-lab", "certificate"));
    list.contexts.back().server = "https://127.0.0.1:38417";
    list.contexts.push_back(madeUpContext("edge-berlin", "edge", "token file"));
    list.contexts.back().problems = {{kube::ContextProblem::Weight::Warning, "the token file /home/user/.kube/edge.token is empty: requests go out without credentials"}};
    list.contexts.push_back(madeUpContext("legacy", "gke", "gcp"));
    list.contexts.back().problems = {{kube::ContextProblem::Weight::Fatal, "the gcp auth plugin has been removed; use gke-gcloud-auth-plugin"}};
    list.unreadable = {{"/home/user/.kube/old", "/home/user/.kube/old: line 14: tabs are not allowed as indentation"}};
    return list;
}

/// A diagnosis that says what it is told to.
inline Diagnose scripted(std::vector<kube::DiagnosisStep> steps)
{
    return [steps = std::move(steps)](kube::DiagnosisStepId from, const std::function<void(const kube::DiagnosisStep&)>& onStep, const Cancellation&) {
        for (kube::DiagnosisStep step : steps) {
            if (step.id < from)
                step = {.id = step.id, .state = kube::StepState::Skipped, .why = "not asked for"};
            onStep(step);
        }
    };
}

inline std::vector<kube::DiagnosisStep> stepsUntil(kube::DiagnosisStep failing)
{
    using Id = kube::DiagnosisStepId;
    using std::chrono::milliseconds;
    const std::vector<std::vector<std::string>> found{
        {"read /home/user/.kube/config", "context prod-eu-west: cluster prod-eu-west at https://prod-eu-west.k8s.shop.example:6443, user alice@shop.example"},
        {"kind: exec aws", "exec plugin: /usr/local/bin/aws --region eu-west-1 eks get-token --cluster-name prod-eu-west", "exit code 0 after 812 ms", "good until 2026-11-27T03:26:41Z"},
        {"on the way to https://prod-eu-west.k8s.shop.example:6443", "resolve: 10.20.0.14 in 3 ms", "connect: 10.20.0.14:6443 in 18 ms"},
        {"none"},
        {"TLSv1.3, TLS_AES_128_GCM_SHA256", "certificate of kube-apiserver, issued by kubernetes", "valid for kubernetes, prod-eu-west.k8s.shop.example", "from 2026-03-02T09:12:55Z to 2027-03-02T09:12:55Z"},
        {"you are alice@shop.example, of sre, system:authenticated"},
        {"may list pods in namespace binnacle", "may watch pods in namespace binnacle", "may get pods/portforward in namespace binnacle", "may create pods/portforward in namespace binnacle"},
        {}, {}};
    const int took[]{2, 814, 21, 1, 24, 31, 58, 17, 0};
    std::vector<kube::DiagnosisStep> steps;
    for (std::size_t i = 0; i < kube::kDiagnosisSteps; ++i) {
        kube::DiagnosisStep step{.id = static_cast<Id>(i), .state = kube::StepState::Ok, .found = found[i], .took = milliseconds(took[i])};
        if (step.id == failing.id)
            step = failing;
        else if (step.id > failing.id)
            step = {.id = step.id, .state = kube::StepState::Skipped, .why = "it needs the step `" + std::string(nameOf(failing.id)) + "`, which did not go well"};
        steps.push_back(std::move(step));
    }
    return steps;
}

inline kube::DiagnosisStep noAgents()
{
    return {.id = kube::DiagnosisStepId::Agents,
            .state = kube::StepState::Failed,
            .why = "no pod with the label app.kubernetes.io/name=binnacle-agent is in namespace binnacle",
            .next = "Install the agents with `binnacle install`, or name their namespace with --namespace.",
            .needsInstall = true,
            .took = std::chrono::milliseconds(17)};
}

inline AgentChoice::Check anyAgent()
{
    return [](const std::string& agent) -> Result<void> {
        return agent.find(':') == std::string::npos ? Result<void>(failure(ErrorCode::Invalid, "write HOST:PORT or unix:PATH")) : Result<void>();
    };
}

} // namespace binnacle::desktop
