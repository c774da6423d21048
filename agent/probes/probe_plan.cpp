// SPDX-License-Identifier: Apache-2.0
#include "agent/probes/probe_plan.h"

#include <fmt/format.h>

#include <algorithm>

namespace binnacle::agent {
namespace {

bool contains(const std::vector<Hook>& hooks, Hook hook) { return std::find(hooks.begin(), hooks.end(), hook) != hooks.end(); }

/// A helper or a source that another one stands in for.
bool hasReplacement(Hook hook)
{
    switch (hook) {
    case Hook::SocketDestroy:
    case Hook::SocketCookie:
    case Hook::SocketFromFile:
    case Hook::ProcessFork:
    case Hook::ProcessExec:
    case Hook::ProcessExit:
    case Hook::ResetReceived:
    case Hook::SocketSamples:
    case Hook::ExistingSockets:
    case Hook::SocketState:
    case Hook::SentCopy:
        return true;
    default:
        return false;
    }
}

std::string_view whyNot(const KernelFacts& facts, const ProbeOptions& options, Hook hook)
{
    if (contains(options.disabled, hook))
        return "switched off";
    return facts.has(hook) ? "" : "not in this kernel";
}

/// With the reason and with what that means.
HookPlan planWithout(Hook hook, std::string_view why)
{
    return {hook, hasReplacement(hook) ? HookState::Replaced : HookState::Missing, fmt::format("{}: {}", why, factsOf(hook).without)};
}

HookPlan planOne(const KernelFacts& facts, const ProbeOptions& options, Hook hook)
{
    const std::string_view why = whyNot(facts, options, hook);
    return why.empty() ? HookPlan{hook, HookState::Used, std::string(factsOf(hook).gives)} : planWithout(hook, why);
}

bool usable(const KernelFacts& facts, const ProbeOptions& options, Hook hook) { return whyNot(facts, options, hook).empty(); }

/// One payload source at a time; both give the same records.
void choosePayload(ProbePlan& plan, const KernelFacts& facts, const ProbeOptions& options)
{
    HookPlan& socket = plan.hooks[indexOf(Hook::PayloadSocket)];
    HookPlan& syscall = plan.hooks[indexOf(Hook::PayloadSyscall)];
    const bool hasSocket = usable(facts, options, Hook::PayloadSocket);
    const bool hasSyscall = usable(facts, options, Hook::PayloadSyscall);
    if (options.capture == CaptureSource::Syscall && hasSyscall && hasSocket)
        socket = {Hook::PayloadSocket, HookState::Idle, "not needed: --capture=syscall"};
    else if (hasSocket && hasSyscall && options.capture != CaptureSource::Syscall)
        syscall = {Hook::PayloadSyscall, HookState::Idle, "not needed: payload_socket is used"};
    else if (!hasSocket && hasSyscall && options.capture != CaptureSource::Socket)
        socket.state = HookState::Replaced;
    else if (options.capture == CaptureSource::Socket && hasSyscall)
        syscall = {Hook::PayloadSyscall, HookState::Idle, "not wanted: --capture=socket"};
    else if (options.capture == CaptureSource::Syscall && hasSocket)
        socket = {Hook::PayloadSocket, HookState::Idle, "not wanted: --capture=syscall"};
    HookPlan& copy = plan.hooks[indexOf(Hook::SentCopy)];
    if (copy.state == HookState::Used && socket.state != HookState::Used)
        copy = {Hook::SentCopy, HookState::Idle, "not needed: payload_socket is not used"};
}

} // namespace

bool ProbePlan::uses(Hook hook) const { return hooks[indexOf(hook)].state == HookState::Used; }

void ProbePlan::lose(Hook hook, std::string_view why) { hooks[indexOf(hook)] = planWithout(hook, why); }

Result<ProbePlan> planProbes(const KernelFacts& facts, const ProbeOptions& options)
{
    ProbePlan plan;
    for (const HookFacts& hook : kHooks)
        plan.hooks.push_back(planOne(facts, options, hook.hook));
    choosePayload(plan, facts, options);
    const bool sees = plan.uses(Hook::SocketState) || plan.uses(Hook::PayloadSocket) || plan.uses(Hook::PayloadSyscall);
    if (!sees)
        return failure(ErrorCode::Unsupported, "neither connections nor payload can be seen here: socket_state, payload_socket and "
                                               "payload_syscall are all missing. Enable one of them, or use Linux 5.8 or newer");
    return plan;
}

} // namespace binnacle::agent
