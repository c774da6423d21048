// SPDX-License-Identifier: Apache-2.0
#include "agent/correlation/listener_table.h"

#include <gtest/gtest.h>

namespace binnacle::agent {
namespace {

Endpoint endpoint(const char* address, std::uint16_t port) { return {*InternetAddress::parse(address), port}; }

ListenStarted started(const char* address, std::uint16_t port, std::uint32_t pid, std::uint32_t netns = 1, std::uint64_t socket = 0)
{
    ListenStarted event{};
    event.local = endpoint(address, port);
    event.netns = NetworkNamespace{netns};
    event.task.pid = ProcessId{pid};
    event.connection = ConnectionId{socket};
    return event;
}

ListenEnded ended(const char* address, std::uint16_t port, std::uint64_t socket = 0)
{
    ListenEnded event{};
    event.local = endpoint(address, port);
    event.netns = NetworkNamespace{1};
    event.connection = ConnectionId{socket};
    return event;
}

std::uint32_t owner(ListenerTable& table, const char* address, std::uint16_t port, std::uint32_t netns = 1)
{
    const ListeningSocket* listener = table.find(NetworkNamespace{netns}, endpoint(address, port));
    return listener ? listener->task.pid.value : 0;
}

TEST(ListenerTableTest, specificThenWildcardOfTheFamilyThenAny)
{
    ListenerTable table;
    table.started(started("::", 80, 3));
    EXPECT_EQ(owner(table, "10.0.0.1", 80), 3u) << ":: takes IPv4 as well";
    EXPECT_EQ(owner(table, "2001:db8::1", 80), 3u);
    table.started(started("0.0.0.0", 80, 2));
    EXPECT_EQ(owner(table, "10.0.0.1", 80), 2u);
    EXPECT_EQ(owner(table, "2001:db8::1", 80), 3u);
    table.started(started("10.0.0.1", 80, 1));
    EXPECT_EQ(owner(table, "::ffff:10.0.0.1", 80), 1u);
    EXPECT_EQ(owner(table, "10.0.0.2", 80), 2u);
    EXPECT_EQ(owner(table, "10.0.0.1", 81), 0u);
    EXPECT_EQ(owner(table, "10.0.0.1", 80, 2), 0u) << "another network namespace";
}

TEST(ListenerTableTest, aSharedPortEndsWithItsLastSocket)
{
    ListenerTable table;
    table.started(started("0.0.0.0", 80, 1));
    table.started(started("0.0.0.0", 80, 2));
    EXPECT_FALSE(table.ended(ended("0.0.0.0", 80)).has_value());
    EXPECT_EQ(owner(table, "10.0.0.1", 80), 1u);
    EXPECT_TRUE(table.ended(ended("0.0.0.0", 80)).has_value());
    EXPECT_EQ(table.size(), 0u);
    EXPECT_FALSE(table.ended(ended("0.0.0.0", 80)).has_value());
}

TEST(ListenerTableTest, whatEndedLatelyIsFoundForConnectionsThatWereThereBefore)
{
    ListenerTable table;
    const NetworkNamespace netns{1};
    const auto at = [](int milliseconds) { return HostTime(std::chrono::milliseconds(milliseconds)); };
    table.started(started("0.0.0.0", 80, 7));
    EXPECT_FALSE(table.findEnded(netns, endpoint("10.0.0.1", 80), at(0))) << "it listens still";
    ListenEnded event = ended("0.0.0.0", 80);
    event.at = at(100);
    table.ended(event);
    const ListeningSocket* gone = table.findEnded(netns, endpoint("10.0.0.1", 80), at(99));
    ASSERT_TRUE(gone);
    EXPECT_EQ(gone->task.pid.value, 7u);
    EXPECT_FALSE(table.findEnded(netns, endpoint("10.0.0.1", 80), at(200))) << "it opened after the end";
    EXPECT_FALSE(table.findEnded(netns, endpoint("10.0.0.1", 81), at(99)));
    EXPECT_FALSE(table.findEnded(NetworkNamespace{2}, endpoint("10.0.0.1", 80), at(99)));
    table.started(started("0.0.0.0", 90, 8));
    ListenEnded later = ended("0.0.0.0", 90);
    later.at = at(100) + ListenerTable::kKeepEnded + std::chrono::seconds(1);
    table.ended(later);
    EXPECT_FALSE(table.findEnded(netns, endpoint("10.0.0.1", 80), at(99))) << "forgotten by then";
}

TEST(ListenerTableTest, queuesOfItsSocketsAddUp)
{
    ListenerTable table;
    ListeningSocket& listener = table.started(started("0.0.0.0", 80, 1, 1, 11));
    table.started(started("0.0.0.0", 80, 1, 1, 12));
    SocketSample sample{};
    sample.state = TcpState::Listen;
    sample.acceptQueueLimit = 128;
    for (const auto& [socket, queue] : {std::pair(11u, 5u), {12u, 7u}, {11u, 6u}, {99u, 50u}}) {
        sample.connection = ConnectionId{socket};
        sample.acceptQueue = queue;
        table.sampled(sample);
    }
    EXPECT_EQ(listener.acceptQueue, 13u);
    EXPECT_EQ(listener.acceptQueueLimit, 256u);
    table.ended(ended("0.0.0.0", 80, 12));
    EXPECT_EQ(listener.acceptQueue, 6u);
    EXPECT_EQ(listener.acceptQueueLimit, 128u);
}

} // namespace
} // namespace binnacle::agent
