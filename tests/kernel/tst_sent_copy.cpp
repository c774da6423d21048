// SPDX-License-Identifier: Apache-2.0
// What is sent is read from the kernel's own copy (bpf/lib/sent_copy.bpf.h): it is what was sent, however it was sent.  The truth is what
// the server was given, which is read from its memory.
#include "tests/kernel/support/observed.h"

#include <linux/tls.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include <algorithm>
#include <random>
#include <string>
#include <thread>
#include <vector>

namespace binnacle::agent::test {
namespace {

/// Bytes that stand nowhere else, so that a wrong place shows.
class Source {
public:
    explicit Source(std::uint64_t seed) : m_random(seed) {}
    std::string bytes(std::size_t size)
    {
        std::string text(size, ' ');
        for (char& c : text)
            c = static_cast<char>('!' + number(90));
        return text;
    }
    std::size_t number(std::size_t below) { return m_random() % below; }

private:
    std::mt19937_64 m_random;
};

std::vector<iovec> cut(std::string& bytes, std::size_t parts, Source& source)
{
    std::vector<iovec> vectors;
    std::size_t from = 0;
    for (std::size_t left = parts; left > 0; --left) {
        const std::size_t size = left == 1 ? bytes.size() - from : source.number(bytes.size() - from + 1);
        vectors.push_back({bytes.data() + from, size});
        from += size;
    }
    return vectors;
}

void sendSomehow(int fd, std::string bytes, std::size_t way, std::size_t parts, Source& source)
{
    auto vectors = cut(bytes, parts, source);
    mmsghdr messages[2] = {};
    messages[0].msg_hdr.msg_iov = vectors.data();
    messages[0].msg_hdr.msg_iovlen = vectors.size();
    switch (way) {
    case 0: sendAll(fd, bytes); return;
    case 1: EXPECT_EQ(send(fd, bytes.data(), bytes.size(), MSG_MORE), static_cast<ssize_t>(bytes.size())); return;
    case 2: EXPECT_EQ(writev(fd, vectors.data(), static_cast<int>(parts)), static_cast<ssize_t>(bytes.size())); return;
    case 3: EXPECT_EQ(sendmsg(fd, &messages[0].msg_hdr, MSG_NOSIGNAL), static_cast<ssize_t>(bytes.size())); return;
    case 4: EXPECT_EQ(sendmmsg(fd, messages, 1, 0), 1); return;
    default: EXPECT_EQ(pwritev2(fd, vectors.data(), static_cast<int>(parts), -1, 0), static_cast<ssize_t>(bytes.size()));
    }
}

/// As much at once as is captured of one call.
void receiveInPieces(int fd, std::size_t bytes)
{
    for (; bytes > 0; bytes -= std::min<std::size_t>(bytes, 4096))
        receiveExactly(fd, std::min<std::size_t>(bytes, 4096));
    drainToEnd(fd);
}

/// What one connection carried: the client's end must say what the server's does, and nothing may be missing.
void expectTheTruth(const RecordingSink& sink, const BoundPort& port, std::size_t bytes)
{
    const auto clients = sink.clientsOf(port.number()), servers = sink.serversOf(port.number());
    ASSERT_EQ(clients.size(), 1u);
    ASSERT_EQ(servers.size(), 1u);
    EXPECT_EQ(servers.front()->received.text.size(), bytes);
    EXPECT_EQ(clients.front()->sent.text.size(), bytes);
    const std::string &told = clients.front()->sent.text, &truth = servers.front()->received.text;
    const auto [ours, theirs] = std::ranges::mismatch(told, truth);
    EXPECT_TRUE(told == truth) << "from byte " << ours - told.begin() << " on"; // without printing megabytes
    EXPECT_EQ(clients.front()->sent.backwards + servers.front()->received.backwards, 0u);
    ASSERT_TRUE(clients.front()->closed);
    EXPECT_EQ(clients.front()->closed->payload.unseenSent + clients.front()->closed->payload.lostSent, 0u);
}

/// Observes with the copy, or skips where there is none.
#define BN_OBSERVE_COPY(variable, sink)                        \
    BN_OBSERVE(variable, sink);                                \
    if (!variable->facts().has(Hook::SentCopy))                \
        GTEST_SKIP() << "this kernel keeps no copy of this kind"; \
    ASSERT_TRUE(variable->plan().uses(Hook::SentCopy)) << variable->plan().hooks[indexOf(Hook::SentCopy)].sentence

TEST(SentCopy, isWhatWasSentByEveryCallInEverySize)
{
    RecordingSink sink;
    BN_OBSERVE_COPY(probes, sink);
    constexpr int kMessages = 1500;
    const BoundPort port;
    std::size_t total = 0;
    Source again(7);
    for (int i = 0; i < kMessages; ++i)
        total += 1 + again.number(4096);
    const auto answer = [&](int fd) { receiveInPieces(fd, total); };
    const auto ask = [&](int fd) {
        Source sizes(7), source(11);
        for (int i = 0; i < kMessages; ++i)
            sendSomehow(fd, source.bytes(1 + sizes.number(4096)), source.number(6), 1 + source.number(4), source);
    };
    ASSERT_EQ(converse(*probes, sink, port, 1, answer, ask).failures, 0);
    expectTheTruth(sink, port, total);
}

/// Through the program's memory, sixteen buffers of a call are read at most.
TEST(SentCopy, takesAsManyBuffersAsThereAre)
{
    RecordingSink sink;
    BN_OBSERVE_COPY(probes, sink);
    const BoundPort port;
    const std::string bytes = Source(3).bytes(2000);
    const auto answer = [&](int fd) { receiveInPieces(fd, bytes.size()); };
    const auto ask = [&](int fd) {
        Source source(5);
        std::string copy = bytes;
        auto vectors = cut(copy, 64, source);
        EXPECT_EQ(writev(fd, vectors.data(), 64), static_cast<ssize_t>(copy.size()));
    };
    ASSERT_EQ(converse(*probes, sink, port, 1, answer, ask).failures, 0);
    expectTheTruth(sink, port, bytes.size());
}

/// Calls that send the pages themselves leave the copy of the message before.
TEST(SentCopy, isNotTakenForWhatWasSentWithoutOne)
{
    RecordingSink sink;
    BN_OBSERVE_COPY(probes, sink);
    constexpr std::size_t kRounds = 50, kSize = 700;
    const BoundPort port;
    const auto answer = [&](int fd) {
        for (std::size_t i = 0; i < 2 * kRounds; ++i)
            receiveExactly(fd, kSize);
        sendAll(fd, "ok");
        drainToEnd(fd);
    };
    const auto ask = [&](int fd) {
        const int yes = 1;
        EXPECT_EQ(setsockopt(fd, SOL_SOCKET, SO_ZEROCOPY, &yes, sizeof(yes)), 0);
        Source source(13);
        std::vector<std::string> kept; // the kernel reads them when there is room in the window
        for (std::size_t i = 0; i < kRounds; ++i) {
            sendAll(fd, source.bytes(kSize));
            kept.push_back(source.bytes(kSize));
            EXPECT_EQ(send(fd, kept.back().data(), kSize, MSG_ZEROCOPY), static_cast<ssize_t>(kSize));
        }
        receiveExactly(fd, 2);
    };
    ASSERT_EQ(converse(*probes, sink, port, 1, answer, ask).failures, 0);
    expectTheTruth(sink, port, kRounds * 2 * kSize);
}

/// A file's pages have no buffer: they are counted as unseen, and never shown as something else.
TEST(SentCopy, saysNothingOfFiles)
{
    RecordingSink sink;
    BN_OBSERVE_COPY(probes, sink);
    constexpr std::size_t kSize = 900;
    const BoundPort port;
    const std::string plain = Source(17).bytes(kSize);
    const auto answer = [&](int fd) { receiveInPieces(fd, 2 * kSize); };
    const auto ask = [&](int fd) {
        sendAll(fd, plain);
        const int file = memfd_create("payload", 0);
        sendAll(file, std::string(kSize, 'f'));
        off_t from = 0;
        EXPECT_EQ(sendfile(fd, file, &from, kSize), static_cast<ssize_t>(kSize));
        close(file);
    };
    ASSERT_EQ(converse(*probes, sink, port, 1, answer, ask).failures, 0);
    const auto clients = sink.clientsOf(port.number());
    ASSERT_EQ(clients.size(), 1u);
    EXPECT_EQ(clients.front()->sent.text, plain);
    ASSERT_TRUE(clients.front()->closed);
    EXPECT_EQ(clients.front()->closed->payload.unseenSent, kSize);
}

/// A call that takes what fits and returns, one that waits for room, and one that is longer than any piece of memory.
TEST(SentCopy, isWhatWasSentWhenThereIsNoRoomForAll)
{
    RecordingSink sink;
    BN_OBSERVE_COPY(probes, sink);
    constexpr std::size_t kSmall = 3000, kBig = 60'000;
    const BoundPort port;
    int told[2];
    ASSERT_EQ(pipe(told), 0);
    const auto answer = [&](int fd) {
        std::size_t sent = 0;
        EXPECT_EQ(read(told[0], &sent, sizeof(sent)), static_cast<ssize_t>(sizeof(sent)));
        receiveInPieces(fd, sent + kBig);
    };
    const auto ask = [&](int fd) {
        Source source(29);
        std::size_t total = 0;
        for (ssize_t sent = kSmall; sent == static_cast<ssize_t>(kSmall);) { // the last one is cut, or not sent at all
            const std::string bytes = source.bytes(kSmall);
            sent = send(fd, bytes.data(), bytes.size(), MSG_DONTWAIT);
            total += sent > 0 ? static_cast<std::size_t>(sent) : 0;
        }
        EXPECT_EQ(write(told[1], &total, sizeof(total)), static_cast<ssize_t>(sizeof(total)));
        sendAll(fd, source.bytes(kBig));
    };
    ASSERT_EQ(converse(*probes, sink, port, 1, answer, ask).failures, 0);
    close(told[0]);
    close(told[1]);
    const auto servers = sink.serversOf(port.number());
    ASSERT_EQ(servers.size(), 1u);
    expectTheTruth(sink, port, servers.front()->received.text.size());
    EXPECT_GT(servers.front()->received.text.size(), kBig + kSmall);
}

/// A child begins without a piece of memory, whatever its parent's was like.
TEST(SentCopy, isTheChildsOwnAfterAFork)
{
    RecordingSink sink;
    BN_OBSERVE_COPY(probes, sink);
    static constexpr std::size_t kSize = 500;
    const BoundPort port;
    const auto answer = [&](int fd) { receiveInPieces(fd, 3 * kSize); };
    const auto ask = [&](int fd) {
        sendAll(fd, Source(31).bytes(kSize));
        Child child([fd]() -> int {
            const std::string bytes = Source(37).bytes(kSize);
            return send(fd, bytes.data(), bytes.size(), MSG_ZEROCOPY) == static_cast<ssize_t>(kSize) ? 0 : 1;
        });
        EXPECT_EQ(child.wait(), 0);
        sendAll(fd, Source(41).bytes(kSize));
    };
    ASSERT_EQ(converse(*probes, sink, port, 1, answer, ask).failures, 0);
    expectTheTruth(sink, port, 3 * kSize);
}

/// kTLS encrypts in the task's piece of memory: what is told must be what the program wrote, or nothing.
TEST(SentCopy, isNotTheCiphertextOfKernelTls)
{
    RecordingSink sink;
    BN_OBSERVE_COPY(probes, sink);
    const BoundPort port;
    const std::string plain = Source(43).bytes(800);
    int has = -1;
    int told[2];
    ASSERT_EQ(pipe(told), 0);
    const auto answer = [](int fd) { drainToEnd(fd); };
    const auto ask = [&](int fd) {
        const int result = setsockopt(fd, IPPROTO_TCP, TCP_ULP, "tls", 4);
        tls12_crypto_info_aes_gcm_128 keys{};
        keys.info.version = TLS_1_2_VERSION;
        keys.info.cipher_type = TLS_CIPHER_AES_GCM_128;
        const bool on = result == 0 && setsockopt(fd, SOL_TLS, TLS_TX, &keys, sizeof(keys)) == 0;
        const int answer = on ? 1 : 0;
        EXPECT_EQ(write(told[1], &answer, sizeof(answer)), static_cast<ssize_t>(sizeof(answer)));
        if (on)
            sendAll(fd, plain);
    };
    ASSERT_EQ(converse(*probes, sink, port, 1, answer, ask).failures, 0);
    ASSERT_EQ(read(told[0], &has, sizeof(has)), static_cast<ssize_t>(sizeof(has)));
    close(told[0]);
    close(told[1]);
    if (has == 0)
        GTEST_SKIP() << "this kernel has no kTLS";
    const auto clients = sink.clientsOf(port.number());
    ASSERT_EQ(clients.size(), 1u);
    EXPECT_TRUE(clients.front()->sent.text.empty() || clients.front()->sent.text == plain);
}

/// Each thread has a copy of its own.
TEST(SentCopy, ofTwoThreadsOnOneSocketAreWholeMessages)
{
    RecordingSink sink;
    BN_OBSERVE_COPY(probes, sink);
    static constexpr std::size_t kEach = 400, kSize = 333;
    const BoundPort port;
    const auto answer = [&](int fd) { receiveInPieces(fd, 2 * kEach * kSize); };
    const auto ask = [&](int fd) {
        const auto talk = [fd](std::uint64_t seed) {
            Source source(seed);
            for (std::size_t i = 0; i < kEach; ++i)
                sendAll(fd, source.bytes(kSize));
        };
        std::thread other(talk, 19);
        talk(23);
        other.join();
    };
    ASSERT_EQ(converse(*probes, sink, port, 1, answer, ask).failures, 0);
    const auto clients = sink.clientsOf(port.number()), servers = sink.serversOf(port.number());
    ASSERT_EQ(clients.size(), 1u);
    ASSERT_EQ(servers.size(), 1u);
    ASSERT_TRUE(clients.front()->closed);
    const PayloadCounters& p = clients.front()->closed->payload;
    EXPECT_EQ(p.seenSent, 2 * kEach * kSize);
    EXPECT_EQ(p.lostSent, 0u);
    // Of two calls that end in another order than their bytes, one counts as unseen; what is told are whole messages, none of them twice.
    const std::string &told = clients.front()->sent.text, &truth = servers.front()->received.text;
    EXPECT_EQ(told.size() + p.unseenSent, truth.size());
    const auto messagesOf = [](const std::string& text) {
        std::vector<std::string> messages;
        for (std::size_t at = 0; at < text.size(); at += kSize)
            messages.push_back(text.substr(at, kSize));
        std::ranges::sort(messages);
        return messages;
    };
    EXPECT_TRUE(std::ranges::includes(messagesOf(truth), messagesOf(told)));
}

} // namespace
} // namespace binnacle::agent::test
