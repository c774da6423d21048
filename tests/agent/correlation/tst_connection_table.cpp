// SPDX-License-Identifier: Apache-2.0
#include "agent/correlation/connection_table.h"

#include <gtest/gtest.h>

namespace binnacle::agent {
namespace {

ConnectionOpened opened(std::uint64_t id, const char* local, std::uint16_t localPort, const char* remote, std::uint16_t remotePort,
                        std::uint32_t netns = 1, std::uint64_t at = 1, Side side = Side::Unknown)
{
    ConnectionOpened event{};
    event.at = hostTime(at);
    event.connection = ConnectionId{id};
    event.addresses = {{*InternetAddress::parse(local), localPort}, {*InternetAddress::parse(remote), remotePort}, NetworkNamespace{netns}};
    event.side = side;
    return event;
}

TEST(ConnectionTableTest, endsOfOneConnectionFindEachOtherInEitherOrder)
{
    ConnectionTable table;
    Connection& server = table.opened(opened(2, "10.0.0.2", 80, "10.0.0.1", 4000, 6));
    Connection& client = table.opened(opened(1, "10.0.0.1", 4000, "10.0.0.2", 80, 5));
    EXPECT_EQ(client.peer, &server);
    EXPECT_EQ(server.peer, &client);
}

TEST(ConnectionTableTest, loopbackIsMatchedInsideItsNamespaceOnly)
{
    ConnectionTable table;
    Connection& client = table.opened(opened(1, "127.0.0.1", 4000, "127.0.0.1", 80, 5));
    table.opened(opened(2, "127.0.0.1", 80, "127.0.0.1", 4000, 6));
    EXPECT_EQ(client.peer, nullptr);
    Connection& server = table.opened(opened(3, "127.0.0.1", 80, "127.0.0.1", 4000, 5));
    EXPECT_EQ(client.peer, &server);
}

TEST(ConnectionTableTest, reusedTuplesPairTheOnesThatOpenedTogether)
{
    ConnectionTable table;
    // Old ones whose close was not drained yet, the new ones in the other order.
    Connection& oldClient = table.opened(opened(1, "10.0.0.1", 4000, "10.0.0.2", 80, 5, 100, Side::Client));
    Connection& oldServer = table.opened(opened(2, "10.0.0.2", 80, "10.0.0.1", 4000, 6, 101, Side::Server));
    Connection& newServer = table.opened(opened(4, "10.0.0.2", 80, "10.0.0.1", 4000, 6, 201, Side::Server));
    Connection& newClient = table.opened(opened(3, "10.0.0.1", 4000, "10.0.0.2", 80, 5, 200, Side::Client));
    EXPECT_EQ(oldClient.peer, &oldServer);
    EXPECT_EQ(newClient.peer, &newServer);
    table.erase(oldClient);
    table.erase(oldServer);
    EXPECT_EQ(newServer.peer, &newClient);
}

TEST(ConnectionTableTest, nearestInTimeWhenTheOldPeerWasNeverSeen)
{
    ConnectionTable table;
    Connection& old = table.opened(opened(1, "10.0.0.1", 4000, "10.0.0.2", 80, 5, 100, Side::Client));
    Connection& fresh = table.opened(opened(2, "10.0.0.1", 4000, "10.0.0.2", 80, 5, 900, Side::Client));
    Connection& server = table.opened(opened(3, "10.0.0.2", 80, "10.0.0.1", 4000, 6, 901, Side::Server));
    EXPECT_EQ(server.peer, &fresh);
    EXPECT_EQ(old.peer, nullptr);
}

TEST(ConnectionTableTest, aFreshEndTakesItsPeerFromOneOfTheConnectionBefore)
{
    ConnectionTable table;
    Connection& oldClient = table.opened(opened(1, "10.0.0.1", 4000, "10.0.0.2", 80, 5, 100, Side::Client));
    Connection& oldServer = table.opened(opened(2, "10.0.0.2", 80, "10.0.0.1", 4000, 6, 101, Side::Server));
    table.erase(oldClient); // the close of the other end was not told yet
    Connection& client = table.opened(opened(3, "10.0.0.1", 4000, "10.0.0.2", 80, 5, 200, Side::Client));
    Connection& server = table.opened(opened(4, "10.0.0.2", 80, "10.0.0.1", 4000, 6, 201, Side::Server));
    EXPECT_EQ(client.peer, &server);
    EXPECT_EQ(server.peer, &client);
    EXPECT_EQ(oldServer.peer, nullptr);
}

TEST(ConnectionTableTest, aSocketConnectedToItselfHasNoPeer)
{
    ConnectionTable table;
    EXPECT_EQ(table.opened(opened(1, "127.0.0.1", 4000, "127.0.0.1", 4000)).peer, nullptr);
}

TEST(ConnectionTableTest, placeholdersBecomeConnections)
{
    ConnectionTable table;
    Connection& early = table.ensure(ConnectionId{7}, hostTime(5));
    EXPECT_FALSE(early.opened);
    EXPECT_EQ(&table.opened(opened(7, "10.0.0.1", 4000, "10.0.0.2", 80)), &early);
    EXPECT_TRUE(early.opened);
    EXPECT_EQ(&table.opened(opened(7, "10.0.0.9", 1, "10.0.0.9", 2)), &early) << "told twice";
    EXPECT_EQ(early.addresses.local.port, 4000);
}

/// The connections seen lately are remembered in fewer places than there are connections: each is found, none after its end.
TEST(ConnectionTableTest, moreThanAreRememberedAreFoundUntilErased)
{
    constexpr std::uint64_t kMany = 2'000;
    ConnectionTable table;
    for (std::uint64_t id = 1; id <= kMany; ++id)
        table.ensure(ConnectionId{id}, hostTime(1));
    for (int round = 0; round < 2; ++round) {
        for (std::uint64_t id = 1; id <= kMany; ++id) {
            Connection* found = table.find(ConnectionId{id});
            ASSERT_NE(found, nullptr);
            EXPECT_EQ(found->id, ConnectionId{id});
        }
    }
    for (std::uint64_t id = 1; id <= kMany; id += 2)
        table.erase(*table.find(ConnectionId{id}));
    for (std::uint64_t id = 1; id <= kMany; ++id)
        EXPECT_EQ(table.find(ConnectionId{id}) != nullptr, id % 2 == 0) << id;
}

TEST(ConnectionTableTest, erasingLeavesNothing)
{
    ConnectionTable table;
    for (std::uint64_t i = 1; i <= 100'000; ++i) {
        table.opened(opened(2 * i, "10.0.0.1", static_cast<std::uint16_t>(i % 7), "10.0.0.2", 80));
        Connection& server = table.opened(opened(2 * i + 1, "10.0.0.2", 80, "10.0.0.1", static_cast<std::uint16_t>(i % 7)));
        ASSERT_NE(server.peer, nullptr);
        table.erase(*table.find(ConnectionId{2 * i}));
        EXPECT_EQ(server.peer, nullptr);
        table.erase(server);
    }
    EXPECT_EQ(table.size(), 0u);
    EXPECT_EQ(table.find(ConnectionId{2}), nullptr);
}

} // namespace
} // namespace binnacle::agent
