// SPDX-License-Identifier: GPL-3.0-or-later
// An `ssh` of the test's own runs here what it is told to run there; tests/e2e/test_ssh.py has the real one and a real sshd.
#include "desktop/ingest/ssh_links.h"
#include "tests/desktop/ingest/fake_host.h"

#include <gtest/gtest.h>

#include <csignal>
#include <fstream>
#include <sstream>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

namespace binnacle::desktop {
namespace {

using Phase = SshLink::Phase;

/// A machine that is logged into: what happens there is a shell script each.
class FakeMachine {
public:
    FakeMachine()
    {
        // Each login and session leaves a line with its process; the words after `-- HOST` are the command.
        write("ssh", "all=\"$*\"; while [ \"$1\" != -- ]; do shift; done; shift 2\n"
                     "case \"$all\" in *ControlMaster=yes*) kind=login ;; *) kind=session ;; esac\n"
                     "echo $kind $$ >> " + path("log") + "\n"
                     ". " + path("login") + "\n"
                     "exec sh -c \"$*\"\n");
        write("login", "");
        write("binnacle-agent", "exec cat\n");
        std::ofstream(path("log"));
    }

    void write(const std::string& name, const std::string& script)
    {
        std::ofstream(path(name) + ".new") << "#!/bin/sh\n" << script;
        std::filesystem::permissions(path(name) + ".new", std::filesystem::perms::owner_all);
        std::filesystem::rename(path(name) + ".new", path(name));
    }
    void onLogin(const std::string& script) { write("login", "if [ $kind = login ]; then " + script + "; fi\n"); }

    std::vector<pid_t> processes(const std::string& kind) const
    {
        std::vector<pid_t> found;
        std::ifstream log(path("log"));
        std::string word;
        for (pid_t process = 0; log >> word >> process;) {
            if (word == kind)
                found.push_back(process);
        }
        return found;
    }

    void uninstall(const std::string& name) const { std::filesystem::remove(path(name)); }
    std::string text(const std::string& name) const
    {
        std::ostringstream all;
        all << std::ifstream(path(name)).rdbuf();
        return all.str();
    }

    std::unique_ptr<SshLink> link(const char* to = "ssh://alice@web-1")
    {
        constexpr std::chrono::milliseconds pause{10};
        SshProgram ssh{path("ssh"), {{"PATH", m_scratch.path().string() + ":/usr/bin:/bin"}}, SshPrompts::None};
        SshLinkOptions options{.target = *Target::parse(to), .ssh = ssh, .firstPause = pause, .longestPause = pause, .deniedPause = std::chrono::hours(1)};
        return std::move(*SshLink::open(options, [this] { ++m_changes; }));
    }
    int changes() const { return m_changes; }
    std::string path(const std::string& name) const { return (m_scratch.path() / name).string(); }

private:
    samples::ScratchFolder m_scratch;
    std::atomic<int> m_changes{0};
};

/// A reader: what it writes, and what comes back until the end.
class Reader {
public:
    explicit Reader(const Target& to) : m_socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0))
    {
        sockaddr_un where{};
        where.sun_family = AF_UNIX;
        to.path.copy(where.sun_path, sizeof where.sun_path - 1);
        EXPECT_EQ(::connect(m_socket, reinterpret_cast<const sockaddr*>(&where), sizeof where), 0) << to.path;
    }
    ~Reader() { ::close(m_socket); }
    Reader(const Reader&) = delete;
    Reader& operator=(const Reader&) = delete;

    void say(const std::string& text) const { EXPECT_EQ(::send(m_socket, text.data(), text.size(), MSG_NOSIGNAL), static_cast<ssize_t>(text.size())); }
    std::string hear(std::size_t bytes) const // fewer at the end
    {
        std::string text(bytes, '\0');
        std::size_t have = 0;
        while (have < bytes) {
            const ssize_t got = ::recv(m_socket, text.data() + have, bytes - have, 0);
            if (got <= 0)
                break;
            have += static_cast<std::size_t>(got);
        }
        text.resize(have);
        return text;
    }

private:
    int m_socket;
};

