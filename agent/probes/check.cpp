// SPDX-License-Identifier: Apache-2.0
#include "agent/probes/check.h"

#include "agent/probes/internal/kernel_object.h"

#include <fmt/format.h>

namespace binnacle::agent {
namespace {

/// What attaches somewhere, and what has to be found.
bool canBeTried(Hook hook) { return !factsOf(hook).attaches.empty() || hook == Hook::SentCopy; }

/// A plan of one hook and the helpers that it may use.
ProbePlan planOfOne(const ProbePlan& whole, Hook hook)
{
    ProbePlan plan = whole;
    for (HookPlan& each : plan.hooks) {
        if (each.hook != hook && canBeTried(each.hook))
            each.state = HookState::Idle;
    }
    plan.hooks[indexOf(hook)].state = HookState::Used;
    return plan;
}

/// What becomes of the hook when it is loaded and attached.
HookPlan tryHook(const KernelFacts& facts, const ProbeOptions& options, const ProbePlan& whole, Hook hook)
{
    ProbePlan plan = planOfOne(whole, hook);
    ProbeOptions small = options;
    small.ringBytes = 64 * 1024;
    small.maxConnections = 64;
    auto object = KernelObject::load(facts, small, plan);
    if (object)
        (void)(*object)->attach(plan); // the plan says it, too
    else
        plan.lose(hook, object.error().what);
    return plan.hooks[indexOf(hook)];
}

std::string fixFor(const ProbeOptions& options, Hook hook)
{
    for (const Hook disabled : options.disabled) {
        if (disabled == hook)
            return fmt::format("remove --disable-hook {}", factsOf(hook).name);
    }
    switch (hook) {
    case Hook::SentCopy: return "Linux 6.3 or newer on x86-64, payload_socket, and a way to 127.0.0.1";
    case Hook::PayloadSocket: return "Linux 6.3 or newer";
    case Hook::SocketCookie: return "Linux 5.12 or newer";
    case Hook::SocketFromFile: return "Linux 5.11 or newer";
    case Hook::ExistingSockets:
    case Hook::SocketSamples: return "Linux 5.9 or newer";
    default: return "a kernel with this tracepoint";
    }
}

CheckLine::Outcome outcomeOf(HookState state)
{
    switch (state) {
    case HookState::Used:
    case HookState::Idle: return CheckLine::Outcome::Ok;
    case HookState::Replaced: return CheckLine::Outcome::Fallback;
    case HookState::Missing: break;
    }
    return CheckLine::Outcome::Missing;
}

CheckLine checkOne(const KernelFacts& facts, const ProbeOptions& options, ProbePlan& plan, Hook hook)
{
    HookPlan& outcome = plan.hooks[indexOf(hook)];
    const bool present = outcome.state == HookState::Used || outcome.state == HookState::Idle;
    if (present && canBeTried(hook)) {
        if (HookPlan tried = tryHook(facts, options, plan, hook); tried.state != HookState::Used)
            outcome = std::move(tried);
    }
    CheckLine line{std::string(factsOf(hook).name), outcomeOf(outcome.state), outcome.sentence, {}};
    if (line.outcome != CheckLine::Outcome::Ok)
        line.fix = fixFor(options, hook);
    return line;
}

std::string_view wordOf(CheckLine::Outcome outcome)
{
    switch (outcome) {
    case CheckLine::Outcome::Ok: return "ok";
    case CheckLine::Outcome::Fallback: return "fallback";
    case CheckLine::Outcome::Missing: break;
    }
    return "missing";
}

} // namespace

CheckReport runCheck(const ProbeOptions& options)
{
    CheckReport report;
    const auto facts = KernelFacts::ask(options.btfFile);
    if (!facts) {
        report.sentence = facts.error().what;
        return report;
    }
    auto plan = planProbes(*facts, options);
    if (!plan) {
        report.sentence = plan.error().what;
        return report;
    }
    for (const HookFacts& hook : kHooks)
        report.lines.push_back(checkOne(*facts, options, *plan, hook.hook));
    const bool payload = plan->uses(Hook::PayloadSocket) || plan->uses(Hook::PayloadSyscall);
    report.canRun = payload || plan->uses(Hook::SocketState);
    if (!report.canRun)
        report.sentence = fmt::format("Linux {}: the agent cannot run: no hook that shows connections or payload could be attached", facts->release);
    else
        report.sentence = fmt::format("Linux {}: the agent can run{}", facts->release,
                                      payload ? "" : ", without requests: no payload source could be attached");
    return report;
}

std::string toText(const CheckReport& report)
{
    std::string text;
    for (const CheckLine& line : report.lines) {
        text += fmt::format("{:<9} {:<17} {}", wordOf(line.outcome), line.hook, line.sentence);
        text += line.fix.empty() ? "\n" : fmt::format(" (needs: {})\n", line.fix);
    }
    return text + report.sentence + "\n";
}

} // namespace binnacle::agent
