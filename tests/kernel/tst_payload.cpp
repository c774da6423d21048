// SPDX-License-Identifier: Apache-2.0
#include "tests/kernel/support/observed.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include <fcntl.h>

#include <array>
#include <tuple>

namespace binnacle::agent::test {
namespace {

/// How one side moves its bytes, and how many of them must be captured.
struct Method {
    const char* name;
    void (*send)(int fd, std::string bytes);
    void (*receive)(int fd, std::size_t bytes);
    std::size_t size;
    std::size_t captured[3];         // of what the client sends: from the kernel's copy, from its memory, at the exit of the call
    std::size_t capturedReceived[2]; // of what the server receives: at the socket, at the exit of the call
};

constexpr std::size_t kAll = ~std::size_t{0};

void receivePlainly(int fd, std::size_t bytes) { receiveExactly(fd, bytes); }
void sendPlainly(int fd, std::string bytes) { sendAll(fd, bytes); }

template <std::size_t parts>
std::array<iovec, parts> split(std::string& bytes)
{
    std::array<iovec, parts> vectors{};
    const std::size_t step = bytes.size() / parts;
    for (std::size_t i = 0; i < parts; ++i)
        vectors[i] = {bytes.data() + i * step, i + 1 == parts ? bytes.size() - i * step : step};
    return vectors;
}

/// Waits until all bytes are there, so that one call takes them.
void awaitBytes(int fd, std::size_t bytes)
{
    std::string room(bytes, ' ');
    while (recv(fd, room.data(), bytes, MSG_PEEK | MSG_WAITALL) != static_cast<ssize_t>(bytes)) {
    }
}

void sendByFile(int fd, std::string bytes)
{
    const int file = memfd_create("payload", 0);
    sendAll(file, bytes);
    off_t from = 0;
    for (std::size_t left = bytes.size(); left > 0;)
        left -= static_cast<std::size_t>(sendfile(fd, file, &from, left));
    close(file);
}

void receiveBySplice(int fd, std::size_t bytes)
{
    int ends[2];
    if (pipe(ends) != 0)
        return;
    std::string room(bytes, ' ');
    for (std::size_t done = 0; done < bytes;) {
        const ssize_t moved = splice(fd, nullptr, ends[1], nullptr, bytes - done, 0);
        if (moved <= 0 || read(ends[0], room.data(), static_cast<std::size_t>(moved)) != moved)
            break;
        done += static_cast<std::size_t>(moved);
    }
    close(ends[0]);
    close(ends[1]);
}

const Method kMethods[] = {
    {"write_read", sendPlainly, receivePlainly, 1009, {kAll, kAll, kAll}, {kAll, kAll}},
    {"one_byte", sendPlainly, receivePlainly, 1, {kAll, kAll, kAll}, {kAll, kAll}},
    {"send_recv", [](int fd, std::string b) { send(fd, b.data(), b.size(), 0); },
     [](int fd, std::size_t n) { std::string b(n, ' '); recv(fd, b.data(), n, MSG_WAITALL); }, 5003, {kAll, kAll, kAll}, {kAll, kAll}},
    {"writev_readv", [](int fd, std::string b) { auto v = split<3>(b); writev(fd, v.data(), 3); },
     [](int fd, std::size_t n) { std::string b(n, ' '); awaitBytes(fd, n); auto v = split<4>(b); readv(fd, v.data(), 4); },
     9001, {kAll, kAll, kAll}, {kAll, kAll}},
    {"six_vectors", [](int fd, std::string b) { auto v = split<6>(b); writev(fd, v.data(), 6); }, receivePlainly,
     6000, {kAll, kAll, kAll}, {kAll, kAll}},
    {"preadv2_pwritev2", [](int fd, std::string b) { auto v = split<2>(b); pwritev2(fd, v.data(), 2, -1, 0); },
     [](int fd, std::size_t n) { std::string b(n, ' '); awaitBytes(fd, n); auto v = split<2>(b); preadv2(fd, v.data(), 2, -1, 0); },
     3001, {kAll, kAll, kAll}, {kAll, kAll}},
    {"sendmsg_recvmsg",
     [](int fd, std::string b) { auto v = split<4>(b); msghdr m{}; m.msg_iov = v.data(); m.msg_iovlen = 4; sendmsg(fd, &m, 0); },
     [](int fd, std::size_t n) { std::string b(n, ' '); auto v = split<2>(b); msghdr m{}; m.msg_iov = v.data(); m.msg_iovlen = 2; recvmsg(fd, &m, MSG_WAITALL); },
     7001, {kAll, kAll, kAll}, {kAll, kAll}},
    {"sendmmsg_recvmmsg_of_one",
     [](int fd, std::string b) { auto v = split<1>(b); mmsghdr m{}; m.msg_hdr.msg_iov = v.data(); m.msg_hdr.msg_iovlen = 1; sendmmsg(fd, &m, 1, 0); },
     [](int fd, std::size_t n) { std::string b(n, ' '); auto v = split<1>(b); awaitBytes(fd, n); mmsghdr m{}; m.msg_hdr.msg_iov = v.data(); m.msg_hdr.msg_iovlen = 1; recvmmsg(fd, &m, 1, 0, nullptr); },
     901, {kAll, kAll, kAll}, {kAll, kAll}},
    {"sendmmsg_recvmmsg_of_three",
     [](int fd, std::string b) {
         auto v = split<3>(b);
         mmsghdr m[3] = {};
         for (int i = 0; i < 3; ++i) { m[i].msg_hdr.msg_iov = &v[static_cast<std::size_t>(i)]; m[i].msg_hdr.msg_iovlen = 1; }
         sendmmsg(fd, m, 3, 0);
     },
     [](int fd, std::size_t n) {
         std::string b(n, ' ');
         auto v = split<3>(b);
         awaitBytes(fd, n);
         mmsghdr m[3] = {};
         for (int i = 0; i < 3; ++i) { m[i].msg_hdr.msg_iov = &v[static_cast<std::size_t>(i)]; m[i].msg_hdr.msg_iovlen = 1; }
         recvmmsg(fd, m, 3, 0, nullptr);
     },
     900, {kAll, 0, kAll}, {0, kAll}},
    {"sendfile", sendByFile, receivePlainly, 20011, {0, 0, 0}, {kAll, kAll}},
    {"splice", sendPlainly, receiveBySplice, 8009, {kAll, kAll, kAll}, {0, 0}},
    {"peek_then_read", sendPlainly, [](int fd, std::size_t n) { awaitBytes(fd, n); awaitBytes(fd, n); receiveExactly(fd, n); },
     1013, {kAll, kAll, kAll}, {kAll, kAll}},
    {"thrown_away", sendPlainly, [](int fd, std::size_t n) { awaitBytes(fd, n); recv(fd, nullptr, n, MSG_TRUNC); },
     1019, {kAll, kAll, kAll}, {0, 0}},
    {"pipelined_64k", [](int fd, std::string b) { send(fd, b.data(), b.size(), 0); },
     [](int fd, std::size_t n) { std::string b(n, ' '); recv(fd, b.data(), n, MSG_WAITALL); }, 65536, {kAll, kAll, kAll}, {kAll, kAll}},
    {"over_the_cap", [](int fd, std::string b) { send(fd, b.data(), b.size(), 0); },
     [](int fd, std::size_t n) { std::string b(n, ' '); recv(fd, b.data(), n, MSG_WAITALL); }, 100003, {65536, 65536, 65536}, {65536, 65536}},
};

/// How the bytes come out of the kernel.  The socket source has a short way for what is usual (bpf/lib/usual_transfer.bpf.h); while any
/// process is left out, everything takes the long one.  Either reads what is sent from the kernel's own copy, where there is one.
enum class Way { Socket, LongSocket, SocketWithoutCopy, LongSocketWithoutCopy, Syscall };
constexpr Way kWays[] = {Way::Socket, Way::LongSocket, Way::SocketWithoutCopy, Way::LongSocketWithoutCopy, Way::Syscall};

bool isLong(Way way) { return way == Way::LongSocket || way == Way::LongSocketWithoutCopy; }
bool copies(Way way) { return way == Way::Socket || way == Way::LongSocket; }

ProbeOptions optionsOf(Way way)
{
    ProbeOptions options = withCapture(way == Way::Syscall ? CaptureSource::Syscall : CaptureSource::Socket);
    if (!copies(way))
        options.disabled = {Hook::SentCopy};
    return options;
}

std::string nameOf(Way way)
{
    static constexpr std::array kNames{"socket", "long_socket", "socket_without_copy", "long_socket_without_copy", "syscall"};
    return kNames[static_cast<std::size_t>(way)];
}

void take(ProbeSet& probes, Way way)
{
    if (isLong(way)) {
        ASSERT_TRUE(probes.ignoreProcess(ProcessId{1}));
    }
}

class Payload : public testing::TestWithParam<std::tuple<Way, Method>> {};
INSTANTIATE_TEST_SUITE_P(EveryCall, Payload, testing::Combine(testing::ValuesIn(kWays), testing::ValuesIn(kMethods)),
                         [](const auto& info) { return std::string(std::get<1>(info.param).name) + "_" + nameOf(std::get<0>(info.param)); });

class PayloadPair : public testing::TestWithParam<Way> {};
INSTANTIATE_TEST_SUITE_P(EveryWay, PayloadPair, testing::ValuesIn(kWays), [](const auto& info) { return nameOf(info.param); });

void expectBooks(const RecordedStream& stream, std::uint64_t seen, std::uint64_t lost, std::uint64_t unseen, const std::string& bytes, std::size_t captured)
{
    EXPECT_EQ(seen, bytes.size());
    EXPECT_EQ(lost, 0u);
    EXPECT_EQ(stream.text.size(), captured);
    EXPECT_EQ(stream.text, bytes.substr(0, captured)) << "the captured bytes are the stream's first";
    EXPECT_EQ(unseen, bytes.size() - captured);
    EXPECT_EQ(stream.backwards, 0u);
}

TEST_P(Payload, isCapturedOrCountedAsUnseen)
{
    const auto& [way, method] = GetParam();
    RecordingSink sink;
    BN_OBSERVE(probes, sink, optionsOf(way));
    take(*probes, way);
    const BoundPort port;
    const std::string bytes = pattern(method.size);
    const auto answer = [&](int fd) {
        method.receive(fd, bytes.size());
        sendAll(fd, "ok");
        drainToEnd(fd);
    };
    const auto ask = [&](int fd) {
        const int big = 1 << 20;
        setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &big, sizeof(big));
        method.send(fd, bytes);
        receiveExactly(fd, 2);
    };
    ASSERT_EQ(converse(*probes, sink, port, 3, answer, ask).failures, 0);
    const bool copied = probes->plan().uses(Hook::SentCopy);
    const std::size_t sent = copied ? 0 : way == Way::Syscall ? 2 : 1;
    const std::size_t received = way == Way::Syscall ? 1 : 0;
    const auto clients = sink.clientsOf(port.number());
    const auto servers = sink.serversOf(port.number());
    ASSERT_EQ(clients.size(), 3u);
    ASSERT_EQ(servers.size(), 3u);
    for (const RecordedConnection* c : clients) {
        ASSERT_TRUE(c->closed);
        const PayloadCounters& p = c->closed->payload;
        expectBooks(c->sent, p.seenSent, p.lostSent, p.unseenSent, bytes, std::min(method.captured[sent], bytes.size()));
        EXPECT_EQ(c->closed->tcp.bytesSent, bytes.size());
        EXPECT_EQ(c->received.text, "ok");
    }
    for (const RecordedConnection* c : servers) {
        ASSERT_TRUE(c->closed);
        const PayloadCounters& p = c->closed->payload;
        expectBooks(c->received, p.seenReceived, p.lostReceived, p.unseenReceived, bytes, std::min(method.capturedReceived[received], bytes.size()));
        EXPECT_EQ(c->closed->tcp.bytesReceived, bytes.size());
        EXPECT_EQ(c->sent.text, "ok");
    }
}

/// A head in one buffer and its body in another are one record, whatever its size class; a head that is too long for that is two.
TEST_P(PayloadPair, isOneRecordWhenBothFit)
{
    struct Shape {
        std::size_t head, body, records, recordsOfCopy;
    };
    constexpr Shape kShapes[] = {{1, 1, 1, 1}, {64, 192, 1, 1}, {65, 192, 1, 1}, {238, 612, 1, 1}, {256, 768, 1, 1}, {257, 768, 1, 1}, {1024, 3072, 1, 1},
                                 {1025, 100, 2, 1}, {100, 3073, 2, 1}, {1024, 3073, 2, 2}, {200, 5000, 3, 2}};
    RecordingSink sink;
    BN_OBSERVE(probes, sink, optionsOf(GetParam()));
    take(*probes, GetParam());
    for (const Shape& shape : kShapes) {
        const BoundPort port;
        const std::string bytes = pattern(shape.head + shape.body);
        const auto answer = [&](int fd) { receiveExactly(fd, bytes.size()); drainToEnd(fd); };
        const auto ask = [&](int fd) {
            std::string copy = bytes;
            iovec parts[2] = {{copy.data(), shape.head}, {copy.data() + shape.head, shape.body}};
            EXPECT_EQ(writev(fd, parts, 2), static_cast<ssize_t>(bytes.size()));
        };
        ASSERT_EQ(converse(*probes, sink, port, 1, answer, ask).failures, 0);
        const auto clients = sink.clientsOf(port.number());
        ASSERT_EQ(clients.size(), 1u);
        EXPECT_EQ(clients.front()->sent.text, bytes) << shape.head << " + " << shape.body;
        const std::size_t records = clients.front()->sent.records;
        const bool ofCopy = probes->plan().uses(Hook::SentCopy) && records == shape.recordsOfCopy; // one that lies in two pages is not taken
        EXPECT_TRUE(records == shape.records || ofCopy) << shape.head << " + " << shape.body << ": " << records;
        ASSERT_TRUE(clients.front()->closed);
        EXPECT_EQ(clients.front()->closed->payload.unseenSent, 0u);
    }
}

/// Each CPU writes a ring of its own: a program that is moved with every call still tells its story in order.
TEST_P(PayloadPair, staysInOrderWhenItsThreadMovesBetweenCpus)
{
    constexpr int kRequests = 499;
    RecordingSink sink;
    BN_OBSERVE(probes, sink, optionsOf(GetParam()));
    take(*probes, GetParam());
    const BoundPort port;
    const auto answer = [&](int fd) {
        for (int i = 0; i < kRequests; ++i) {
            receiveExactly(fd, 120);
            moveToCpu(i);
            sendAll(fd, pattern(850));
        }
        drainToEnd(fd);
    };
    const auto ask = [&](int fd) {
        for (int i = 0; i < kRequests; ++i) {
            moveToCpu(i + 1);
            sendAll(fd, pattern(120));
            moveToCpu(i);
            receiveExactly(fd, 850);
        }
    };
    ASSERT_EQ(converse(*probes, sink, port, 1, answer, ask).failures, 0);
    const auto clients = sink.clientsOf(port.number()), servers = sink.serversOf(port.number());
    ASSERT_EQ(clients.size(), 1u);
    ASSERT_EQ(servers.size(), 1u);
    for (const RecordedConnection* c : {clients.front(), servers.front()}) {
        EXPECT_EQ(c->dataOutOfTime, 0u);
        EXPECT_EQ(c->sent.backwards + c->received.backwards, 0u);
        EXPECT_EQ(c->sent.missing + c->received.missing, 0u);
        EXPECT_EQ(c->sent.records, static_cast<std::size_t>(kRequests));
    }
}

/// A request costs four records, two at each end, when nothing is longer than a record.
TEST(PayloadCost, fourRecordsARequest)
{
    constexpr int kRequests = 101;
    RecordingSink sink;
    BN_OBSERVE(probes, sink);
    const BoundPort port;
    const auto answer = [](int fd) { for (int i = 0; i < kRequests; ++i) { receiveExactly(fd, 120); sendAll(fd, pattern(850)); } drainToEnd(fd); };
    const auto ask = [](int fd) { for (int i = 0; i < kRequests; ++i) { sendAll(fd, pattern(120)); receiveExactly(fd, 850); } };
    converse(*probes, sink, port, 1, answer, ask);
    std::size_t records = 0;
    for (const auto* c : {sink.clientsOf(port.number()).front(), sink.serversOf(port.number()).front()})
        records += c->sent.records + c->received.records;
    EXPECT_EQ(records, 4u * kRequests);
}

TEST(PayloadEveryWay, givesTheSameBytesAndTotals)
{
    std::array<std::string, std::size(kWays)> told;
    for (const Way way : kWays) {
        RecordingSink sink;
        BN_OBSERVE(probes, sink, optionsOf(way));
        take(*probes, way);
        const BoundPort port;
        const auto answer = [](int fd) {
            for (int i = 0; i < 7; ++i) {
                receiveExactly(fd, 100 + static_cast<std::size_t>(i));
                (i % 3 == 2 ? sendByFile : sendPlainly)(fd, pattern(3000 + static_cast<std::size_t>(i) * 1000));
            }
            drainToEnd(fd);
        };
        const auto ask = [](int fd) {
            for (int i = 0; i < 7; ++i) {
                sendAll(fd, pattern(100 + static_cast<std::size_t>(i)));
                receiveExactly(fd, 3000 + static_cast<std::size_t>(i) * 1000);
            }
        };
        converse(*probes, sink, port, 5, answer, ask);
        std::string& text = told[static_cast<std::size_t>(way)];
        for (const auto& [id, c] : sink.connections) {
            if (!c.closed || (c.opened && c.opened->addresses.remote.port != port.number() && c.opened->addresses.local.port != port.number()))
                continue;
            const PayloadCounters& p = c.closed->payload;
            text += std::to_string(p.seenSent) + " " + std::to_string(p.seenReceived) + " " + std::to_string(p.unseenSent) + " " +
                    std::to_string(p.unseenReceived) + " " + c.sent.text + c.received.text + "\n";
        }
    }
    EXPECT_FALSE(told[0].empty());
    for (const std::string& text : told)
        EXPECT_EQ(text, told[0]);
}

/// The first sixteen buffers of a call are read; what is over is unseen.  (From the copy: tst_sent_copy.cpp.)
class PayloadWithoutCopy : public testing::TestWithParam<Way> {};
INSTANTIATE_TEST_SUITE_P(EachWay, PayloadWithoutCopy, testing::Values(Way::SocketWithoutCopy, Way::LongSocketWithoutCopy, Way::Syscall),
                         [](const auto& info) { return nameOf(info.param); });

TEST_P(PayloadWithoutCopy, isReadFromSixteenBuffers)
{
    constexpr std::size_t kBuffers = 20, kEach = 50;
    RecordingSink sink;
    BN_OBSERVE(probes, sink, optionsOf(GetParam()));
    take(*probes, GetParam());
    const BoundPort port;
    const std::string bytes = pattern(kBuffers * kEach);
    const auto answer = [&](int fd) { receiveExactly(fd, bytes.size()); drainToEnd(fd); };
    const auto ask = [&](int fd) {
        std::string copy = bytes;
        EXPECT_EQ(writev(fd, split<kBuffers>(copy).data(), kBuffers), static_cast<ssize_t>(bytes.size()));
    };
    ASSERT_EQ(converse(*probes, sink, port, 1, answer, ask).failures, 0);
    const auto clients = sink.clientsOf(port.number());
    ASSERT_EQ(clients.size(), 1u);
    ASSERT_TRUE(clients.front()->closed);
    const PayloadCounters& p = clients.front()->closed->payload;
    expectBooks(clients.front()->sent, p.seenSent, p.lostSent, p.unseenSent, bytes, 16 * kEach);
}

/// Byte by byte: sizes around each size class, one to five buffers, kept-alive and new connections.  Record by record, too, without the
/// copy; with it, the kernel's memory decides where a copy is broken and how many records that makes.
class PayloadBothWays : public testing::TestWithParam<std::pair<Way, Way>> {};
INSTANTIATE_TEST_SUITE_P(WithCopyAndWithout, PayloadBothWays,
                         testing::Values(std::pair(Way::Socket, Way::LongSocket), std::pair(Way::SocketWithoutCopy, Way::LongSocketWithoutCopy)),
                         [](const auto& info) { return nameOf(info.param.first); });

TEST_P(PayloadBothWays, theShortOneWritesWhatTheLongOneWrites)
{
    constexpr std::size_t kSizes[] = {1, 63, 64, 65, 255, 256, 257, 1023, 1024, 1025, 4096, 5000};
    std::array<std::string, 2> told;
    for (const Way way : {GetParam().first, GetParam().second}) {
        RecordingSink sink;
        BN_OBSERVE(probes, sink, optionsOf(way));
        take(*probes, way);
        const BoundPort port;
        const auto answer = [&](int fd) {
            for (const std::size_t size : kSizes) {
                for (std::size_t parts = 1; parts <= 5; ++parts) {
                    receiveExactly(fd, size);
                    sendAll(fd, pattern(9));
                }
            }
            drainToEnd(fd);
        };
        const auto ask = [&](int fd) {
            for (const std::size_t size : kSizes) {
                for (std::size_t parts = 1; parts <= 5; ++parts) {
                    std::string bytes = pattern(size);
                    auto vectors = split<5>(bytes);
                    vectors[parts - 1].iov_len = bytes.size() - static_cast<std::size_t>(static_cast<char*>(vectors[parts - 1].iov_base) - bytes.data());
                    EXPECT_EQ(writev(fd, vectors.data(), static_cast<int>(parts)), static_cast<ssize_t>(size));
                    receiveExactly(fd, 9);
                }
            }
        };
        ASSERT_EQ(converse(*probes, sink, port, 2, answer, ask).failures, 0);
        std::string& text = told[isLong(way) ? 1 : 0];
        for (const auto* c : {sink.clientsOf(port.number()).front(), sink.serversOf(port.number()).front()}) {
            ASSERT_TRUE(c->closed);
            const PayloadCounters& p = c->closed->payload;
            for (const RecordedStream* stream : {&c->sent, &c->received}) {
                EXPECT_EQ(stream->backwards + stream->missing, 0u);
                text += stream->text + "\n";
            }
            if (!copies(way))
                text += std::to_string(c->sent.records) + " records, ";
            text += std::to_string(p.seenSent) + " " + std::to_string(p.seenReceived) + " " + std::to_string(p.unseenSent + p.lostSent) + "\n";
        }
    }
    EXPECT_GT(told[0].size(), 4u * 10'000);
    EXPECT_EQ(told[0], told[1]);
}

} // namespace
} // namespace binnacle::agent::test
