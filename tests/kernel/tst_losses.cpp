// SPDX-License-Identifier: Apache-2.0
#include "tests/kernel/support/observed.h"

namespace binnacle::agent::test {
namespace {

class Losses : public testing::TestWithParam<CaptureSource> {};
INSTANTIATE_TEST_SUITE_P(BothSources, Losses, testing::Values(CaptureSource::Socket, CaptureSource::Syscall),
                         [](const auto& info) { return info.param == CaptureSource::Socket ? "socket" : "syscall"; });

constexpr std::size_t kReply = 9973;
void answer(int fd)
{
    for (int i = 0; i < 11; ++i) {
        receiveExactly(fd, 1000);
        sendAll(fd, pattern(kReply));
    }
    drainToEnd(fd);
}
void ask(int fd)
{
    for (int i = 0; i < 11; ++i) {
        sendAll(fd, pattern(1000));
        receiveExactly(fd, kReply);
    }
}

TEST_P(Losses, ofASmallRingAreCountedPerConnection)
{
    RecordingSink sink;
    ProbeOptions options = withCapture(GetParam());
    options.ringBytes = 64 * 1024;
    BN_OBSERVE(probes, sink, options);
    ASSERT_EQ(probes->ringBytes(), 64u * 1024);
    const BoundPort port;
    Child server([&] { return serve(port, 5, answer); });
    Child client([&] { return connectTo(port.number(), 5, ask); });
    client.wait(); // nobody drains meanwhile
    server.wait();
    probes->drainAll(sink);
    probes->sample(sink);

    std::uint64_t lost = 0;
    std::uint64_t captured = 0;
    ASSERT_EQ(sink.clientsOf(port.number()).size(), 5u);
    ASSERT_EQ(sink.serversOf(port.number()).size(), 5u);
    for (const auto& [id, c] : sink.connections) {
        if (!c.opened || !c.closed || (c.opened->addresses.local.port != port.number() && c.opened->addresses.remote.port != port.number()))
            continue;
        const PayloadCounters& p = c.closed->payload;
        EXPECT_EQ(c.sent.text.size() + p.lostSent + p.unseenSent, p.seenSent);
        EXPECT_EQ(c.received.text.size() + p.lostReceived + p.unseenReceived, p.seenReceived);
        EXPECT_EQ(p.seenSent, c.closed->tcp.bytesSent);
        EXPECT_EQ(p.seenReceived, c.closed->tcp.bytesReceived);
        EXPECT_LE(c.sent.missing, p.lostSent) << "a gap between records is loss";
        lost += p.lostSent + p.lostReceived;
        captured += c.sent.text.size() + c.received.text.size();
    }
    EXPECT_GT(lost, 0u);
    EXPECT_GT(captured, 0u);
    EXPECT_GE(sink.losses[Loss::DataRingFull], lost) << "other programs of this machine may have lost too";
    EXPECT_EQ(sink.losses[Loss::DataRingFull], probes->counters().dataRingFullBytes);
}

/// All on one CPU, more than its own ring holds.
TEST_P(Losses, aFullRingGoesOnInTheNextOne)
{
    constexpr std::size_t kPiece = 4000;
    constexpr int kPieces = 375; // 1.5 MB, seen at both ends
    RecordingSink sink;
    ProbeOptions options = withCapture(GetParam());
    options.ringBytes = 4u << 20;
    BN_OBSERVE(probes, sink, options);
    const BoundPort port;
    const auto take = [](int fd) {
        for (int i = 0; i < kPieces; ++i)
            receiveExactly(fd, kPiece);
        drainToEnd(fd);
    };
    const auto give = [](int fd) {
        for (int i = 0; i < kPieces; ++i)
            sendAll(fd, pattern(kPiece, static_cast<char>('a' + i % 7)));
    };
    Child server([&] { moveToCpu(0); return serve(port, 1, take); });
    Child client([&] { moveToCpu(0); return connectTo(port.number(), 1, give); });
    client.wait(); // nobody drains meanwhile
    server.wait();
    probes->drainAll(sink);
    const auto clients = sink.clientsOf(port.number()), servers = sink.serversOf(port.number());
    ASSERT_EQ(clients.size(), 1u);
    ASSERT_EQ(servers.size(), 1u);
    EXPECT_EQ(clients.front()->sent.missing + servers.front()->received.missing, 0u);
    EXPECT_EQ(clients.front()->sent.backwards + servers.front()->received.backwards, 0u);
    EXPECT_EQ(clients.front()->sent.text.size(), kPieces * kPiece);
    EXPECT_TRUE(clients.front()->sent.text == servers.front()->received.text);
}

TEST_P(Losses, aFullConnectionMapIsCountedAndHarmless)
{
    RecordingSink sink;
    ProbeOptions options = withCapture(GetParam());
    options.maxConnections = 1;
    BN_OBSERVE(probes, sink, options);
    const BoundPort port;
    EXPECT_EQ(converse(*probes, sink, port, 7, answer, ask).failures, 0);
    probes->sample(sink);
    EXPECT_GT(sink.losses[Loss::ConnectionMapFull], 0u);
}

TEST_P(Losses, verdictsShipLessAndCountAll)
{
    RecordingSink sink;
    BN_OBSERVE(probes, sink, withCapture(GetParam()));
    const BoundPort port;
    Gate connectedOnce, go;
    Child server([&] { return serve(port, 1, answer); });
    Child client([&] {
        return connectTo(port.number(), 1, [&](int fd) {
            connectedOnce.open();
            go.pass();
            ask(fd);
        });
    });
    connectedOnce.pass();
    for (int i = 0; i < 1000 && (sink.clientsOf(port.number()).empty() || sink.serversOf(port.number()).empty()); ++i) {
        probes->drain(sink);
        usleep(2000);
    }
    ASSERT_EQ(sink.clientsOf(port.number()).size(), 1u);
    ASSERT_EQ(sink.serversOf(port.number()).size(), 1u);
    probes->setVerdict(sink.clientsOf(port.number()).front()->opened->connection, CaptureControl::Verdict::CountOnly);
    probes->setVerdict(sink.serversOf(port.number()).front()->opened->connection, CaptureControl::Verdict::Off);
    go.open();
    drainWhile(*probes, sink, client);
    server.wait();
    probes->drainAll(sink);

    const RecordedConnection& counted = *sink.clientsOf(port.number()).front();
    EXPECT_TRUE(counted.sent.text.empty() && counted.received.text.empty());
    EXPECT_EQ(counted.sent.countedOnly, 11u * 1000);
    EXPECT_EQ(counted.received.countedOnly, 11u * kReply);
    ASSERT_TRUE(counted.closed);
    EXPECT_EQ(counted.closed->payload.seenReceived, 11u * kReply);
    const RecordedConnection& off = *sink.serversOf(port.number()).front();
    EXPECT_EQ(off.sent.records + off.received.records, 0u);
    ASSERT_TRUE(off.closed);
    EXPECT_EQ(off.closed->payload.seenSent, 11u * kReply);
}

} // namespace
} // namespace binnacle::agent::test
