// SPDX-License-Identifier: Apache-2.0
#include "tests/kernel/support/observed.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <map>
#include <set>

namespace binnacle::agent::test {
namespace {

class Connections : public testing::TestWithParam<CaptureSource> {};
INSTANTIATE_TEST_SUITE_P(BothSources, Connections, testing::Values(CaptureSource::Socket, CaptureSource::Syscall),
                         [](const auto& info) { return info.param == CaptureSource::Socket ? "socket" : "syscall"; });

/// What must hold of every connection that was seen whole and lost nothing.
void expectWhole(const RecordedConnection& c, const std::string& sent, const std::string& received)
{
    ASSERT_TRUE(c.opened && c.closed);
    EXPECT_FALSE(c.dataBeforeOpened);
    EXPECT_FALSE(c.dataAfterClosed);
    EXPECT_EQ(c.sent.text, sent);
    EXPECT_EQ(c.received.text, received);
    EXPECT_EQ(c.sent.missing + c.received.missing + c.sent.backwards + c.received.backwards, 0u);
    EXPECT_EQ(c.closed->tcp.bytesSent, sent.size());
    EXPECT_EQ(c.closed->tcp.bytesReceived, received.size());
    EXPECT_EQ(c.closed->payload.seenSent, sent.size());
    EXPECT_EQ(c.closed->payload.seenReceived, received.size());
    EXPECT_EQ(c.closed->payload.unseenSent + c.closed->payload.unseenReceived + c.closed->payload.lostSent + c.closed->payload.lostReceived, 0u);
}

TEST_P(Connections, areCountedExactlyWithTheirBytesAndOwners)
{
    constexpr int kConnections = 101;
    constexpr int kRequests = 3;
    const std::string request = pattern(211);
    const std::string reply = pattern(1201, 'A');
    RecordingSink sink;
    BN_OBSERVE(probes, sink, withCapture(GetParam()));
    const BoundPort port;
    const auto serverTalk = [&](int fd) {
        for (int i = 0; i < kRequests; ++i) {
            receiveExactly(fd, request.size());
            sendAll(fd, reply);
        }
        drainToEnd(fd);
    };
    const auto clientTalk = [&](int fd) {
        for (int i = 0; i < kRequests; ++i) {
            sendAll(fd, request);
            receiveExactly(fd, reply.size());
        }
    };
    const Conversation talk = converse(*probes, sink, port, kConnections, serverTalk, clientTalk);
    ASSERT_EQ(talk.failures, 0);

    const auto clients = sink.clientsOf(port.number());
    const auto servers = sink.serversOf(port.number());
    ASSERT_EQ(clients.size(), static_cast<std::size_t>(kConnections));
    ASSERT_EQ(servers.size(), static_cast<std::size_t>(kConnections));
    const std::string requests = request + request + request;
    const std::string replies = reply + reply + reply;
    for (const RecordedConnection* c : clients) {
        expectWhole(*c, requests, replies);
        EXPECT_EQ(c->opened->side, Side::Client);
        EXPECT_EQ(c->opened->task.pid.value, static_cast<std::uint32_t>(talk.client));
        EXPECT_GT(ns(c->opened->connectBegan), 0);
        EXPECT_LE(c->opened->connectBegan, c->opened->at);
        EXPECT_FALSE(c->owned) << "the caller of connect() is known already";
    }
    for (const RecordedConnection* c : servers) {
        expectWhole(*c, replies, requests);
        EXPECT_EQ(c->opened->side, Side::Server);
        ASSERT_TRUE(c->owned);
        EXPECT_EQ(c->owned->task.pid.value, static_cast<std::uint32_t>(talk.server));
    }
    probes->sample(sink);
    EXPECT_TRUE(sink.losses.empty());
}

TEST_P(Connections, sequenceNumbersAgreeAtBothEnds)
{
    RecordingSink sink;
    BN_OBSERVE(probes, sink, withCapture(GetParam()));
    const BoundPort port;
    struct FirstByte final : EventSink {
        explicit FirstByte(std::uint16_t number) : port(number) {}
        std::uint16_t port;
        std::set<std::uint64_t> ours; // other programs of the machine talk too, some of them with other machines
        std::map<std::uint64_t, std::uint32_t> sent, received;
        void on(const DataChunk& e) override
        {
            if (e.position == 0 && ours.contains(e.connection.value))
                (e.sent ? sent : received)[e.connection.value] = e.tcpSequence;
        }
        void on(const ConnectionOpened& e) override
        {
            if (e.addresses.local.port == port || e.addresses.remote.port == port)
                ours.insert(e.connection.value);
        }
        void on(const ConnectionOwned&) override {}
        void on(const ConnectionClosed&) override {}
        void on(const ConnectFailed&) override {}
        void on(const ListenStarted&) override {}
        void on(const ListenEnded&) override {}
        void on(const ProcessForked&) override {}
        void on(const ProcessExeced&) override {}
        void on(const ProcessExited&) override {}
        void on(const SocketSample&) override {}
        void on(const ConnectPending&) override {}
        void lost(Loss, std::uint64_t) override {}
    } first(port.number());
    Child server([&] { return serve(port, 1, [](int fd) { receiveExactly(fd, 100); sendAll(fd, pattern(300)); drainToEnd(fd); }); });
    Child client([&] { return connectTo(port.number(), 1, [](int fd) { sendAll(fd, pattern(100)); receiveExactly(fd, 300); }); });
    client.wait();
    server.wait();
    probes->drainAll(first);
    ASSERT_EQ(first.sent.size(), 2u);
    for (const auto& [connection, sequence] : first.sent) {
        const bool agreed = std::any_of(first.received.begin(), first.received.end(),
                                        [&](const auto& other) { return other.first != connection && other.second == sequence; });
        EXPECT_TRUE(agreed) << connection;
    }
}

TEST(ConnectFailures, haveTheirErrnoAndTheirCaller)
{
    constexpr int kRefused = 7;
    RecordingSink sink;
    BN_OBSERVE(probes, sink);
    std::uint16_t closedPort = 0;
    {
        const BoundPort port;
        closedPort = port.number();
    }
    Child client([&] {
        int refused = 0;
        for (int i = 0; i < kRefused; ++i)
            refused += connected(closedPort) == -ECONNREFUSED;
        return refused;
    });
    ASSERT_EQ(client.wait(), kRefused);
    probes->drainAll(sink);
    const auto ours = std::count_if(sink.failed.begin(), sink.failed.end(), [&](const ConnectFailed& e) {
        return e.addresses.remote.port == closedPort && e.error == ECONNREFUSED && e.task.pid.value == static_cast<std::uint32_t>(client.pid());
    });
    EXPECT_EQ(ours, kRefused);
    EXPECT_TRUE(sink.clientsOf(closedPort).empty());
}

TEST(Resets, areKnownAtBothEnds)
{
    RecordingSink sink;
    BN_OBSERVE(probes, sink);
    const BoundPort port;
    const auto resetAfterRequest = [](int fd) {
        receiveExactly(fd, 10);
        const linger now{1, 0};
        setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
    };
    const auto ask = [](int fd) {
        sendAll(fd, pattern(10));
        receiveExactly(fd, 1);
    };
    converse(*probes, sink, port, 3, resetAfterRequest, ask);
    for (const RecordedConnection* c : sink.clientsOf(port.number())) {
        ASSERT_TRUE(c->closed);
        EXPECT_TRUE(c->closed->resetReceived);
        EXPECT_EQ(c->closed->error, ECONNRESET);
    }
    ASSERT_EQ(sink.serversOf(port.number()).size(), 3u);
    for (const RecordedConnection* c : sink.serversOf(port.number())) {
        ASSERT_TRUE(c->closed);
        EXPECT_TRUE(c->closed->resetSent);
        EXPECT_FALSE(c->closed->resetReceived);
    }
}

/// The peer's FIN and its bytes arrive together, TCP is done, and only then the program reads: nothing may be missed.
TEST_P(Connections, bytesReadAfterTheEndAreStillSeen)
{
    const std::string reply = pattern(5003);
    RecordingSink sink;
    BN_OBSERVE(probes, sink, withCapture(GetParam()));
    const BoundPort port;
    const auto answerAndClose = [&](int fd) {
        receiveExactly(fd, 5);
        sendAll(fd, reply);
    };
    const auto halfCloseAndReadLate = [&](int fd) {
        sendAll(fd, pattern(5));
        shutdown(fd, SHUT_WR);
        usleep(30000);
        receiveExactly(fd, reply.size() + 1);
    };
    converse(*probes, sink, port, 3, answerAndClose, halfCloseAndReadLate);
    const auto clients = sink.clientsOf(port.number());
    ASSERT_EQ(clients.size(), 3u);
    for (const RecordedConnection* c : clients)
        expectWhole(*c, pattern(5), reply);
}

TEST_P(Connections, thatExistedAreFoundWithTheirListenerAndCountedFromThere)
{
    const BoundPort port;
    Gate before, go;
    Child server([&] {
        return serve(port, 1, [](int fd) {
            for (int i = 0; i < 2; ++i) {
                receiveExactly(fd, 1009);
                sendAll(fd, pattern(2003, 'A'));
            }
            drainToEnd(fd);
        });
    });
    Child client([&] {
        return connectTo(port.number(), 1, [&](int fd) {
            sendAll(fd, pattern(1009));
            receiveExactly(fd, 2003);
            before.open();
            go.pass();
            sendAll(fd, pattern(1009));
            receiveExactly(fd, 2003);
        });
    });
    before.pass();
    RecordingSink sink;
    BN_OBSERVE(probes, sink, withCapture(GetParam()));
    const auto listener = std::find_if(sink.listening.begin(), sink.listening.end(), [&](const ListenStarted& e) { return e.local.port == port.number(); });
    ASSERT_NE(listener, sink.listening.end());
    EXPECT_TRUE(listener->existed);
    EXPECT_EQ(listener->task.pid.value, static_cast<std::uint32_t>(server.pid()));
    ASSERT_EQ(sink.clientsOf(port.number()).size(), 1u);
    ASSERT_EQ(sink.serversOf(port.number()).size(), 1u);
    go.open();
    drainWhile(*probes, sink, client);
    server.wait();
    probes->drainAll(sink);

    const RecordedConnection& c = *sink.clientsOf(port.number()).front();
    ASSERT_TRUE(c.opened && c.closed);
    EXPECT_TRUE(c.opened->existed);
    EXPECT_EQ(c.opened->task.pid.value, static_cast<std::uint32_t>(client.pid()));
    EXPECT_EQ(c.sent.text, pattern(1009));
    EXPECT_EQ(c.received.text, pattern(2003, 'A'));
    EXPECT_EQ(c.closed->payload.seenSent, 1009u) << "counted from the start of the agent";
    EXPECT_EQ(c.closed->tcp.bytesSent, 2018u) << "counted by the kernel, from the start of the connection";
    EXPECT_EQ(c.closed->payload.unseenSent + c.closed->payload.unseenReceived, 0u);
}

TEST_P(Connections, foundByTheirFirstTransferWhenNothingElseCan)
{
    const BoundPort port;
    Gate before, go;
    Child server([&] { return serve(port, 1, [](int fd) { receiveExactly(fd, 5); sendAll(fd, "hello"); drainToEnd(fd); }); });
    Child client([&] {
        return connectTo(port.number(), 1, [&](int fd) { before.open(); go.pass(); sendAll(fd, "hello"); receiveExactly(fd, 5); });
    });
    before.pass();
    RecordingSink sink;
    ProbeOptions options = withCapture(GetParam());
    options.disabled = {Hook::ExistingSockets, Hook::SocketState};
    BN_OBSERVE(probes, sink, options);
    go.open();
    client.wait();
    server.wait();
    probes->drainAll(sink);
    ASSERT_EQ(sink.clientsOf(port.number()).size(), 1u);
    ASSERT_EQ(sink.serversOf(port.number()).size(), 1u);
    const RecordedConnection& c = *sink.clientsOf(port.number()).front();
    EXPECT_TRUE(c.opened->existed);
    EXPECT_EQ(c.sent.text, "hello");
    EXPECT_EQ(c.received.text, "hello");
    EXPECT_TRUE(c.closed) << "tcp_destroy_sock tells of the end";
}

TEST_P(Connections, shortOnesWithReusedPortsAreNotMixedUp)
{
    constexpr int kConnections = 5003;
    constexpr int kPorts = 16;
    RecordingSink sink;
    BN_OBSERVE(probes, sink, withCapture(GetParam()));
    const std::size_t trackedBefore = probes->trackedSockets();
    const BoundPort port;
    const auto number = [](int i) { return std::to_string(100000 + i); };
    Child server([&] { return serve(port, kConnections, [](int fd) { sendAll(fd, receiveExactly(fd, 6)); drainToEnd(fd); }); });
    Child client([&] {
        int failures = 0;
        for (int i = 0; i < kConnections; ++i) {
            int fd = -1;
            for (int again = 0; fd < 0 && again < 1000; ++again) {
                fd = connected(port.number(), static_cast<std::uint16_t>(21000 + i % kPorts));
                if (fd < 0)
                    usleep(2000);
            }
            sendAll(fd, number(i));
            failures += receiveExactly(fd, 6) != number(i);
            const linger now{1, 0}; // a reset leaves no TIME_WAIT: the 4-tuple is free again
            setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
            close(fd);
        }
        return std::min(failures, 100);
    });
    drainWhile(*probes, sink, client);
    drainWhile(*probes, sink, server);
    probes->drainAll(sink);
    ASSERT_EQ(client.wait(), 0);

    std::vector<std::string> seen;
    for (const RecordedConnection* c : sink.clientsOf(port.number())) {
        ASSERT_TRUE(c->closed);
        EXPECT_EQ(c->sent.text, c->received.text);
        EXPECT_EQ(c->closed->payload.seenSent, 6u);
        EXPECT_EQ(c->closed->payload.seenReceived, 6u);
        seen.push_back(c->sent.text);
    }
    std::sort(seen.begin(), seen.end());
    ASSERT_EQ(seen.size(), static_cast<std::size_t>(kConnections));
    for (int i = 0; i < kConnections; ++i)
        EXPECT_EQ(seen[static_cast<std::size_t>(i)], number(i));
    const auto servers = sink.serversOf(port.number());
    EXPECT_EQ(servers.size(), static_cast<std::size_t>(kConnections));
    for (const RecordedConnection* c : servers) {
        EXPECT_TRUE(c->closed);
        EXPECT_EQ(c->sent.text, c->received.text);
    }
    // Other programs of this machine come and go meanwhile; a leak would leave ten thousand.
    EXPECT_LT(probes->trackedSockets(), trackedBefore + kConnections / 10);
}

bool bringUpLoopback()
{
    const int fd = socket(AF_INET, SOCK_DGRAM, 0);
    ifreq request{};
    std::snprintf(request.ifr_name, sizeof(request.ifr_name), "lo");
    request.ifr_flags = IFF_UP | IFF_RUNNING;
    const bool up = ioctl(fd, SIOCSIFFLAGS, &request) == 0;
    close(fd);
    return up;
}

TEST_P(Connections, ofOtherNetworkNamespacesAreSeenWithTheirNamespace)
{
    Gate existing, go;
    Child inside([&] {
        if (unshare(CLONE_NEWNET) != 0)
            return 77;
        if (!bringUpLoopback())
            return 1;
        const BoundPort port;
        Child server([&] { return serve(port, 2, [](int fd) { sendAll(fd, receiveExactly(fd, 4)); drainToEnd(fd); }); });
        const auto ask = [](int fd) { sendAll(fd, "ping"); receiveExactly(fd, 4); };
        int failures = connectTo(port.number(), 1, ask);
        existing.open();
        go.pass();
        failures += connectTo(port.number(), 1, ask);
        return failures + server.wait();
    });
    if (!inside.running() && inside.wait() == 77)
        GTEST_SKIP() << "network namespaces cannot be made here";
    existing.pass();
    struct stat status {};
    ASSERT_EQ(stat(("/proc/" + std::to_string(inside.pid()) + "/ns/net").c_str(), &status), 0);
    const NetworkNamespace there{static_cast<std::uint32_t>(status.st_ino)};
    RecordingSink sink;
    BN_OBSERVE(probes, sink, withCapture(GetParam()));
    const auto listeners = std::count_if(sink.listening.begin(), sink.listening.end(), [&](const ListenStarted& e) { return e.netns == there; });
    EXPECT_EQ(listeners, 1);
    go.open();
    EXPECT_EQ(inside.wait(), 0);
    probes->drainAll(sink);
    int ends = 0;
    for (const auto& [id, c] : sink.connections) {
        if (c.opened && c.opened->addresses.netns == there) {
            ++ends;
            EXPECT_EQ(c.sent.text, "ping");
            EXPECT_EQ(c.received.text, "ping");
        }
    }
    EXPECT_EQ(ends, 2);
}

TEST(ConnectFailures, forWantOfALocalPortAreNotThoseThatWereGivenUp)
{
    RecordingSink sink;
    BN_OBSERVE(probes, sink);
    Child client([] {
        if (unshare(CLONE_NEWNET) != 0)
            return 77;
        const int range = bringUpLoopback() ? open("/proc/sys/net/ipv4/ip_local_port_range", O_WRONLY) : -1;
        if (write(range, "40001 40001", 11) != 11)
            return 1;
        const BoundPort port; // the only one there is
        return listen(port.descriptor(), 1) == 0 && connected(port.number()) == -EADDRNOTAVAIL ? 0 : 2;
    });
    const int status = client.wait();
    if (status == 77)
        GTEST_SKIP() << "network namespaces cannot be made here";
    ASSERT_EQ(status, 0);
    probes->drainAll(sink);
    const auto failed = std::find_if(sink.failed.begin(), sink.failed.end(), [&](const ConnectFailed& e) { return e.task.pid.value == static_cast<std::uint32_t>(client.pid()); });
    ASSERT_NE(failed, sink.failed.end());
    EXPECT_EQ(failed->error, EADDRNOTAVAIL);
}

TEST(Listeners, beginAndEndAndTellTheirQueue)
{
    RecordingSink sink;
    BN_OBSERVE(probes, sink);
    const BoundPort port;
    Gate waiting, go;
    Child server([&] {
        listen(port.descriptor(), 5);
        Child client([&] { return connectTo(port.number(), 3, [](int) {}); }); // nobody accepts them
        client.wait();
        waiting.open();
        go.pass();
        shutdown(port.descriptor(), SHUT_RDWR); // the parent holds the descriptor too
        return 0;
    });
    waiting.pass();
    probes->drainAll(sink);
    probes->sample(sink);
    const auto started = std::find_if(sink.listening.begin(), sink.listening.end(), [&](const ListenStarted& e) { return e.local.port == port.number(); });
    ASSERT_NE(started, sink.listening.end());
    EXPECT_FALSE(started->existed);
    const auto sampled = std::find_if(sink.samples.begin(), sink.samples.end(), [&](const SocketSample& e) { return e.connection == started->connection; });
    ASSERT_NE(sampled, sink.samples.end());
    EXPECT_EQ(sampled->state, TcpState::Listen);
    EXPECT_EQ(sampled->acceptQueue, 3u);
    EXPECT_EQ(sampled->acceptQueueLimit, 5u);
    go.open();
    server.wait();
    probes->drainAll(sink);
    const auto over = std::count_if(sink.ended.begin(), sink.ended.end(), [&](const ListenEnded& e) { return e.connection == started->connection; });
    EXPECT_EQ(over, 1);
}

/// A descriptor that listens by Multipath TCP on a loopback port of its own, as programs of Go 1.24 and newer do; -1 where the kernel has none.
int listenMultipath(std::uint16_t& port)
{
    constexpr int kMultipathTcp = 262; // IPPROTO_MPTCP
    const int fd = socket(AF_INET, SOCK_STREAM, kMultipathTcp);
    sockaddr_in address{.sin_family = AF_INET, .sin_port = 0, .sin_addr = {htonl(INADDR_LOOPBACK)}, .sin_zero = {}};
    socklen_t length = sizeof(address);
    if (fd < 0 || bind(fd, reinterpret_cast<sockaddr*>(&address), length) != 0 || listen(fd, 8) != 0 ||
        getsockname(fd, reinterpret_cast<sockaddr*>(&address), &length) != 0)
        return -1;
    port = ntohs(address.sin_port);
    return fd;
}

/// With the agent there before (false) or after (true) the server began to listen.
class MultipathServers : public ::testing::TestWithParam<bool> {};

TEST_P(MultipathServers, areListedAndReadLikeAnyOther)
{
    std::uint16_t port = 0;
    RecordingSink sink;
    std::unique_ptr<ProbeSet> early;
    if (!GetParam() && !(early = observe(sink)))
        return;
    // The child that listens is not the process that observes.
    int ends[2];
    ASSERT_EQ(pipe(ends), 0);
    Gate go;
    Child server([&] {
        std::uint16_t own = 0;
        const int fd = listenMultipath(own);
        if (write(ends[1], &own, sizeof(own)) != sizeof(own) || fd < 0)
            return 77;
        go.pass();
        for (int i = 0; i < 3; ++i) {
            const int accepted = accept(fd, nullptr, nullptr);
            receiveExactly(accepted, 1009);
            sendAll(accepted, pattern(2003, 'A'));
            drainToEnd(accepted);
            close(accepted);
        }
        return 0;
    });
    ASSERT_EQ(read(ends[0], &port, sizeof(port)), static_cast<ssize_t>(sizeof(port)));
    close(ends[0]);
    close(ends[1]);
    if (port == 0)
        GTEST_SKIP() << "this kernel has no Multipath TCP";
    std::unique_ptr<ProbeSet> late;
    if (GetParam() && !(late = observe(sink)))
        return;
    ProbeSet& probes = late ? *late : *early;
    go.open();
    Child client([&] {
        return connectTo(port, 3, [](int fd) {
            sendAll(fd, pattern(1009));
            receiveExactly(fd, 2003);
        });
    });
    drainWhile(probes, sink, client);
    EXPECT_EQ(server.wait(), 0);
    probes.drainAll(sink);
    const auto listener = std::find_if(sink.listening.begin(), sink.listening.end(), [&](const ListenStarted& e) { return e.local.port == port; });
    ASSERT_NE(listener, sink.listening.end());
    EXPECT_EQ(listener->existed, GetParam());
    EXPECT_EQ(listener->task.pid.value, static_cast<std::uint32_t>(server.pid()));
    const auto servers = sink.serversOf(port);
    ASSERT_EQ(servers.size(), 3u);
    for (const RecordedConnection* c : servers) {
        ASSERT_TRUE(c->opened && c->closed);
        EXPECT_EQ(c->received.text, pattern(1009));
        EXPECT_EQ(c->sent.text, pattern(2003, 'A'));
        EXPECT_EQ(c->closed->payload.unseenSent + c->closed->payload.unseenReceived, 0u);
    }
    EXPECT_EQ(sink.clientsOf(port).size(), 3u);
}
INSTANTIATE_TEST_SUITE_P(Agent, MultipathServers, ::testing::Values(false, true), [](const auto& info) { return info.param ? "late" : "early"; });

TEST(Samples, showAnUnreadAnswerAndTheRoundTrip)
{
    RecordingSink sink;
    BN_OBSERVE(probes, sink);
    const BoundPort port;
    Gate answered, go;
    Child server([&] {
        return serve(port, 1, [&](int fd) { receiveExactly(fd, 10); sendAll(fd, pattern(777)); answered.open(); drainToEnd(fd); });
    });
    Child client([&] { return connectTo(port.number(), 1, [&](int fd) { sendAll(fd, pattern(10)); go.pass(); receiveExactly(fd, 777); }); });
    answered.pass();
    usleep(50000);
    probes->drainAll(sink);
    probes->sample(sink);
    ASSERT_EQ(sink.clientsOf(port.number()).size(), 1u);
    const RecordedConnection& c = *sink.clientsOf(port.number()).front();
    ASSERT_TRUE(c.sample);
    EXPECT_EQ(c.sample->state, TcpState::Established);
    EXPECT_EQ(c.sample->tcp.unreadBytes, 777u);
    EXPECT_EQ(c.sample->tcp.bytesReceived, 777u);
    EXPECT_EQ(c.sample->payload.seenReceived, 0u);
    EXPECT_GT(c.sample->tcp.rtt.count(), 0);
    go.open();
    client.wait();
    server.wait();
}

TEST(Processes, beginBecomeAnotherProgramAndEnd)
{
    RecordingSink sink;
    BN_OBSERVE(probes, sink);
    Child child([] {
        execl("/bin/sh", "sh", "-c", "exit 7", "secret-argument", nullptr);
        return 1;
    });
    ASSERT_EQ(child.wait(), 7);
    probes->drainAll(sink);
    const auto is = [&](const auto& e) { return e.task.pid.value == static_cast<std::uint32_t>(child.pid()); };
    const auto forked = std::find_if(sink.forked.begin(), sink.forked.end(), is);
    const auto execed = std::find_if(sink.execed.begin(), sink.execed.end(), is);
    const auto exited = std::find_if(sink.exited.begin(), sink.exited.end(), is);
    ASSERT_NE(forked, sink.forked.end());
    ASSERT_NE(execed, sink.execed.end());
    ASSERT_NE(exited, sink.exited.end());
    EXPECT_EQ(forked->parent.value, static_cast<std::uint32_t>(getpid()));
    EXPECT_EQ(execed->executable, "/bin/sh");
    EXPECT_EQ(execed->arguments, (std::string("sh\0-c\0exit 7\0secret-argument\0", 29)));
    EXPECT_EQ(execed->startNs, forked->startNs);
    EXPECT_EQ(exited->startNs, forked->startNs);
    EXPECT_EQ(exited->status, 7 << 8);
}

TEST(Processes, thatAreLeftOutAreNotSeen)
{
    RecordingSink sink;
    BN_OBSERVE(probes, sink);
    const BoundPort port;
    Gate opened, hidden, go;
    Child server([&] { return serve(port, 2, [](int fd) { sendAll(fd, receiveExactly(fd, 4)); drainToEnd(fd); }); });
    Child desktop([&] {
        const int fd = [&] {
            for (int i = 0; i < 500; ++i) {
                if (const int connection = connected(port.number()); connection >= 0)
                    return connection;
                usleep(5000);
            }
            return -1;
        }();
        opened.open();
        hidden.pass();
        sendAll(fd, "ping");
        receiveExactly(fd, 4);
        close(fd);
        return connectTo(port.number(), 1, [](int again) { sendAll(again, "ping"); receiveExactly(again, 4); });
    });
    opened.pass();
    ASSERT_TRUE(probes->ignoreProcess(ProcessId{static_cast<std::uint32_t>(desktop.pid())}));
    hidden.open();
    EXPECT_EQ(desktop.wait(), 0);
    server.wait();
    probes->drainAll(sink);
    const auto clients = sink.clientsOf(port.number());
    ASSERT_EQ(clients.size(), 1u) << "only the one that was opened before";
    EXPECT_TRUE(clients.front()->closed);
    EXPECT_TRUE(clients.front()->sent.text.empty());
    EXPECT_EQ(sink.serversOf(port.number()).size(), 2u) << "the server is not left out";
}

/// An agent in a nested PID namespace uses its own numbers, and does not report tasks that its procfs cannot show.
TEST(PidNamespaces, numbersAreThoseOfTheAgentsOwnNamespace)
{
    Child outer([] {
        if (unshare(CLONE_NEWPID) != 0)
            return 77;
        Child first([] { // number 1 of the new namespace
            RecordingSink sink;
            const auto probes = ProbeSet::create({}, sink);
            if (!probes)
                return probes.error().code == ErrorCode::Denied ? 77 : 1;
            const BoundPort port;
            Child server([&] { return serve(port, 1, [](int fd) { sendAll(fd, receiveExactly(fd, 4)); drainToEnd(fd); }); });
            Child client([&] { return connectTo(port.number(), 1, [](int fd) { sendAll(fd, "ping"); receiveExactly(fd, 4); }); });
            client.wait();
            server.wait();
            (*probes)->drainAll(sink);
            const auto clients = sink.clientsOf(port.number());
            const auto servers = sink.serversOf(port.number());
            if (clients.size() != 1 || servers.size() != 1 || !servers.front()->owned)
                return 2;
            if (clients.front()->opened->task.pid.value != static_cast<std::uint32_t>(client.pid()))
                return 3;
            if (servers.front()->owned->task.pid.value != static_cast<std::uint32_t>(server.pid()))
                return 4;
            for (const ProcessForked& e : sink.forked) {
                if (e.task.pid.value > 64)
                    return 5; // a process of the outer namespace
            }
            return clients.front()->sent.text == "ping" && servers.front()->received.text == "ping" ? 0 : 6;
        });
        return first.wait();
    });
    const int status = outer.wait();
    if (status == 77)
        GTEST_SKIP() << "PID namespaces cannot be made here";
    EXPECT_EQ(status, 0);
}

} // namespace
} // namespace binnacle::agent::test
