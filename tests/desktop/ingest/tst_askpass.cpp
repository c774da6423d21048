// SPDX-License-Identifier: GPL-3.0-or-later
// The server's end, with a client of the test's own; tests/ui/tst_ssh_questions.cpp has the program and the dialog.
#include "desktop/ingest/askpass.h"

#include <gtest/gtest.h>

#include <chrono>
#include <condition_variable>
#include <mutex>

namespace binnacle::desktop {
namespace {

using namespace std::chrono_literals;
using Kind = SshQuestion::Kind;

/// Everything that comes until the end.
std::string readAll(const platform::NativeSocket& from)
{
    std::string all;
    while (true) {
        const platform::Received came = platform::receiveSome(from, 100ms);
        all += came.bytes;
        if (came.isOver)
            return all;
    }
}

std::string socketOf(const AskpassServer& server)
{
    platform::Environment environment;
    server.addTo(environment, *Target::parse("ssh://alice@web-1"));
    EXPECT_EQ(environment["SSH_ASKPASS"], "/opt/binnacle/bin/binnacle");
    EXPECT_EQ(environment["BINNACLE_ASKPASS_TARGET"], "ssh://alice@web-1");
    return environment["BINNACLE_ASKPASS_SOCKET"];
}

std::shared_ptr<AskpassServer> serverThat(AskSsh answers)
{
    auto server = AskpassServer::open("/opt/binnacle/bin/binnacle", std::move(answers));
    EXPECT_TRUE(server) << server.error().what;
    return *server;
}

const std::string kQuestion("ssh://alice@web-1\0\0Enter passphrase: \0", 38);

TEST(Askpass, whatSshAsksForIsToldByItsHintAndItsWords)
{
    EXPECT_EQ(kindOf("", "Enter passphrase for key '/home/user/.ssh/id': "), Kind::Secret);
    EXPECT_EQ(kindOf("", "alice@web-1's password: "), Kind::Secret);
    EXPECT_EQ(kindOf("", "…\nAre you sure you want to continue connecting (yes/no/[fingerprint])? "), Kind::HostKey);
    EXPECT_EQ(kindOf("", "Are you sure you want to continue connecting (yes/no)? "), Kind::HostKey) << "before 8.0";
    EXPECT_EQ(kindOf("", "Please type 'yes', 'no' or the fingerprint: "), Kind::HostKey);
    EXPECT_EQ(kindOf("confirm", "Allow use of key id?"), Kind::Confirm);
    EXPECT_EQ(kindOf("none", "Confirm user presence for key ED25519-SK"), Kind::Notice);
}

TEST(Askpass, aQuestionComesWithItsTargetAndTheAnswerGoesBack)
{
    std::optional<SshQuestion> asked;
    const auto server = serverThat([&](const SshQuestion& question, const Cancellation&) {
        asked = question;
        return std::optional<std::string>("open please");
    });
    const auto socket = platform::connectLocal(socketOf(*server));
    ASSERT_TRUE(socket) << socket.error().what;
    ASSERT_TRUE(platform::sendAll(*socket, kQuestion));
    EXPECT_EQ(readAll(*socket), std::string("yopen please\0", 13));
    EXPECT_EQ(asked, (SshQuestion{Kind::Secret, "ssh://alice@web-1", "Enter passphrase: "}));
}

TEST(Askpass, noAnswerIsAnEndWithoutAWord)
{
    const auto server = serverThat([](const SshQuestion&, const Cancellation&) { return std::optional<std::string>(); });
    const auto socket = platform::connectLocal(socketOf(*server));
    ASSERT_TRUE(socket);
    ASSERT_TRUE(platform::sendAll(*socket, kQuestion));
    EXPECT_EQ(readAll(*socket), "");
}

TEST(Askpass, whenSshGoesAwayItsQuestionIsTakenBack)
{
    std::mutex mutex;
    std::condition_variable changed;
    int asked = 0, cancelled = 0;
    const auto server = serverThat([&](const SshQuestion&, const Cancellation& cancellation) {
        const auto note = [&](int& count) {
            const std::lock_guard lock(mutex);
            ++count;
            changed.notify_all();
        };
        note(asked);
        while (!cancellation.isCancelled())
            std::this_thread::sleep_for(5ms);
        note(cancelled);
        return std::optional<std::string>();
    });
    const auto waitFor = [&](const int& count) {
        std::unique_lock lock(mutex);
        return changed.wait_for(lock, 60s, [&] { return count == 1; });
    };
    {
        const auto socket = platform::connectLocal(socketOf(*server));
        ASSERT_TRUE(socket);
        ASSERT_TRUE(platform::sendAll(*socket, kQuestion));
        ASSERT_TRUE(waitFor(asked));
    }
    EXPECT_TRUE(waitFor(cancelled));
}

TEST(Askpass, whoSaysTooMuchIsNotHeard)
{
    int asked = 0;
    const auto server = serverThat([&](const SshQuestion&, const Cancellation&) {
        ++asked;
        return std::optional<std::string>("x");
    });
    const auto socket = platform::connectLocal(socketOf(*server));
    ASSERT_TRUE(socket);
    platform::sendAll(*socket, std::string(100'000, 'a'));
    EXPECT_EQ(readAll(*socket), "");
    EXPECT_EQ(asked, 0);
}

TEST(Askpass, theEndOfTheServerCancelsWhatIsUnderWay)
{
    std::mutex mutex;
    std::condition_variable changed;
    bool isAsked = false;
    auto server = serverThat([&](const SshQuestion&, const Cancellation& cancellation) {
        {
            const std::lock_guard lock(mutex);
            isAsked = true;
            changed.notify_all();
        }
        while (!cancellation.isCancelled())
            std::this_thread::sleep_for(5ms);
        return std::optional<std::string>();
    });
    const auto socket = platform::connectLocal(socketOf(*server));
    ASSERT_TRUE(socket && platform::sendAll(*socket, kQuestion));
    {
        std::unique_lock lock(mutex);
        ASSERT_TRUE(changed.wait_for(lock, 60s, [&] { return isAsked; }));
    }
    server.reset(); // returns
    EXPECT_EQ(readAll(*socket), "");
}

} // namespace
} // namespace binnacle::desktop
