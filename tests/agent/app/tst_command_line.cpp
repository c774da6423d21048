// SPDX-License-Identifier: Apache-2.0
#include "agent/app/command_line.h"

#include "agent/probes/hooks.h"
#include "tests/agent/buffer/sample_seconds.h"

#include <fstream>
#include <gtest/gtest.h>

namespace binnacle::agent {
namespace {

Parsed parse(std::vector<const char*> arguments)
{
    arguments.insert(arguments.begin(), "binnacle-agent");
    return parseCommandLine(static_cast<int>(arguments.size()), arguments.data());
}

TEST(CommandLine, runsWithTheDefaultsOfTheDesign)
{
    const Parsed parsed = parse({"run"});
    ASSERT_TRUE(parsed.invocation.has_value());
    EXPECT_EQ(parsed.invocation->command, Command::Run);
    const RunOptions& run = parsed.invocation->run;
    EXPECT_TRUE(run.buffer.folder.empty());
    EXPECT_EQ(run.buffer.memoryBytes, 64u << 20);
    EXPECT_EQ(run.buffer.diskBytes, 512u << 20);
    EXPECT_EQ(run.probes.ringBytes, 16u << 20);
    EXPECT_EQ(run.probes.maxConnections, 65536u);
    EXPECT_EQ(run.probes.capture, CaptureSource::Automatic);
    EXPECT_EQ(run.kubernetes.mode, KubernetesOptions::Mode::Auto);
    EXPECT_TRUE(run.kubernetes.nodeName.empty());
}

TEST(CommandLine, takesEveryOption)
{
    const Parsed parsed = parse({"run", "--listen", "127.0.0.1:1234", "--buffer", "/b", "--buffer-memory", "32M", "--buffer-disk", "1G", "--ring-bytes", "64K",
                                 "--capture", "syscall", "--disable-hook", "reset_sent", "--disable-hook", "process_exit", "--btf", "/x.btf", "--max-connections",
                                 "1000", "--cpu-budget", "25", "--kubernetes", "on", "--node-name", "node-a", "--kube-labels", "team,tier"});
    ASSERT_TRUE(parsed.invocation.has_value());
    const RunOptions& run = parsed.invocation->run;
    EXPECT_EQ(run.listen.toText(), "127.0.0.1:1234");
    EXPECT_EQ(run.buffer.folder, "/b");
    EXPECT_EQ(run.buffer.memoryBytes, 32u << 20);
    EXPECT_EQ(run.buffer.diskBytes, 1u << 30);
    EXPECT_EQ(run.probes.ringBytes, 64u << 10);
    EXPECT_EQ(run.probes.capture, CaptureSource::Syscall);
    EXPECT_EQ(run.probes.disabled, (std::vector{Hook::ResetSent, Hook::ProcessExit}));
    EXPECT_EQ(run.probes.btfFile, "/x.btf");
    EXPECT_EQ(run.probes.maxConnections, 1000u);
    EXPECT_DOUBLE_EQ(run.cpuShare, 0.25);
    EXPECT_EQ(run.kubernetes.mode, KubernetesOptions::Mode::On);
    EXPECT_EQ(run.kubernetes.nodeName, "node-a");
    EXPECT_EQ(run.kubernetes.labels, "team,tier");
}

TEST(CommandLine, aRelayLooksForTheAgentUnlessItIsNamed)
{
    const Parsed parsed = parse({"relay"});
    ASSERT_TRUE(parsed.invocation.has_value());
    EXPECT_EQ(parsed.invocation->command, Command::Relay);
    EXPECT_FALSE(parsed.invocation->relay.listen.has_value());
    EXPECT_EQ(parse({"relay", "--listen", "unix:/x.sock"}).invocation->relay.listen->toText(), "unix:/x.sock");
    EXPECT_FALSE(parse({"relay", "--listen", "nonsense"}).invocation.has_value());
}

TEST(CommandLine, agentsHaveADoorForGatewaysOnlyWhenTheyAreTold)
{
    EXPECT_EQ(parse({"run"}).invocation->run.gatewayPort, 0);
    EXPECT_EQ(parse({"run", "--gateway-port=9466"}).invocation->run.gatewayPort, 9466);
    EXPECT_EQ(parse({"run", "--gateway-port=0"}).status, 2);
    EXPECT_EQ(parse({"run", "--gateway-port=70000"}).status, 2);
}

TEST(CommandLine, aGatewayTakesItsOptions)
{
    const Parsed plain = parse({"gateway"});
    ASSERT_TRUE(plain.invocation.has_value());
    EXPECT_EQ(plain.invocation->command, Command::Gateway);
    EXPECT_EQ(plain.invocation->gateway.tailBytes, 256u << 10);
    EXPECT_EQ(plain.invocation->gateway.nameSpace, "");
    const Parsed parsed = parse({"gateway", "--listen", "127.0.0.1:1234", "--namespace", "watch", "--agent-memory", "1M"});
    ASSERT_TRUE(parsed.invocation.has_value());
    EXPECT_EQ(parsed.invocation->gateway.listen.toText(), "127.0.0.1:1234");
    EXPECT_EQ(parsed.invocation->gateway.nameSpace, "watch");
    EXPECT_EQ(parsed.invocation->gateway.tailBytes, 1u << 20);
    EXPECT_EQ(parse({"gateway", "--agent-memory", "1K"}).status, 2);
    EXPECT_EQ(parse({"gateway", "--listen", "0.0.0.0:9465"}).status, 2);
}

TEST(CommandLine, aProbeAsksOnlyWhetherAnAgentRuns)
{
    const Parsed parsed = parse({"check", "--running", "--listen=127.0.0.1:1234"});
    ASSERT_TRUE(parsed.invocation.has_value());
    EXPECT_EQ(parsed.invocation->command, Command::CheckRunning);
    EXPECT_EQ(parsed.invocation->run.listen.toText(), "127.0.0.1:1234");
    EXPECT_EQ(parse({"check"}).invocation->command, Command::Check);
}

TEST(CommandLine, readsOptionsFromAFile)
{
    const samples::ScratchFolder scratch;
    const std::string file = (scratch.path() / "agent.conf").string();
    std::ofstream(file) << "# of this host\nbuffer-memory = \"48M\"\nring-bytes = 1M\nlisten = \"unix:/tmp/x.sock\"\nkubernetes = off\nkube-labels = team\n";
    const Parsed parsed = parse({"run", "--config", file.c_str(), "--ring-bytes", "2M"});
    ASSERT_TRUE(parsed.invocation.has_value());
    EXPECT_EQ(parsed.invocation->run.buffer.memoryBytes, 48u << 20);
    EXPECT_EQ(parsed.invocation->run.probes.ringBytes, 2u << 20); // what was typed counts more
    EXPECT_EQ(parsed.invocation->run.listen.toText(), "unix:/tmp/x.sock");
    EXPECT_EQ(parsed.invocation->run.kubernetes.mode, KubernetesOptions::Mode::Off);
    EXPECT_EQ(parsed.invocation->run.kubernetes.labels, "team");
}

TEST(CommandLine, endsWithStatusTwoAndASentenceWhenItIsUsedWrongly)
{
    const std::vector<std::pair<std::vector<const char*>, const char*>> cases{
        {{}, "required"},
        {{"fly"}, "fly"},
        {{"run", "--listen", "0.0.0.0:1"}, "port-forward"},
        {{"run", "--listen", "nowhere"}, "unix:PATH"},
        {{"run", "--buffer-memory", "lots"}, "no size"},
        {{"run", "--buffer-memory", "1M"}, "at least"},
        {{"run", "--capture", "smell"}, "socket or syscall"},
        {{"run", "--disable-hook", "nothing"}, "process_exit"},
        {{"run", "--cpu-budget", "0"}, "--cpu-budget"},
        {{"run", "--kubernetes", "maybe"}, "auto, on or off"},
        {{"dump", "--last", "soon", "-o", "x"}, "15m"},
        {{"dump"}, "output"},
        {{"run", "--config", "/no/such/file"}, "--config"},
    };
    for (const auto& [arguments, expected] : cases) {
        testing::internal::CaptureStderr();
        const Parsed parsed = parse(arguments);
        const std::string said = testing::internal::GetCapturedStderr();
        EXPECT_FALSE(parsed.invocation.has_value());
        EXPECT_EQ(parsed.status, 2) << said;
        EXPECT_NE(said.find(expected), std::string::npos) << said;
    }
}

TEST(CommandLine, printsItsVersionAndIsDone)
{
    testing::internal::CaptureStdout();
    const Parsed parsed = parse({"--version"});
    EXPECT_EQ(testing::internal::GetCapturedStdout().rfind("binnacle-agent ", 0), 0u);
    EXPECT_FALSE(parsed.invocation.has_value());
    EXPECT_EQ(parsed.status, 0);
}

TEST(ParseSize, readsPowersOf1024)
{
    for (const auto& [text, bytes] : std::vector<std::pair<const char*, std::uint64_t>>{
             {"0", 0}, {"65536", 65536}, {"64K", 65536}, {"64KiB", 65536}, {"64M", 64ull << 20}, {"1G", 1ull << 30}, {"1GB", 1ull << 30}})
        EXPECT_EQ(parseSize(text), bytes) << text;
    for (const char* text : {"", "M", "-1", "1T", "1.5M", "64 M", "99999999999G", "K64"})
        EXPECT_FALSE(parseSize(text).has_value()) << text;
}

} // namespace
} // namespace binnacle::agent
