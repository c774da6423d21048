// SPDX-License-Identifier: Apache-2.0
#include "desktop/ingest/agent_client.h"
#include "tests/desktop/ingest/fake_host.h"

#include <gtest/gtest.h>

#include <cstring>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

namespace binnacle::desktop {
namespace {

constexpr auto kForGood = std::chrono::hours(1); // more than any test is given: what ends earlier was ended

/// Takes connections and never says a word, as behind a tunnel into a pod that hangs.
class SilentHost {
public:
    SilentHost()
    {
        const std::string path = target().path;
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        std::strncpy(address.sun_path, path.c_str(), sizeof address.sun_path - 1);
        EXPECT_EQ(::bind(m_listening, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
        EXPECT_EQ(::listen(m_listening, 4), 0);
    }
    ~SilentHost()
    {
        if (m_asked >= 0)
            ::close(m_asked);
        ::close(m_listening);
    }
    /// Until somebody has connected.
    void waitForSomebody() { m_asked = ::accept(m_listening, nullptr, nullptr); }
    Target target() const { return *Target::parse("unix:" + (m_scratch.path() / "silent.sock").string()); }

private:
    samples::ScratchFolder m_scratch;
    const int m_listening = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int m_asked = -1;
};

TEST(AgentConnection, givesUpAnAttemptThatNobodyWantsAnyMore)
{
    SilentHost host;
    const Cancellation cancellation;
    std::thread someone([&] {
        host.waitForSomebody();
        cancellation.cancel();
    });
    const auto connection = AgentConnection::connect(host.target(), kForGood, cancellation);
    someone.join();
    ASSERT_FALSE(connection);
    EXPECT_EQ(connection.error().code, ErrorCode::Cancelled) << connection.error().what;
}

TEST(AgentConnection, givesUpAnAttemptThatWasNeverWanted)
{
    SilentHost host;
    const Cancellation cancellation;
    cancellation.cancel();
    const auto connection = AgentConnection::connect(host.target(), kForGood, cancellation);
    ASSERT_FALSE(connection);
    EXPECT_EQ(connection.error().code, ErrorCode::Cancelled) << connection.error().what;
}

TEST(AgentConnection, givesUpAPing)
{
    FakeHost host;
    host.feed(1);
    const auto connection = AgentConnection::connect(host.target());
    ASSERT_TRUE(connection) << connection.error().what;
    EXPECT_TRUE((*connection)->ping());
    const Cancellation cancellation;
    cancellation.cancel();
    EXPECT_EQ((*connection)->ping({}, cancellation).error().code, ErrorCode::Cancelled);
}

TEST(AgentClient, stopsInTheMiddleOfAnAttempt)
{
    SilentHost host;
    AgentClientOptions options{.target = host.target()};
    options.patience = kForGood;
    AgentClient client(options, {.connected = [](const auto&) {}, .item = [](Decoded&&) {}, .changed = [] {}});
    host.waitForSomebody();
    client.stop();
    EXPECT_NE(client.statuses().front().state, AgentState::Live);
}

} // namespace
} // namespace binnacle::desktop
