// SPDX-License-Identifier: Apache-2.0
#include "agent/service/listener.h"
#include "tests/agent/buffer/sample_seconds.h"

#include <arpa/inet.h>
#include <cstring>
#include <fstream>
#include <future>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

namespace binnacle::agent {
namespace {

constexpr std::uint32_t kNobody = 65534;

int connectTcp(std::uint16_t port)
{
    const int socket = ::socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(::connect(socket, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    return socket;
}

int connectUnix(const std::string& path)
{
    const int socket = ::socket(AF_UNIX, SOCK_STREAM, 0);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strncpy(address.sun_path, path.c_str(), sizeof address.sun_path - 1);
    if (::connect(socket, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) {
        ::close(socket);
        return -1;
    }
    return socket;
}

/// The credentials that the kernel tells of whoever `connect` makes.
PeerCredentials seenBy(Listener& listener, const std::function<int()>& connect)
{
    std::promise<PeerCredentials> seen;
    listener.start({[&](int connection, const PeerCredentials& peer) {
                        seen.set_value(peer);
                        ::close(connection);
                    },
                    {}});
    const int socket = connect();
    const PeerCredentials peer = seen.get_future().get();
    listener.close();
    ::close(socket);
    return peer;
}

ListenAddress at(const samples::ScratchFolder& scratch) { return *ListenAddress::parse("unix:" + (scratch.path() / "agent.sock").string()); }

TEST(ListenAddress, readsWhatAPersonWritesAndRefusesTheRestWithANextStep)
{
    for (const char* good : {"127.0.0.1:9465", "[::1]:9465", "127.9.9.9:0", "unix:/run/x.sock", "localhost:80"})
        EXPECT_TRUE(ListenAddress::parse(good).has_value()) << good;
    EXPECT_EQ(ListenAddress::parse("127.0.0.1:9465")->toText(), "127.0.0.1:9465");
    EXPECT_EQ(ListenAddress::parse("unix:/run/x.sock")->toText(), "unix:/run/x.sock");
    for (const char* bad : {"", "9465", "unix:", "127.0.0.1", "127.0.0.1:port", "127.0.0.1:70000", "host:80"}) {
        const auto parsed = ListenAddress::parse(bad);
        ASSERT_FALSE(parsed.has_value()) << bad;
        EXPECT_NE(parsed.error().what.find("unix:PATH"), std::string::npos) << bad;
    }
    EXPECT_EQ(ListenAddress::parse("unix:/" + std::string(200, 'x')).error().code, ErrorCode::Invalid);
}

TEST(ListenAddress, refusesAnAddressThatCanBeReachedFromOutside)
{
    for (const char* open : {"0.0.0.0:9465", "[::]:9465", "10.0.0.1:9465"}) {
        const auto parsed = ListenAddress::parse(open);
        ASSERT_FALSE(parsed.has_value()) << open;
        EXPECT_EQ(parsed.error().code, ErrorCode::Denied);
        EXPECT_NE(parsed.error().what.find("port-forward"), std::string::npos);
    }
}

TEST(Listener, namesTheProcessBehindAUnixSocket)
{
    const samples::ScratchFolder scratch;
    const auto listener = std::move(*Listener::open(at(scratch)));
    const PeerCredentials peer = seenBy(*listener, [&] { return connectUnix(at(scratch).path); });
    EXPECT_EQ(peer.user, ::geteuid());
    EXPECT_EQ(peer.pid, static_cast<std::uint32_t>(::getpid()));
}

TEST(Listener, namesTheUserBehindALoopbackConnectionAndHoldsAPidToItsSocket)
{
    for (const char* address : {"127.0.0.1:0"}) {
        const auto listener = std::move(*Listener::open(*ListenAddress::parse(address)));
        ASSERT_NE(listener->address().endpoint.port, 0);
        bool isMine = false, isParents = true;
        int socket = -1;
        std::promise<PeerCredentials> seen;
        listener->start({[&](int connection, const PeerCredentials& peer) {
                             isMine = holdsSocket(static_cast<std::uint32_t>(::getpid()), peer.socketInode);
                             isParents = holdsSocket(static_cast<std::uint32_t>(::getppid()), peer.socketInode);
                             ::close(connection);
                             seen.set_value(peer);
                         },
                         {}});
        socket = connectTcp(listener->address().endpoint.port);
        EXPECT_EQ(seen.get_future().get().user, ::geteuid());
        listener->close();
        ::close(socket);
        EXPECT_TRUE(isMine);
        EXPECT_FALSE(isParents);
    }
}

TEST(Listener, tellsAnotherUserApartOnLoopback)
{
    if (::geteuid() != 0)
        GTEST_SKIP() << "needs root to become another user";
    const auto listener = std::move(*Listener::open(*ListenAddress::parse("127.0.0.1:0")));
    const PeerCredentials peer = seenBy(*listener, [&] {
        int socket = -1;
        // The raw call changes this thread only; a socket belongs to who made it.
        std::thread([&] {
            ::syscall(SYS_setresuid, -1, kNobody, -1);
            socket = connectTcp(listener->address().endpoint.port);
        }).join();
        return socket;
    });
    EXPECT_EQ(peer.user, kNobody);
    EXPECT_FALSE(mayAsk(peer.user, ::geteuid()));
}

TEST(Listener, keepsOtherUsersFromItsSocketFile)
{
    const samples::ScratchFolder scratch;
    const auto listener = std::move(*Listener::open(at(scratch)));
    struct stat status{};
    ASSERT_EQ(::stat(at(scratch).path.c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777, 0600u);
}

TEST(Listener, replacesASocketThatNobodyListensOn)
{
    const samples::ScratchFolder scratch;
    const int stale = ::socket(AF_UNIX, SOCK_STREAM, 0);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strncpy(address.sun_path, at(scratch).path.c_str(), sizeof address.sun_path - 1);
    ASSERT_EQ(::bind(stale, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    ::close(stale); // as after kill −9: the file stays
    EXPECT_TRUE(Listener::open(at(scratch)).has_value());
}

TEST(Listener, refusesASocketThatIsInUseAndAFileThatIsNoSocket)
{
    const samples::ScratchFolder scratch;
    const auto first = std::move(*Listener::open(at(scratch)));
    const auto second = Listener::open(at(scratch));
    ASSERT_FALSE(second.has_value());
    EXPECT_NE(second.error().what.find("another agent listens"), std::string::npos);
    EXPECT_GE(connectUnix(at(scratch).path), 0); // the first one lives on

    const auto plain = scratch.path() / "plain";
    std::ofstream(plain) << "precious";
    EXPECT_FALSE(Listener::open(*ListenAddress::parse("unix:" + plain.string())).has_value());
    EXPECT_EQ(std::filesystem::file_size(plain), 8u);

    const auto tcp = std::move(*Listener::open(*ListenAddress::parse("127.0.0.1:0")));
    const auto taken = Listener::open(tcp->address());
    ASSERT_FALSE(taken.has_value());
    EXPECT_NE(taken.error().what.find("--listen"), std::string::npos);
}

TEST(Listener, leavesNoSocketFileBehind)
{
    const samples::ScratchFolder scratch;
    std::move(*Listener::open(at(scratch)))->close();
    EXPECT_FALSE(std::filesystem::exists(at(scratch).path));
}

} // namespace
} // namespace binnacle::agent
