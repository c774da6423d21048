// SPDX-License-Identifier: Apache-2.0
// Hundreds of agents behind one gateway, in one process: real services, TLS and proofs.  What it takes a host is printed, not asserted: both
// sides are in here.
#include "core/base/platform/process.h"
#include "tests/agent/gateway/gateway_test.h"

#include <cstdio>
#include <sys/resource.h>

namespace binnacle::agent::test {
namespace {

constexpr std::size_t kAgents = 300;
constexpr std::size_t kSeconds = 12;

void allowManyFiles()
{
    rlimit files{};
    ::getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &files);
}

TEST_F(GatewayTest, ofThreeHundredHostsASlowAndADeadOneHoldNobodyUp)
{
    allowManyFiles();
    for (std::size_t i = 0; i < kAgents; ++i)
        add();
    const std::uint64_t before = platform::ownResidentBytes();
    start();
    waitUntilConnected();
    v1::SubscribeRequest request;
    request.set_merged(true);
    const auto merged = readAll(request), hosts = readAll();
    const EntityKey gateway = EntityKey::ofText("gateway");
    FakeAgent& slow = *m_agents[100];
    FakeAgent& dead = *m_agents[200];
    for (const auto& agent : m_agents)
        agent->feed(1);
    waitFor([&] { return merged->ear.of(gateway).batches.size() == 1; });
    EXPECT_EQ(merged->ear.of(gateway).told.size(), kAgents);
    dead.stopServing();
    waitFor([&] { return merged->ear.of(dead.key()).presence.back() == v1::AGENT_PRESENCE_AWAY; });

    const Nanoseconds began = platform::ownCpuTime();
    for (std::size_t second = 2; second <= kSeconds; ++second) {
        for (const auto& agent : m_agents) {
            if (agent.get() != &slow && agent.get() != &dead)
                agent->feed(1);
        }
        for (const auto& agent : m_agents) { // no host's stream waits for another
            if (agent.get() != &slow && agent.get() != &dead)
                waitFor([&] { return hosts->ear.of(agent->key()).batches.size() == second; });
        }
        if (second >= 5) // until then the slow one is waited for, from then on nobody is
            waitFor([&] { return merged->ear.of(gateway).batches.size() == second; });
    }
    const std::chrono::duration<double, std::milli> spent = platform::ownCpuTime() - began;
    const Heard heard = merged->ear.of(gateway);
    for (const auto& agent : m_agents) {
        const bool isAway = agent.get() == &slow || agent.get() == &dead;
        EXPECT_EQ(heard.told.at(agent->node()), isAway ? 1 : heard.batches.size()) << agent->node();
        EXPECT_EQ(heard.missing.contains(agent->node()), isAway) << agent->node();
    }
    EXPECT_FALSE(merged->ear.isBroken() || hosts->ear.isBroken());
    std::printf("%zu agents, their services and the gateway in one process: %.0f KiB a host for the gateway with two readers, %.2f ms of CPU a host and second on both sides\n",
                kAgents, static_cast<double>(platform::ownResidentBytes() - before) / 1024 / kAgents, spent.count() / kAgents / (kSeconds - 1));
    std::printf("to a reader of all hosts' own seconds: %.0f B/s; of merged seconds: %.0f B/s, with all names\n",
                static_cast<double>(hosts->ear.bytes()) / kSeconds, static_cast<double>(merged->ear.bytes()) / static_cast<double>(heard.batches.size()));
}

} // namespace
} // namespace binnacle::agent::test
