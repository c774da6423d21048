// SPDX-License-Identifier: Apache-2.0
#include "agent/metadata/process_table.h"

#include "tests/agent/support/fake_proc.h"

#include <gtest/gtest.h>
#include <unistd.h>

namespace binnacle::agent::test {
namespace {

class ProcessTableTest : public ::testing::Test {
protected:
    ProcessForked forked(std::uint32_t parent, std::uint32_t pid, std::uint64_t at)
    {
        ProcessForked event{};
        event.at = hostTime(at);
        event.task.pid = ProcessId{pid};
        event.task.name = "forked";
        event.parent = ProcessId{parent};
        event.startNs = at;
        return event;
    }
    ProcessExited exited(std::uint32_t pid, std::uint64_t at)
    {
        ProcessExited event{};
        event.at = hostTime(at);
        event.task.pid = ProcessId{pid};
        return event;
    }
    Task task(std::uint32_t pid) { return {ProcessId{pid}, pid, 0, "comm"}; }

    FakeProc proc;
    ProcfsSource source{proc.root()};
    ProcessTable table{source};
};

TEST_F(ProcessTableTest, readsWhatProcShows)
{
    proc.add({.pid = 5, .parent = 2, .comm = "a) (b", .executable = "/usr/bin/python3.11", .arguments = {"python3", "/x/orders.py"},
              .environment = {"SERVICE_NAME=orders-service"}, .cgroup = "0::/system.slice/orders.service\n", .netns = 4026531840});
    table.seed();
    Process* process = table.find(ProcessId{5}, hostTime(1));
    ASSERT_NE(process, nullptr);
    const ProcessFacts& facts = table.factsOf(*process);
    EXPECT_EQ(facts.comm, "a) (b");
    EXPECT_EQ(facts.parent.value, 2u);
    EXPECT_EQ(facts.startNs, 1000ull * 10'000'000);
    EXPECT_EQ(facts.netns.value, 4026531840u);
    EXPECT_EQ(facts.serviceName, "orders-service");
    EXPECT_EQ(facts.cgroup.unit, "orders");
    EXPECT_EQ(facts.program.name, "orders");
}

TEST_F(ProcessTableTest, realProcShowsThisProcess)
{
    ProcfsSource real("/proc");
    const auto facts = real.read(ProcessId{static_cast<std::uint32_t>(::getpid())});
    ASSERT_TRUE(facts.has_value());
    EXPECT_EQ(facts->parent.value, static_cast<std::uint32_t>(::getppid()));
    EXPECT_EQ(facts->program.name, "tst_agent_metadata");
    EXPECT_NE(facts->netns.value, 0u);
    EXPECT_GT(facts->startNs, 0u);
}

TEST_F(ProcessTableTest, childrenAreWhatTheirParentIs)
{
    proc.add({.pid = 5, .comm = "web", .executable = "/bin/web"});
    table.seed();
    table.on(forked(5, 6, 20'000'000'000));
    Process* child = table.find(ProcessId{6}, hostTime(20'000'000'000));
    ASSERT_NE(child, nullptr);
    EXPECT_EQ(table.factsOf(*child).program.name, "web");
    EXPECT_EQ(table.takeUnnamed(), 0u);
}

TEST_F(ProcessTableTest, execMakesAnotherProgramOfTheSameProcess)
{
    proc.add({.pid = 5, .comm = "sh", .executable = "/bin/dash", .environment = {"OTEL_SERVICE_NAME=shop"}, .cgroup = "0::/docker\n"});
    table.seed();
    table.on(forked(5, 6, 20'000'000'000));
    ProcessExeced event{};
    event.at = hostTime(20'000'100'000);
    event.task = task(6);
    event.parent = ProcessId{5};
    event.startNs = 20'000'000'000;
    event.executable = "/usr/bin/curl";
    event.arguments = FakeProc::zeroSeparated({"curl", "http://x"});
    Process& process = table.on(event);
    EXPECT_EQ(process.facts->program.name, "curl");
    EXPECT_EQ(process.facts->serviceName, "shop") << "an environment is inherited";
    EXPECT_EQ(process.facts->cgroup.path, "/docker");
}

TEST_F(ProcessTableTest, whatARuntimeStartedInAPodAndEndedAtOnceIsOfThePod)
{
    // `kubectl exec POD -- curl …`: its parent is the runtime, and it has ended before /proc can be asked.
    const std::string uid = "0b9f3a5e-6c1d-4c4e-9b0a-1f2e3d4c5b6a", container(64, 'c'), sandbox(64, 'a');
    const std::string pod = "0::/kubepods/besteffort/pod" + uid + '/';
    proc.add({.pid = 1, .comm = "init", .netns = 10});
    proc.add({.pid = 5, .comm = "runc", .executable = "/usr/sbin/runc", .cgroup = "0::/runtime\n", .netns = 10});
    proc.add({.pid = 7, .comm = "sleep", .executable = "/bin/sleep", .cgroup = pod + container + '\n', .netns = 20});
    proc.add({.pid = 8, .comm = "other", .executable = "/bin/other", .cgroup = "0::/kubepods/besteffort/podx/" + sandbox + '\n', .netns = 10});
    table.seed();
    const auto execed = [this](std::uint32_t pid, std::uint32_t netns) {
        const std::uint64_t start = 20'000'000'000 + pid;
        table.on(forked(5, pid, start));
        ProcessExeced event{};
        event.at = hostTime(start + 100'000);
        event.task = task(pid);
        event.parent = ProcessId{5};
        event.startNs = start;
        event.netns = {netns};
        event.executable = "/usr/bin/curl";
        return table.on(event).facts;
    };
    EXPECT_EQ(execed(30, 20)->cgroup.podUid, uid);
    EXPECT_EQ(execed(31, 20)->cgroup.containerId, container);
    EXPECT_EQ(execed(32, 10)->cgroup.path, "/runtime") << "the host's own network says nothing, though a pod is in it as well";
    EXPECT_EQ(execed(33, 21)->cgroup.path, "/runtime") << "nobody is known there";
}

TEST_F(ProcessTableTest, anotherProcessInProcIsNotTakenForIt)
{
    proc.add({.pid = 6, .comm = "later", .executable = "/bin/later", .startTicks = 5000});
    table.on(forked(1, 6, 20'000'000'000)); // 20 s; /proc shows one that started at 50 s
    Process& process = table.ensure(task(6), hostTime(20'000'000'000));
    EXPECT_EQ(table.factsOf(process).program.name, "comm");
    EXPECT_EQ(table.takeUnnamed(), 1u);
    EXPECT_EQ(table.takeUnnamed(), 0u);
}

TEST_F(ProcessTableTest, whatIsOnItsWayOutIsNotAskedAnyMore)
{
    constexpr std::uint32_t kExiting = 0x4;
    proc.add({.pid = 5, .comm = "sh", .executable = "/bin/sh", .cgroup = "0::/container\n"});
    table.seed();
    proc.add({.pid = 6, .parent = 5, .comm = "curl", .executable = "/usr/bin/curl", .cgroup = "0::/\n", .startTicks = 2000, .flags = kExiting | 0x400000});
    table.on(forked(5, 6, 20'000'000'000));
    ProcessExeced event{};
    event.at = hostTime(20'000'100'000);
    event.task = task(6);
    event.parent = ProcessId{5};
    event.startNs = 20'000'000'000;
    event.executable = "/usr/bin/curl";
    EXPECT_EQ(table.on(event).facts->cgroup.path, "/container");
    EXPECT_EQ(table.ensure(task(6), hostTime(20'000'200'000)).facts->cgroup.path, "/container");
    EXPECT_EQ(table.takeUnnamed(), 0u);
}

TEST_F(ProcessTableTest, endedProcessesAreKeptForAMinute)
{
    constexpr std::uint64_t kSecond = 1'000'000'000;
    table.on(forked(1, 6, 10 * kSecond));
    table.ensure(task(6), hostTime(10 * kSecond));
    table.on(exited(6, 11 * kSecond));
    table.forget(hostTime(70 * kSecond));
    EXPECT_NE(table.find(ProcessId{6}, hostTime(10 * kSecond)), nullptr);
    table.forget(hostTime(72 * kSecond));
    EXPECT_EQ(table.find(ProcessId{6}, hostTime(10 * kSecond)), nullptr);
    EXPECT_EQ(table.size(), 0u);
}

TEST_F(ProcessTableTest, aPidUsedAgainKeepsBothForLateData)
{
    constexpr std::uint64_t kSecond = 1'000'000'000;
    table.on(forked(1, 6, 10 * kSecond));
    table.ensure(task(6), hostTime(10 * kSecond));
    table.on(exited(6, 11 * kSecond));
    table.on(forked(1, 6, 12 * kSecond));
    Process* before = table.find(ProcessId{6}, hostTime(10 * kSecond + 1));
    Process* after = table.find(ProcessId{6}, hostTime(13 * kSecond));
    ASSERT_NE(before, nullptr);
    ASSERT_NE(after, nullptr);
    EXPECT_NE(before, after);
    EXPECT_EQ(before->startNs, 10 * kSecond);
    EXPECT_EQ(after->startNs, 12 * kSecond);
}

TEST_F(ProcessTableTest, manyShortProcessesDoNotAccumulate)
{
    for (std::uint64_t i = 0; i < 100'000; ++i) {
        const auto pid = static_cast<std::uint32_t>(100 + i % 30'000);
        table.on(forked(1, pid, 1'000'000 * i));
        table.on(exited(pid, 1'000'000 * i + 500'000));
        if (i % 1'000 == 0)
            table.forget(hostTime(1'000'000 * i));
    }
    EXPECT_LE(table.size(), ProcessTable::kMaxEnded + 1'000);
    table.forget(hostTime(1'000'000'000'000));
    EXPECT_EQ(table.size(), 0u);
}

TEST_F(ProcessTableTest, treeRootIsTheTopmostOfTheSameProgram)
{
    proc.add({.pid = 2, .parent = 1, .comm = "sh", .executable = "/bin/dash"});
    proc.add({.pid = 5, .parent = 2, .comm = "nginx", .executable = "/usr/sbin/nginx"});
    proc.add({.pid = 6, .parent = 5, .comm = "nginx", .executable = "/usr/sbin/nginx"});
    table.seed();
    EXPECT_EQ(table.treeRoot(*table.find(ProcessId{6}, hostTime(1))).pid.value, 5u);
    EXPECT_EQ(table.treeRoot(*table.find(ProcessId{5}, hostTime(1))).pid.value, 5u);
}

TEST_F(ProcessTableTest, ourOwnProgramsAreKnownByName)
{
    proc.add({.pid = 5, .parent = 2, .comm = "binnacle-agent", .executable = "/usr/bin/binnacle-agent", .arguments = {"binnacle-agent", "gateway"}});
    proc.add({.pid = 8, .parent = 2, .comm = "binnacle-cache", .executable = "/usr/bin/binnacle-cache", .arguments = {"binnacle-cache"}});
    table.seed();
    EXPECT_TRUE(table.ignored(ProcessId{5}));
    EXPECT_FALSE(table.ignored(ProcessId{8})) << "somebody else's, whatever it begins with";
    table.on(forked(1, 9, 10));
    EXPECT_FALSE(table.ignored(ProcessId{9}));
    ProcessExeced event{};
    event.at = hostTime(20);
    event.task.pid = ProcessId{9};
    event.parent = ProcessId{1};
    event.startNs = 10;
    event.executable = "/usr/bin/binnacle-agent";
    event.arguments = std::string("binnacle-agent\0gateway", 22);
    table.on(event);
    EXPECT_TRUE(table.ignored(ProcessId{9}));
}

TEST_F(ProcessTableTest, ignoringIsInherited)
{
    table.on(forked(1, 6, 10));
    table.ignore(ProcessId{6});
    table.on(forked(6, 7, 20));
    EXPECT_TRUE(table.find(ProcessId{7}, hostTime(20))->ignored);
    table.on(exited(6, 30));
    table.on(forked(1, 6, 40));
    EXPECT_FALSE(table.find(ProcessId{6}, hostTime(40))->ignored) << "the same number is another process now";
}

} // namespace
} // namespace binnacle::agent::test
