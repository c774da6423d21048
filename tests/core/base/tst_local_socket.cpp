// SPDX-License-Identifier: Apache-2.0
#include "core/base/platform/child_process.h"
#include "core/base/platform/local_socket.h"
#include "core/base/platform/private_folder.h"

#include <gtest/gtest.h>

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

namespace binnacle::platform {
namespace {

constexpr auto kNow = std::chrono::milliseconds(0);
constexpr auto kLong = std::chrono::minutes(1);

NativeSocket connectTo(const std::filesystem::path& file)
{
    sockaddr_un where{};
    where.sun_family = AF_UNIX;
    file.string().copy(where.sun_path, sizeof where.sun_path - 1);
    NativeSocket socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    EXPECT_EQ(::connect(static_cast<int>(socket.get()), reinterpret_cast<const sockaddr*>(&where), sizeof where), 0);
    return socket;
}

void say(const NativeSocket& to, const std::string& text) { EXPECT_EQ(::send(static_cast<int>(to.get()), text.data(), text.size(), MSG_NOSIGNAL), static_cast<ssize_t>(text.size())); }

TEST(LocalListener, isForThisUserAloneAndTakesItsFileAlong)
{
    const auto folder = *PrivateFolder::create("binnacle-test");
    const auto file = folder->path() / "socket";
    {
        const auto listener = LocalListener::open(file);
        ASSERT_TRUE(listener) << listener.error().what;
        struct stat facts{};
        ASSERT_EQ(::stat(file.c_str(), &facts), 0);
        EXPECT_EQ(facts.st_mode & 0777, 0600u);
        EXPECT_FALSE(LocalListener::open(file)); // it is taken
    }
    EXPECT_FALSE(std::filesystem::exists(file));
}

TEST(LocalListener, givesConnectionsWhoseOtherEndIsStillThere)
{
    const auto folder = *PrivateFolder::create("binnacle-test");
    const auto file = folder->path() / "socket";
    auto listener = LocalListener::open(file);
    ASSERT_TRUE(listener);
    EXPECT_FALSE(listener->accept(kNow));
    connectTo(file).reset();
    const NativeSocket there = connectTo(file);
    EXPECT_FALSE(listener->accept(kLong)); // who has left
    const auto connection = listener->accept(kLong);
    ASSERT_TRUE(connection);
    EXPECT_TRUE(receiveSome(*connection, kNow).bytes.empty());
    say(there, "hello");
    EXPECT_EQ(receiveSome(*connection, kLong).bytes, "hello");
    EXPECT_FALSE(receiveSome(*connection, kNow).isOver);
}

TEST(LocalListener, refusesAPathThatNoSocketCanHave)
{
    const auto refused = LocalListener::open("/tmp/" + std::string(120, 'x'));
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, ErrorCode::Invalid);
}

TEST(SocketPair, endsWhenTheOtherEndDoes)
{
    auto ends = makeSocketPair();
    ASSERT_TRUE(ends);
    say(ends->second, "last");
    ends->second.reset();
    EXPECT_EQ(receiveSome(ends->first, kLong).bytes, "last");
    EXPECT_TRUE(receiveSome(ends->first, kLong).isOver);
}

TEST(SocketPair, isAChildsInputAndOutput)
{
    auto ends = makeSocketPair();
    ASSERT_TRUE(ends);
    ChildCommand command;
    command.program = "/bin/sh";
    command.arguments = {"-c", "read -r line; echo \"heard $line\"; echo aside >&2; cat >/dev/null; exit 5"};
    command.environment = {{"PATH", "/usr/bin:/bin"}};
    command.stream = ends->second.get();
    command.timeOut.reset();
    say(ends->first, "this\n");
    // Only the half that it reads is closed: the script ends at the end of its input.
    ASSERT_EQ(::shutdown(static_cast<int>(ends->first.get()), SHUT_WR), 0);
    const auto result = runChild(command, {});
    ASSERT_TRUE(result) << result.error().what;
    EXPECT_EQ(receiveSome(ends->first, kLong).bytes, "heard this\n");
    EXPECT_EQ(result->exitCode, 5);
    EXPECT_EQ(result->output, "");
    EXPECT_EQ(result->errorText, "aside\n");
}

} // namespace
} // namespace binnacle::platform
