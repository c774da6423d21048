// SPDX-License-Identifier: Apache-2.0
#include "agent/probes/check.h"
#include "tests/kernel/support/observed.h"

#include <bpf/bpf.h>

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <set>

namespace binnacle::agent::test {
namespace {

TEST(Loading, loadsAndAttachesWithEachHookTakenAway)
{
    for (const HookFacts& hook : kHooks) {
        RecordingSink sink;
        ProbeOptions options;
        options.disabled = {hook.hook};
        BN_OBSERVE(probes, sink, options);
        EXPECT_FALSE(probes->plan().uses(hook.hook)) << hook.name;
        for (const HookPlan& planned : probes->plan().hooks) {
            if (planned.hook != hook.hook && probes->facts().has(planned.hook)) {
                EXPECT_TRUE(planned.state == HookState::Used || planned.state == HookState::Idle)
                    << "without " << hook.name << ": " << factsOf(planned.hook).name << ": " << planned.sentence;
            }
        }
    }
}

TEST(Loading, loadsAndAttachesWithTheOldestKernelsHelpers)
{
    RecordingSink sink;
    ProbeOptions options;
    options.capture = CaptureSource::Syscall;
    options.disabled = {Hook::SocketCookie, Hook::SocketFromFile, Hook::PayloadSocket};
    BN_OBSERVE(probes, sink, options);
    EXPECT_TRUE(probes->plan().uses(Hook::PayloadSyscall));
}

TEST(Loading, checkTriesEveryHookAndSaysWhatReplacesIt)
{
    ProbeOptions options;
    options.disabled = {Hook::SocketSamples};
    const CheckReport report = runCheck(options);
    if (!report.canRun)
        GTEST_SKIP() << report.sentence;
    ASSERT_EQ(report.lines.size(), kHooks.size());
    for (const CheckLine& line : report.lines) {
        EXPECT_FALSE(line.sentence.empty()) << line.hook;
        EXPECT_EQ(line.fix.empty(), line.outcome == CheckLine::Outcome::Ok) << line.hook;
    }
    EXPECT_EQ(report.lines[indexOf(Hook::SocketSamples)].outcome, CheckLine::Outcome::Fallback);
}

TEST(Loading, saysWhatIsMissingWhenThereAreNoTypes)
{
    ProbeOptions options;
    options.btfFile = "/nonexistent/types.btf";
    const CheckReport report = runCheck(options);
    EXPECT_FALSE(report.canRun);
    EXPECT_NE(report.sentence.find("/nonexistent/types.btf"), std::string::npos) << report.sentence;
}

TEST(Loading, takesTheTypesFromAFile)
{
    RecordingSink sink;
    ProbeOptions options;
    options.btfFile = "/sys/kernel/btf/vmlinux";
    BN_OBSERVE(probes, sink, options);
    EXPECT_TRUE(probes->plan().uses(Hook::SocketState));
}

/// Dropping root in a child: the sentence must name the capability and the ways to get it.
TEST(Loading, saysWhichPermissionIsMissing)
{
    if (geteuid() != 0)
        GTEST_SKIP() << "only root can become somebody else";
    Child child([] {
        if (setgid(65534) != 0 || setuid(65534) != 0)
            return 2;
        const CheckReport report = runCheck({});
        const bool said = report.sentence.find("operation not permitted") != std::string::npos &&
                          report.sentence.find("privileged") != std::string::npos;
        return !report.canRun && said ? 0 : 1;
    });
    EXPECT_EQ(child.wait(), 0);
}

/// Ids of eBPF programs and maps that a process holds.
std::set<std::string> heldBy(pid_t process)
{
    std::set<std::string> ids;
    std::error_code error;
    for (const auto& entry : std::filesystem::directory_iterator("/proc/" + std::to_string(process) + "/fdinfo", error)) {
        std::ifstream file(entry.path());
        for (std::string line; std::getline(file, line);) {
            if (line.starts_with("prog_id:") || line.starts_with("map_id:"))
                ids.insert(line);
        }
    }
    return ids;
}

bool existsInKernel(const std::string& line)
{
    const auto id = static_cast<std::uint32_t>(std::stoul(line.substr(line.find(':') + 1)));
    const int fd = line.starts_with("prog_id:") ? bpf_prog_get_fd_by_id(id) : bpf_map_get_fd_by_id(id);
    if (fd >= 0)
        close(fd);
    return fd >= 0;
}

std::size_t remaining(const std::set<std::string>& ids)
{
    return static_cast<std::size_t>(std::count_if(ids.begin(), ids.end(), existsInKernel));
}

TEST(Loading, leavesNothingInTheKernelWhenKilled)
{
    Gate loaded;
    Gate never;
    Child agent([&] {
        RecordingSink sink;
        const auto probes = ProbeSet::create({}, sink);
        if (!probes)
            return probes.error().code == ErrorCode::Denied ? 77 : 1;
        loaded.open();
        never.pass();
        return 0;
    });
    for (int i = 0; i < 2000 && agent.running() && heldBy(agent.pid()).size() < 15; ++i)
        usleep(5000);
    if (!agent.running() && agent.wait() == 77)
        GTEST_SKIP() << "eBPF is refused";
    loaded.pass();
    const auto ids = heldBy(agent.pid());
    ASSERT_GE(remaining(ids), 15u);
    agent.signal(SIGKILL);
    agent.wait();
    for (int i = 0; i < 1000 && remaining(ids) > 0; ++i) // the kernel frees after a grace period
        usleep(10000);
    EXPECT_EQ(remaining(ids), 0u);
}

} // namespace
} // namespace binnacle::agent::test
