// SPDX-License-Identifier: GPL-3.0-or-later
// What the kubeconfig offers, and why a context does not work.
#include "core/kube/config/contexts.h"
#include "core/kube/config/sources.h"
#include "core/kube/credentials/printable.h"
#include "desktop/cli/commands.h"
#include "desktop/cli/table.h"
#include "desktop/cli/terminal.h"
#include "desktop/ingest/agent_handshake.h"
#include "desktop/ingest/kube_runtime.h"

#include <nlohmann/json.hpp>

#include <cstdio>

namespace binnacle::desktop {

namespace {

using Json = nlohmann::ordered_json;

Json problemsOf(const kube::ContextSummary& context)
{
    Json problems = Json::array();
    for (const kube::ContextProblem& problem : context.problems)
        problems.push_back({{"fatal", problem.weight == kube::ContextProblem::Weight::Fatal}, {"sentence", problem.sentence}});
    return problems;
}

std::string contextsJson(const kube::Kubeconfig& config, const std::vector<kube::ContextSummary>& contexts)
{
    Json object{{"schema", "binnacle.contexts/1"}, {"current", config.currentContext.empty() ? Json() : Json(config.currentContext)}, {"files", Json::array()}, {"contexts", Json::array()}};
    for (const auto& file : config.files)
        object["files"].push_back(file.string());
    for (const kube::ContextSummary& context : contexts) {
        object["contexts"].push_back({{"name", context.name},
                                      {"current", context.isCurrent},
                                      {"cluster", context.cluster},
                                      {"user", context.user},
                                      {"namespace", context.defaultNamespace},
                                      {"server", context.server},
                                      {"auth", context.authKind},
                                      {"file", context.origin.string()},
                                      {"problems", problemsOf(context)}});
    }
    return object.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

std::string contextsText(const std::vector<kube::ContextSummary>& contexts)
{
    Table table({{""}, {"context"}, {"cluster"}, {"user"}, {"auth"}, {"server"}, {"file"}});
    std::string problems;
    for (const kube::ContextSummary& context : contexts) {
        table.add({context.isCurrent ? "*" : "", kube::printable(context.name), kube::printable(context.cluster), kube::printable(context.user),
                   kube::printable(context.authKind), kube::printable(context.server), context.origin.string()});
        for (const kube::ContextProblem& problem : context.problems)
            problems += kube::printable(context.name) + ": " + problem.sentence + '\n';
    }
    return table.text() + (problems.empty() ? "" : "\n" + problems);
}

void print(const std::string& text)
{
    std::fwrite(text.data(), 1, text.size(), stdout);
    std::fflush(stdout);
}

} // namespace

Result<void> runContexts(const ContextsCommand& command)
{
    const auto config = kube::load(kube::findSources({command.kubeconfig}, platform::environment()));
    if (!config)
        return std::unexpected(config.error());
    const auto contexts = kube::contexts(*config);
    if (contexts.empty())
        return failure(ErrorCode::NotFound, "there is no context in the kubeconfig (" + config->whereFrom + "); name a file with --kubeconfig");
    print(command.output == Output::Json ? contextsJson(*config, contexts) : contextsText(contexts));
    return {};
}

Result<void> runDiagnose(const DiagnoseCommand& command)
{
    const auto from = command.from.empty() ? kube::DiagnosisStepId::File : kube::findDiagnosisStep(command.from);
    if (!from)
        return failure(ErrorCode::Invalid, "--from: there is no step `" + command.from + "`; there are file, credentials, dns, proxy, tls, authentication, rbac, agents, clock");
    const auto runtime = terminalRuntime();
    kube::Diagnosis diagnosis({command.context, command.agentNamespace, command.kubeconfig}, diagnosisTools(*runtime));
    const bool isText = command.output == Output::Text;
    const Cancellation cancellation;
    const CancelOnSignal guard(cancellation);
    const auto steps = diagnosis.run(*from, [isText](const kube::DiagnosisStep& step) {
        if (isText)
            print(kube::diagnosisText(step));
    }, cancellation);
    if (!isText)
        print(kube::diagnosisJson(command.context, steps));
    if (cancellation.isCancelled())
        return failure(ErrorCode::Cancelled, "cancelled; the steps that had ended are above");
    for (const kube::DiagnosisStep& step : steps) {
        if (step.state == kube::StepState::Failed)
            return failure(ErrorCode::Unavailable, "the step `" + std::string(kube::nameOf(step.id)) + "` failed: " + step.why);
    }
    return {};
}

} // namespace binnacle::desktop
