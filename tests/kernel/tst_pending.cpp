// SPDX-License-Identifier: Apache-2.0
#include "tests/kernel/support/hanging_connect.h"
#include "tests/kernel/support/observed.h"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <optional>

namespace binnacle::agent::test {
namespace {

constexpr Nanoseconds kTick = std::chrono::milliseconds(2); // the kernel's time stamps count milliseconds

class PendingConnects : public testing::TestWithParam<CaptureSource> {};
INSTANTIATE_TEST_SUITE_P(BothSources, PendingConnects, testing::Values(CaptureSource::Socket, CaptureSource::Syscall),
                         [](const auto& info) { return info.param == CaptureSource::Socket ? "socket" : "syscall"; });

/// What one more look at all sockets says of connects to that port.
std::optional<ConnectPending> look(ProbeSet& probes, RecordingSink& sink, std::uint16_t port)
{
    sink.pending.clear();
    probes.drain(sink);
    probes.sample(sink);
    const auto found = std::ranges::find(sink.pending, port, [](const ConnectPending& e) { return e.addresses.remote.port; });
    return found == sink.pending.end() ? std::nullopt : std::optional(*found);
}

/// Looks until one that has sent its SYN again is told; nothing when that takes for ever.
std::optional<ConnectPending> waitForRetransmit(ProbeSet& probes, RecordingSink& sink, std::uint16_t port)
{
    for (int i = 0; i < 3'000; ++i) {
        if (const auto found = look(probes, sink, port); found && found->synRetransmits > 0)
            return found;
        usleep(20'000);
    }
    return std::nullopt;
}

void expectBeganWithin(const ConnectPending& event, const HangingClient& client)
{
    EXPECT_GE(event.began, client.before() - kTick);
    EXPECT_LE(event.began, client.after() + kTick);
    EXPECT_GE(event.at - event.began, std::chrono::seconds(1));
}

TEST_P(PendingConnects, areToldUntilTheyAreAnswered)
{
    RecordingSink sink;
    BN_OBSERVE(probes, sink, withCapture(GetParam()));
    FullListener server;
    HangingClient client(server.number());
    const auto first = waitForRetransmit(*probes, sink, server.number());
    ASSERT_TRUE(first);
    expectBeganWithin(*first, client);
    EXPECT_EQ(first->task.pid.value, static_cast<std::uint32_t>(client.child().pid()));
    EXPECT_EQ(first->addresses.remote.toText(), "127.0.0.1:" + std::to_string(server.number()));
    EXPECT_NE(first->addresses.local.port, 0);
    const auto second = look(*probes, sink, server.number());
    ASSERT_TRUE(second);
    EXPECT_EQ(second->connection, first->connection);
    EXPECT_EQ(second->began, first->began);
    EXPECT_GT(second->at, first->at) << "its age grows";

    server.accept();
    drainWhile(*probes, sink, client.child());
    EXPECT_EQ(client.child().wait(), 0);
    probes->drainAll(sink);
    EXPECT_FALSE(look(*probes, sink, server.number()));
    const auto& opened = sink.connections[first->connection.value].opened;
    ASSERT_TRUE(opened);
    EXPECT_EQ(opened->connectBegan, first->began);
    EXPECT_TRUE(sink.losses.empty());
}

TEST_P(PendingConnects, thatBeganBeforeTheAgentHaveTheirTrueAge)
{
    FullListener server;
    HangingClient client(server.number());
    RecordingSink sink;
    BN_OBSERVE(probes, sink, withCapture(GetParam()));
    const auto told = waitForRetransmit(*probes, sink, server.number());
    ASSERT_TRUE(told);
    expectBeganWithin(*told, client);
    EXPECT_EQ(told->task.pid.value, static_cast<std::uint32_t>(client.child().pid()));

    server.accept();
    drainWhile(*probes, sink, client.child());
    EXPECT_EQ(client.child().wait(), 0);
    probes->drainAll(sink);
    const auto& opened = sink.connections[told->connection.value].opened;
    ASSERT_TRUE(opened);
    EXPECT_FALSE(opened->existed) << "its first byte is still to come";
    EXPECT_EQ(opened->side, Side::Client);
    EXPECT_EQ(opened->connectBegan, told->began);
}

TEST_P(PendingConnects, areGoneWhenTheProgramGivesUp)
{
    RecordingSink sink;
    BN_OBSERVE(probes, sink, withCapture(GetParam()));
    FullListener server;
    HangingClient client(server.number());
    const auto told = waitForRetransmit(*probes, sink, server.number());
    ASSERT_TRUE(told);
    client.child().signal(SIGKILL);
    client.child().wait();
    EXPECT_FALSE(look(*probes, sink, server.number()));
    probes->drainAll(sink);
    const auto failed = std::ranges::find(sink.failed, told->connection, &ConnectFailed::connection);
    ASSERT_NE(failed, sink.failed.end());
    EXPECT_EQ(failed->error, ECANCELED);
    EXPECT_EQ(failed->began, told->began);
    EXPECT_GE(failed->synRetransmits, told->synRetransmits);
}

} // namespace
} // namespace binnacle::agent::test