bool runs(pid_t process) { return ::kill(process, 0) == 0; }

TEST(SshLink, carriesEachConnectionOverOneLogin)
{
    FakeMachine machine;
    const auto link = machine.link();
    const Reader first(link->local()), second(link->local());
    first.say("to the agent");
    second.say("and again");
    EXPECT_EQ(second.hear(9), "and again");
    EXPECT_EQ(first.hear(12), "to the agent");
    EXPECT_EQ(link->phase(), Phase::In);
    EXPECT_EQ(machine.processes("login").size(), 1u);
    EXPECT_EQ(machine.processes("session").size(), 2u);
}

TEST(SshLink, looksLikeTheAddressThatWasWritten)
{
    FakeMachine machine;
    const auto link = machine.link();
    EXPECT_EQ(link->local().kind, Target::Kind::Unix);
    EXPECT_EQ(link->local().toWords(), "ssh://alice@web-1");
}

TEST(SshLink, logsInAgainWhenTheLoginEnds)
{
    FakeMachine machine;
    const auto link = machine.link();
    waitFor([&] { return link->phase() == Phase::In; });
    const Reader cut(link->local());
    cut.say("x");
    EXPECT_EQ(cut.hear(1), "x");
    machine.onLogin("echo ssh: connect to host web-1 port 22: Connection refused >&2; exit 255");
    ASSERT_EQ(::kill(machine.processes("login").front(), SIGKILL), 0);
    EXPECT_EQ(cut.hear(1), ""); // its end
    waitFor([&] { return machine.processes("login").size() >= 3; });
    EXPECT_EQ(link->whyAway()->what, "ssh to alice@web-1: no sshd listens there; check the host and the port");
    machine.onLogin("true");
    waitFor([&] { return link->phase() == Phase::In; });
    const Reader again(link->local());
    again.say("back");
    EXPECT_EQ(again.hear(4), "back");
    EXPECT_GE(machine.changes(), 5);
}

TEST(SshLink, asksNobodyASecondTimeAfterARefusal)
{
    FakeMachine machine;
    machine.onLogin("echo 'alice@web-1: Permission denied (publickey).' >&2; exit 255");
    const auto link = machine.link();
    waitFor([&] { return link->phase() == Phase::Refused; });
    EXPECT_EQ(link->whyAway()->code, ErrorCode::Denied);
    for (int i = 0; i < 3; ++i)
        EXPECT_EQ(Reader(link->local()).hear(1), ""); // at once: nobody waits for what does not come
    EXPECT_EQ(machine.processes("login").size(), 1u);
    machine.onLogin("true");
    link->retry();
    waitFor([&] { return link->phase() == Phase::In; });
    EXPECT_EQ(machine.processes("login").size(), 2u);
}

TEST(SshLink, saysWhatTheFarEndSaidBeforeItsReaderLosesTheConnection)
{
    FakeMachine machine;
    machine.write("binnacle-agent", "echo no agent listens there >&2; exit 4\n");
    const auto link = machine.link();
    EXPECT_EQ(Reader(link->local()).hear(1), "");
    ASSERT_TRUE(link->whyAway().has_value());
    EXPECT_EQ(link->whyAway()->what, "on alice@web-1: no agent listens there; start one there with `sudo binnacle-agent run`, or name its socket with ssh://HOST/PATH");
    machine.write("binnacle-agent", "exec cat\n");
    const Reader reader(link->local());
    reader.say("well");
    EXPECT_EQ(reader.hear(4), "well");
    EXPECT_FALSE(link->whyAway().has_value());
}

TEST(SshLink, doesNotTryAgainSoonWhereTheUserMayNotAsk)
{
    FakeMachine machine;
    machine.write("binnacle-agent", "echo the socket belongs to root >&2; exit 3\n");
    const auto link = machine.link();
    for (int i = 0; i < 3; ++i)
        EXPECT_EQ(Reader(link->local()).hear(1), "");
    EXPECT_EQ(link->whyAway()->code, ErrorCode::Denied);
    EXPECT_EQ(machine.processes("session").size(), 1u);
    link->retry();
    EXPECT_EQ(Reader(link->local()).hear(1), "");
    EXPECT_EQ(machine.processes("session").size(), 2u);
}

