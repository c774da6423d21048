// SPDX-License-Identifier: GPL-3.0-or-later
#include "desktop/ingest/ssh_command.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

namespace binnacle::desktop {
namespace {

using Ending = platform::ChildResult::Ending;

Target target(const char* text = "ssh://alice@web-1:2222") { return *Target::parse(text); }

SshProgram program(SshPrompts prompts = SshPrompts::None) { return {"/usr/bin/ssh", {{"PATH", "/usr/bin"}}, prompts}; }

platform::ChildResult ended(int exitCode, std::string errors)
{
    platform::ChildResult result;
    result.exitCode = exitCode;
    result.errorText = std::move(errors);
    return result;
}

bool has(const platform::ChildCommand& command, const std::string& word) { return std::ranges::find(command.arguments, word) != command.arguments.end(); }

std::string tail(const platform::ChildCommand& command)
{
    std::string text;
    for (auto word = std::ranges::find(command.arguments, "--"); word != command.arguments.end(); ++word)
        text += (text.empty() ? "" : "|") + *word;
    return text;
}

TEST(SshCommand, leavesHostKeysToThePersonWhateverTheWay)
{
    for (const SshPrompts prompts : {SshPrompts::None, SshPrompts::Terminal, SshPrompts::Dialog}) {
        for (const auto& command : {sshLogin(program(prompts), target(), "/f/control"), sshRelay(program(prompts), target(), "/f/control")}) {
            for (const std::string& word : command.arguments) {
                EXPECT_EQ(word.find("StrictHostKey"), std::string::npos) << word;
                EXPECT_EQ(word.find("KnownHosts"), std::string::npos) << word;
            }
        }
    }
}

TEST(SshCommand, saysOneWordInAnyShell)
{
    for (const char* text : {"ssh://web-1", "ssh://web-1/run/x.sock?sudo"}) {
        const std::string remote = sshRelay(program(), target(text), "/c").arguments.back();
        ASSERT_TRUE(remote.starts_with("sh -c '") && remote.ends_with("'")) << remote;
        EXPECT_EQ(remote.substr(7, remote.size() - 8).find_first_of("'\\!\n"), std::string::npos) << remote; // POSIX shells, csh and fish quote alike without these
    }
}

TEST(SshCommand, asksOnlyWhereSomebodyCanAnswer)
{
    EXPECT_TRUE(has(sshLogin(program(SshPrompts::None), target(), "/c"), "BatchMode=yes"));
    EXPECT_FALSE(has(sshLogin(program(SshPrompts::Terminal), target(), "/c"), "BatchMode=yes"));
    EXPECT_FALSE(has(sshLogin(program(SshPrompts::Dialog), target(), "/c"), "BatchMode=yes"));
    EXPECT_EQ(sshLogin(program(SshPrompts::Terminal), target(), "/c").input, platform::ChildCommand::Input::Terminal);
    EXPECT_EQ(sshLogin(program(SshPrompts::Dialog), target(), "/c").input, platform::ChildCommand::Input::Nothing);
    EXPECT_TRUE(has(sshRelay(program(SshPrompts::Terminal), target(), "/c"), "BatchMode=yes")); // it rides on the login
}

TEST(SshCommand, namesTheHostAsAWordOfItsOwn)
{
    EXPECT_TRUE(tail(sshRelay(program(), target("ssh://web-1"), "/c")).starts_with("--|web-1|sh -c 's=\"\"; a=\"binnacle-agent relay\"; "));
    EXPECT_TRUE(tail(sshRelay(program(), target("ssh://al@[::1]/run/x.sock"), "/c")).starts_with("--|al@::1|sh -c 's=\"\"; a=\"binnacle-agent relay --listen unix:/run/x.sock\"; "));
    EXPECT_TRUE(tail(sshRelay(program(), target("ssh://web-1?sudo"), "/c")).starts_with("--|web-1|sh -c 's=\"sudo -n\"; "));
    EXPECT_TRUE(has(sshLogin(program(), target(), "/c"), "2222"));
    EXPECT_FALSE(has(sshLogin(program(), target("ssh://web-1"), "/c"), "-p")); // what the config says
}

struct Vector {
    int exitCode;
    const char* errors;
    ErrorCode code;
    const char* sentence;
};

TEST(SshCommand, aLoginThatFailsIsASentence)
{
    const Vector vectors[]{
        {255, "No ED25519 host key is known for [web-1]:2222 and you have requested strict checking.\r\nHost key verification failed.\r\n", ErrorCode::Denied,
         "ssh to alice@web-1: its host key is not known here yet, and it is for you to say whether it is the right one: run `ssh -p 2222 alice@web-1` once in a terminal and "
         "compare the fingerprint"},
        {255, "@@@@@@\r\n@    WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED!     @\r\n…\r\nHost key verification failed.\r\n", ErrorCode::Denied,
         "ssh to alice@web-1: its host key is another one than your known_hosts has, so somebody may be in between. Ask who runs it; `ssh -p 2222 alice@web-1` in a terminal "
         "shows both keys"},
        {255, "alice@web-1: Permission denied (publickey).\r\n", ErrorCode::Denied,
         "ssh to alice@web-1: it does not let you in. `ssh -p 2222 alice@web-1` in a terminal has to work first: check the user, the key (`ssh-add -l`), or name another with "
         "ssh://USER@HOST. Nobody can be asked for a passphrase or a password here: load the key with `ssh-add` first, or set SSH_ASKPASS."},
        {255, "ssh: Could not resolve hostname web-1: Name or service not known\r\n", ErrorCode::Unavailable,
         "ssh to alice@web-1: the name is not known; check the spelling, or your ssh config"},
        {255, "ssh: connect to host web-1 port 2222: Connection refused\r\n", ErrorCode::Unavailable, "ssh to alice@web-1: no sshd listens there; check the host and the port"},
        {255, "ssh: connect to host web-1 port 2222: Connection timed out\r\n", ErrorCode::Unavailable,
         "ssh to alice@web-1: it does not answer; check that `ssh -p 2222 alice@web-1` works, and the way there (VPN, jump host)"},
        {255, "/etc/ssh/ssh_config: line 3: Bad configuration option: foo\r\n/etc/ssh/ssh_config: terminating, 1 bad configuration options\r\n", ErrorCode::Unsupported,
         "ssh to alice@web-1: your ssh does not take a setting; `ssh -p 2222 alice@web-1` shows which one"},
        {255, "kex_exchange_identification: Connection closed by remote host\r\n", ErrorCode::Unavailable,
         "ssh to alice@web-1: it says `kex_exchange_identification: Connection closed by remote host`; `ssh -p 2222 alice@web-1` in a terminal has to work first"},
        {255, "", ErrorCode::Unavailable, "ssh to alice@web-1: it ended without a word; `ssh -p 2222 alice@web-1` in a terminal has to work first"},
        {1, "This account is currently not available.\n", ErrorCode::Unsupported,
         "ssh to alice@web-1: it lets you in but runs no command (`This account is currently not available.`); the agent is reached by a shell command, so the account needs a shell"},
    };
    for (const Vector& vector : vectors) {
        const Error error = sshLoginError(target(), ended(vector.exitCode, vector.errors), SshPrompts::None, false);
        EXPECT_EQ(error.what, vector.sentence);
        EXPECT_EQ(error.code, vector.code) << vector.sentence;
    }
}

TEST(SshCommand, anEndOfWhatHadWorkedIsTriedAgain)
{
    const Error silent = sshLoginError(target(), ended(255, "Timeout, server web-1 not responding.\r\n"), SshPrompts::None, true);
    EXPECT_EQ(silent.code, ErrorCode::Unavailable);
    EXPECT_EQ(silent.what, "ssh to alice@web-1: it stopped answering");
    const Error afterAMistake = sshLoginError(target(), ended(255, "alice@web-1: Permission denied, please try again.\r\nclient_loop: send disconnect: Broken pipe\r\n"), SshPrompts::Terminal, true);
    EXPECT_EQ(afterAMistake.what, "ssh to alice@web-1: the connection ended (`client_loop: send disconnect: Broken pipe`); it is made again");
    EXPECT_EQ(sshLoginError(target(), ended(255, ""), SshPrompts::None, true).what, "ssh to alice@web-1: the connection ended; it is made again");
}

TEST(SshCommand, aRelayThatFailsIsASentence)
{
    const Vector vectors[]{
        {3, "the agent's socket /run/binnacle/agent.sock belongs to root, and the login is alice\n", ErrorCode::Denied,
         "on alice@web-1: the agent's socket /run/binnacle/agent.sock belongs to root, and the login is alice; log in as root (ssh://root@web-1:2222), or use sudo where it wants no "
         "password (ssh://alice@web-1:2222?sudo), or take a file: `ssh -p 2222 alice@web-1 -t sudo binnacle-agent dump --last 15m -o now.binnacle`"},
        {4, "no agent listens there\n", ErrorCode::Unavailable,
         "on alice@web-1: no agent listens there; start one there with `sudo binnacle-agent run`, or name its socket with ssh://HOST/PATH"},
        {127, "", ErrorCode::Unavailable,
         "on alice@web-1: there is neither `binnacle-agent` nor `crictl` on the PATH of a command by ssh; install the agent there, for instance in /usr/local/bin"},
        {5, "level=fatal msg=\"validate service connection: permission denied\"\n", ErrorCode::Denied,
         "on alice@web-1: the agent is not installed itself, and this user cannot ask the container runtime for its pod (`level=fatal msg=\"validate service connection: "
         "permission denied\"`); log in as root (ssh://root@web-1:2222), or use sudo where it wants no password (ssh://alice@web-1:2222?sudo)"},
        {6, "", ErrorCode::Unavailable, "on alice@web-1: the agent is not installed itself, and no pod of it runs there in namespace binnacle"},
        {5, "sudo: a password is required\nmore\n", ErrorCode::Denied,
         "on alice@web-1: sudo says `sudo: a password is required`. It must run `binnacle-agent` there without a password (NOPASSWD), or log in as root: ssh://root@web-1:2222"},
        {1, "sudo: a password is required\n", ErrorCode::Denied,
         "on alice@web-1: sudo says `sudo: a password is required`. It must run `binnacle-agent` there without a password (NOPASSWD), or log in as root: ssh://root@web-1:2222"},
        {255, "mux_client_request_session: session request failed: Session open refused by peer\r\n", ErrorCode::Unsupported,
         "on alice@web-1: its sshd allows one session a connection, and two are needed; set MaxSessions to 10 (the default) in its sshd_config"},
        {2, "binnacle-agent: there is no command `relay`; there are run, check and dump\n", ErrorCode::Unavailable,
         "on alice@web-1: `binnacle-agent relay` ended with 2 and says `binnacle-agent: there is no command `relay`; there are run, check and dump`; is it older than this program?"},
    };
    for (const Vector& vector : vectors) {
        const Error error = sshRelayError(target(), ended(vector.exitCode, vector.errors));
        EXPECT_EQ(error.what, vector.sentence);
        EXPECT_EQ(error.code, vector.code) << vector.sentence;
    }
}

TEST(SshCommand, isTheOneOnPathAndSaysWhenThereIsNone)
{
    const auto none = findSsh(SshPrompts::None, {{"PATH", "/nowhere"}});
    ASSERT_FALSE(none.has_value());
    EXPECT_EQ(none.error().what, "there is no `ssh` on PATH (/nowhere); install OpenSSH's client, in Debian openssh-client");
}

} // namespace
} // namespace binnacle::desktop
