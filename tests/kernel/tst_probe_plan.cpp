// SPDX-License-Identifier: Apache-2.0
#include "agent/probes/probe_plan.h"

#include <gtest/gtest.h>

#include <string>

namespace binnacle::agent {
namespace {

KernelFacts kernelWith(std::initializer_list<Hook> missing)
{
    KernelFacts facts;
    facts.hasTypes = true;
    facts.hooks.set();
    for (const Hook hook : missing)
        facts.hooks.reset(indexOf(hook));
    return facts;
}

ProbeOptions wanting(CaptureSource capture, std::vector<Hook> disabled = {})
{
    ProbeOptions options;
    options.capture = capture;
    options.disabled = std::move(disabled);
    return options;
}

/// Socket source, then system-call source: `used`, `idle`, `replaced`, `missing`.
std::string payloadOf(const KernelFacts& facts, const ProbeOptions& options)
{
    const auto plan = planProbes(facts, options);
    if (!plan)
        return "nothing";
    static constexpr std::array kWords{"used", "replaced", "missing", "idle"};
    const auto word = [&](Hook hook) { return std::string(kWords[static_cast<std::size_t>(plan->hooks[indexOf(hook)].state)]); };
    return word(Hook::PayloadSocket) + " " + word(Hook::PayloadSyscall);
}

TEST(ProbePlan, choosesOnePayloadSource)
{
    using enum Hook;
    using enum CaptureSource;
    struct Row {
        KernelFacts facts;
        ProbeOptions options;
        const char* expected;
    };
    const Row rows[] = {
        {kernelWith({}), wanting(Automatic), "used idle"},
        {kernelWith({}), wanting(CaptureSource::Socket), "used idle"},
        {kernelWith({}), wanting(Syscall), "idle used"},
        {kernelWith({PayloadSocket}), wanting(Automatic), "replaced used"},
        {kernelWith({PayloadSocket}), wanting(CaptureSource::Socket), "missing idle"},
        {kernelWith({PayloadSocket}), wanting(Syscall), "replaced used"},
        {kernelWith({PayloadSyscall}), wanting(Automatic), "used missing"},
        {kernelWith({PayloadSyscall}), wanting(Syscall), "idle missing"},
        {kernelWith({PayloadSocket, PayloadSyscall}), wanting(Automatic), "missing missing"},
        {kernelWith({}), wanting(Automatic, {PayloadSocket}), "replaced used"},
        {kernelWith({}), wanting(Automatic, {PayloadSocket, PayloadSyscall}), "missing missing"},
        {kernelWith({}), wanting(Automatic, {SocketState, PayloadSocket, PayloadSyscall}), "nothing"},
    };
    for (const Row& row : rows)
        EXPECT_EQ(payloadOf(row.facts, row.options), row.expected);
}

TEST(ProbePlan, losesOneHookAndNothingElse)
{
    for (const HookFacts& hook : kHooks) {
        if (hook.hook == Hook::PayloadSocket || hook.hook == Hook::PayloadSyscall)
            continue; // these two depend on each other: above
        const auto plan = planProbes(kernelWith({hook.hook}), {});
        ASSERT_TRUE(plan) << hook.name;
        for (const HookPlan& planned : plan->hooks) {
            const bool expected = planned.hook != hook.hook && planned.hook != Hook::PayloadSyscall;
            EXPECT_EQ(planned.state == HookState::Used, expected) << hook.name << ": " << factsOf(planned.hook).name;
        }
        EXPECT_NE(plan->hooks[indexOf(hook.hook)].sentence.find("not in this kernel"), std::string::npos) << hook.name;
    }
}

TEST(ProbePlan, findsHooksByTheNameThatCheckPrints)
{
    for (const HookFacts& hook : kHooks)
        EXPECT_EQ(findHook(hook.name), hook.hook);
    EXPECT_FALSE(findHook("payload"));
}

} // namespace
} // namespace binnacle::agent