TEST(SshLink, reachesAnAgentThatIsAPodThroughTheContainerRuntime)
{
    FakeMachine machine;
    machine.uninstall("binnacle-agent");
    const auto link = machine.link();
    EXPECT_EQ(Reader(link->local()).hear(1), "");
    EXPECT_NE(link->whyAway()->what.find("neither `binnacle-agent` nor `crictl`"), std::string::npos) << link->whyAway()->what;

    machine.write("crictl", "echo \"$*\" >> " + machine.path("asked") + "\ncase $1 in exec) exec cat ;; esac\n");
    EXPECT_EQ(Reader(link->local()).hear(1), "");
    EXPECT_EQ(link->whyAway()->what, "on alice@web-1: the agent is not installed itself, and no pod of it runs there in namespace binnacle");

    machine.uninstall("asked");
    machine.write("crictl", "echo \"$*\" >> " + machine.path("asked") + "\ncase $1 in pods) echo pod-1; echo pod-2 ;; ps) echo container-1 ;; exec) exec cat ;; esac\n");
    const Reader reader(link->local());
    reader.say("in a pod");
    EXPECT_EQ(reader.hear(8), "in a pod");
    EXPECT_EQ(machine.text("asked"), "pods --quiet --state ready --namespace ^binnacle$ --label app.kubernetes.io/name=binnacle-agent\n"
                                     "ps --quiet --state running --name ^agent$ --pod pod-1\n"
                                     "exec --interactive container-1 binnacle-agent relay\n");
}

TEST(SshLink, runsAsRootOnlyWhereThatWasAskedFor)
{
    FakeMachine machine;
    machine.write("sudo", "echo \"$*\" >> " + machine.path("asked") + "\nshift; exec \"$@\"\n");
    const auto plain = machine.link();
    const Reader asUser(plain->local());
    asUser.say("x");
    EXPECT_EQ(asUser.hear(1), "x");
    EXPECT_EQ(machine.text("asked"), "");
    const auto root = machine.link("ssh://alice@web-1/run/a.sock?sudo");
    const Reader asRoot(root->local());
    asRoot.say("y");
    EXPECT_EQ(asRoot.hear(1), "y");
    EXPECT_EQ(machine.text("asked"), "-n binnacle-agent relay --listen unix:/run/a.sock\n");
}

TEST(SshLink, refusesAShellThatPrintsOfItsOwn)
{
    FakeMachine machine;
    machine.onLogin("echo Welcome to web-1");
    const auto link = machine.link();
    waitFor([&] { return link->phase() == Phase::Refused; });
    EXPECT_NE(link->whyAway()->what.find("prints text of its own (Welcome to web-1)"), std::string::npos) << link->whyAway()->what;
}

TEST(SshLink, leavesNothingBehind)
{
    FakeMachine machine;
    auto link = machine.link();
    const std::string socket = link->local().path;
    const Reader reader(link->local());
    reader.say("x");
    EXPECT_EQ(reader.hear(1), "x");
    const pid_t login = machine.processes("login").front(), session = machine.processes("session").front();
    EXPECT_TRUE(runs(login) && runs(session) && std::filesystem::exists(socket));
    link.reset();
    EXPECT_FALSE(runs(login) || runs(session));
    EXPECT_FALSE(std::filesystem::exists(std::filesystem::path(socket).parent_path()));
    EXPECT_EQ(reader.hear(1), "");
}

TEST(SshLink, endsWhileALoginStillWaitsForAnAnswer)
{
    FakeMachine machine;
    machine.onLogin("sleep 3600");
    auto link = machine.link();
    waitFor([&] { return !machine.processes("login").empty(); });
    EXPECT_EQ(link->phase(), Phase::LoggingIn);
    EXPECT_EQ(link->whyAway()->what, "ssh is still logging in for ssh://alice@web-1; answer it if it asks for something");
    const pid_t login = machine.processes("login").front();
    link.reset();
    EXPECT_FALSE(runs(login));
}

} // namespace
} // namespace binnacle::desktop
