// SPDX-License-Identifier: Apache-2.0
#include "agent/aggregation/collector.h"
#include "agent/metadata/conntrack/conntrack_reader.h"
#include "agent/probes/probe_set.h"
#include "core/telemetry/identity.h"
#include "tests/kernel/support/loopback.h"
#include "tests/kernel/support/translating_host.h"

#include <gtest/gtest.h>

#include <arpa/inet.h>
#include <chrono>
#include <cstring>
#include <netinet/in.h>
#include <sys/socket.h>
#include <thread>
#include <utility>
#include <unistd.h>

/// Real translations by the kernel's packet filter, in a network namespace of the test's own.
namespace binnacle::agent::test {
namespace {

Endpoint endpoint(std::string_view address, std::uint16_t port) { return {*InternetAddress::parse(address), port}; }

struct Address {
    sockaddr_storage bytes{};
    socklen_t size = 0;

    explicit Address(const Endpoint& at)
    {
        if (at.address.isV4()) {
            auto& in = reinterpret_cast<sockaddr_in&>(bytes);
            in.sin_family = AF_INET;
            in.sin_port = htons(at.port);
            std::copy_n(at.address.bytes.begin() + 12, 4, reinterpret_cast<std::uint8_t*>(&in.sin_addr));
            size = sizeof in;
        } else {
            auto& in = reinterpret_cast<sockaddr_in6&>(bytes);
            in.sin6_family = AF_INET6;
            in.sin6_port = htons(at.port);
            std::copy(at.address.bytes.begin(), at.address.bytes.end(), reinterpret_cast<std::uint8_t*>(&in.sin6_addr));
            size = sizeof in;
        }
    }
    sockaddr* get() { return reinterpret_cast<sockaddr*>(&bytes); }
};

int listenOn(const Endpoint& at)
{
    Address address(at);
    const int fd = ::socket(address.bytes.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const int yes = 1;
    ::setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    EXPECT_EQ(::bind(fd, address.get(), address.size), 0) << std::strerror(errno);
    EXPECT_EQ(::listen(fd, 64), 0) << std::strerror(errno);
    return fd;
}

int dial(const Endpoint& at)
{
    Address address(at);
    const int fd = ::socket(address.bytes.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    return ::connect(fd, address.get(), address.size) == 0 ? fd : -errno;
}

SocketAddresses addressesOf(int fd, const Endpoint& remote)
{
    Address local(remote);
    ::getsockname(fd, local.get(), &local.size);
    SocketAddresses addresses;
    addresses.remote = remote;
    if (remote.address.isV4()) {
        const auto& in = reinterpret_cast<const sockaddr_in&>(local.bytes);
        addresses.local = {InternetAddress::fromV4(in.sin_addr.s_addr), ntohs(in.sin_port)};
    } else {
        const auto& in = reinterpret_cast<const sockaddr_in6&>(local.bytes);
        std::copy_n(reinterpret_cast<const std::uint8_t*>(&in.sin6_addr), 16, addresses.local.address.bytes.begin());
        addresses.local.port = ntohs(in.sin6_port);
    }
    return addresses;
}

const Endpoint kService = endpoint("10.96.0.10", 80), kBackend = endpoint("10.88.0.1", 8'080);
const Endpoint kService6 = endpoint("fd00:96::a", 80), kBackend6 = endpoint("fd00:88::1", 8'080);

class KernelTranslationTest : public ::testing::Test {
protected:
    void SetUp() override
    {
        if (!m_host.trouble().empty())
            GTEST_SKIP() << "address translation cannot be set up: " << m_host.trouble();
        m_host.run([this] {
            m_listening = {listenOn(kBackend), listenOn(kBackend6)};
        });
        m_reader = start();
    }
    void TearDown() override
    {
        for (const int fd : m_listening)
            ::close(fd);
    }

    std::unique_ptr<ConntrackReader> start()
    {
        auto started = ConntrackReader::start(m_host.procRoot());
        EXPECT_TRUE(started) << started.error().what;
        return started ? std::move(*started) : nullptr;
    }

    struct Dialled {
        int fd = -1;
        SocketAddresses addresses;
    };
    Dialled dialFromHost(const Endpoint& to)
    {
        Dialled dialled;
        m_host.run([&] {
            dialled.fd = dial(to);
            if (dialled.fd < 0)
                return;
            dialled.addresses = addressesOf(dialled.fd, to);
            ::close(::accept(m_listening[to.address.isV4() ? 0 : 1], nullptr, nullptr));
        });
        EXPECT_GE(dialled.fd, 0) << std::strerror(-dialled.fd);
        return dialled;
    }

    std::optional<Endpoint> backendOf(ConntrackReader& reader, const SocketAddresses& addresses)
    {
        EXPECT_TRUE(reader.ask(ConnectionId{++m_last}, addresses));
        std::vector<NatAnswer> answers;
        while (answers.empty()) { // the test's own time-out ends it
            reader.takeAnswers(answers);
            std::this_thread::sleep_for(std::chrono::milliseconds(1));
        }
        EXPECT_EQ(answers.front().connection.value, m_last);
        return answers.front().backend;
    }

    TranslatingHost m_host;
    std::vector<int> m_listening;
    std::unique_ptr<ConntrackReader> m_reader;
    std::uint64_t m_last = 0;
};

TEST_F(KernelTranslationTest, tellsTheBackendOfANewConnection)
{
    ASSERT_TRUE(m_reader);
    for (const auto& [service, backend] : {std::pair(kService, kBackend), std::pair(kService6, kBackend6)}) {
        const Dialled dialled = dialFromHost(service);
        EXPECT_EQ(backendOf(*m_reader, dialled.addresses), backend) << service.toText();
        ::close(dialled.fd);
    }
    EXPECT_EQ(m_reader->stats().translated, 2u);
    EXPECT_EQ(m_reader->takeLimits(), std::vector<KnowledgeLimit>{});
}

TEST_F(KernelTranslationTest, whatIsNotTranslatedHasNoBackend)
{
    ASSERT_TRUE(m_reader);
    const Dialled direct = dialFromHost(kBackend);
    EXPECT_EQ(backendOf(*m_reader, direct.addresses), std::nullopt);
    const Dialled dialled = dialFromHost(kService);
    const SocketAddresses server{kBackend, dialled.addresses.local, {}}; // as the server's socket would ask
    EXPECT_EQ(backendOf(*m_reader, server), std::nullopt);
    ::close(direct.fd);
    ::close(dialled.fd);
}

TEST_F(KernelTranslationTest, tellsOfConnectionsThatTheKernelForgot)
{
    ASSERT_TRUE(m_reader);
    std::vector<SocketAddresses> over;
    for (int i = 0; i < 211; ++i) {
        const Dialled dialled = dialFromHost(i % 2 == 0 ? kService : kService6);
        ::close(dialled.fd);
        over.push_back(dialled.addresses);
    }
    m_host.forgetConnections();
    const auto later = start(); // heard of none of them
    ASSERT_TRUE(later);
    for (std::size_t i = 0; i < over.size(); ++i) {
        EXPECT_EQ(backendOf(*m_reader, over[i]), i % 2 == 0 ? kBackend : kBackend6) << i;
        EXPECT_EQ(backendOf(*later, over[i]), std::nullopt) << "the kernel has it still";
    }
    EXPECT_EQ(m_reader->stats().eventsLost, 0u);
}

TEST_F(KernelTranslationTest, hearsOnlyOfWhatIsTranslated)
{
    ASSERT_TRUE(m_reader);
    for (int i = 0; i < 20; ++i)
        ::close(dialFromHost(kBackend).fd);
    const Dialled last = dialFromHost(kService);
    EXPECT_EQ(backendOf(*m_reader, last.addresses), kBackend);
    EXPECT_EQ(m_reader->stats().heard, 1u);
    ::close(last.fd);
}

TEST_F(KernelTranslationTest, tellsTheBackendOfConnectionsThatWereThereBefore)
{
    const Dialled dialled = dialFromHost(kService);
    const auto later = start();
    ASSERT_TRUE(later);
    EXPECT_EQ(backendOf(*later, dialled.addresses), kBackend);
    ::close(dialled.fd);
}

TEST_F(KernelTranslationTest, staysWhereItIsWhenTheHostsNamespaceIsClosed)
{
    std::unique_ptr<ConntrackReader> reader;
    m_host.run([&] { // as an agent that runs on this host
        if (auto started = ConntrackReader::start(m_host.procRoot() / "none"))
            reader = std::move(*started);
    });
    ASSERT_TRUE(reader);
    const std::vector<KnowledgeLimit> limits = reader->takeLimits();
    ASSERT_EQ(limits.size(), 1u);
    EXPECT_EQ(limits.front().what, "translations_elsewhere");
    EXPECT_NE(limits.front().sentence.find("cannot be opened"), std::string::npos) << limits.front().sentence;
    EXPECT_EQ(reader->takeLimits(), limits) << "for as long as it is so";
    const Dialled dialled = dialFromHost(kService);
    EXPECT_EQ(backendOf(*reader, dialled.addresses), kBackend);
    ::close(dialled.fd);
}

/// From the kernel's hooks to the batch: what a client dialled and where it went, for connections of a millisecond.
TEST_F(KernelTranslationTest, batchNamesBackendAndWhatWasDialled)
{
    ASSERT_TRUE(m_reader);
    constexpr int kConnections = 53;
    Collector::Options options;
    options.agent = telemetry::hostKey("machine", "boot");
    options.bootId = "boot";
    Collector collector(options);
    collector.setNatLookup(m_reader.get());
    const TimeRange always{utcTime(0), utcTime(0) + std::chrono::hours(24 * 365 * 100)}; // one batch, however long this host is up
    collector.begin(always, {hostTime(0), utcTime(0), {}});
    auto probes = ProbeSet::create({}, collector);
    if (!probes && probes.error().code == ErrorCode::Denied)
        GTEST_SKIP() << probes.error().what;
    ASSERT_TRUE(probes) << probes.error().what;
    collector.setCaptureControl(probes->get());

    ::close(std::exchange(m_listening[0], -1)); // what listens is a program that is seen, not this one
    Gate listens;
    std::vector<Child> children;
    m_host.run([&] {
        children.emplace_back([&] {
            const int listening = listenOn(kBackend);
            listens.open();
            for (int i = 0; i < kConnections; ++i) {
                const int fd = ::accept(listening, nullptr, nullptr);
                receiveExactly(fd, 4);
                sendAll(fd, "pong");
                ::close(fd);
            }
            return 0;
        });
        children.emplace_back([&] {
            listens.pass();
            for (int i = 0; i < kConnections; ++i) {
                const int fd = dial(kService);
                sendAll(fd, "ping");
                receiveExactly(fd, 4);
                ::close(fd);
            }
            return 0;
        });
    });
    while (children[0].running() || children[1].running()) {
        (*probes)->drain(collector);
        collector.drained();
        ::usleep(2'000);
    }
    EXPECT_EQ(children[1].wait(), 0);
    (*probes)->drainAll(collector);
    for (int i = 0; i < 20; ++i) {
        ::usleep(2'000);
        collector.drained();
    }
    const telemetry::Batch batch = collector.seal(always, {hostTime(0), utcTime(0), {}});
    std::uint64_t opened = 0, closed = 0;
    for (const telemetry::TcpRow& row : batch.overview->tcp) {
        const telemetry::End& end = batch.dictionary->ends[row.end];
        if (end.side != telemetry::Side::Client || end.dialled != kService)
            continue;
        EXPECT_EQ(end.remote, kBackend);
        EXPECT_NE(end.remoteInstance, telemetry::kNone) << "the server is on this host";
        opened += row.opened;
        closed += row.closed;
    }
    EXPECT_EQ(opened, static_cast<std::uint64_t>(kConnections));
    EXPECT_EQ(closed, static_cast<std::uint64_t>(kConnections));
}

} // namespace
} // namespace binnacle::agent::test
