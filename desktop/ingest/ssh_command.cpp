// SPDX-License-Identifier: GPL-3.0-or-later
#include "desktop/ingest/ssh_command.h"

#include "core/base/platform/programs.h"

#include <algorithm>
#include <array>
#include <vector>

namespace binnacle::desktop {
namespace {

// Exit statuses: of ssh (ssh(1)), of `binnacle-agent relay` (agent/app/commands.h), and of the script below.
constexpr int kSshFailed = 255, kRelayDenied = 3, kRelayNobody = 4, kNoProgram = 127, kPodsDenied = 5, kNoPod = 6;

std::string destination(const Target& target) { return target.user.empty() ? target.host : target.user + '@' + target.host; }

std::string sshWords(const Target& target)
{
    return "ssh " + (target.port != 0 ? "-p " + std::to_string(target.port) + ' ' : std::string()) + destination(target);
}

Target as(const Target& target, std::string user, bool withSudo)
{
    Target other = target;
    other.user = std::move(user);
    other.withSudo = withSudo;
    return other;
}

/// Where the agent is installed it is asked itself, and where it is a pod of this node, through the container runtime, which needs no API server.
/// `crictl exec` confines what it runs as the container is confined: a pod that only calls itself an agent gains nothing by it.
///
/// One word between single quotes, for whatever shell the user has there: there is neither a single quote nor a backslash nor a `!` in it, and
/// Target lets only plain characters through.
std::string relayScript(const Target& target)
{
    const std::string relay = "binnacle-agent relay" + (target.path.empty() ? "" : " --listen unix:" + target.path);
    return std::string("s=\"") + (target.withSudo ? "sudo -n" : "") + "\"; a=\"" + relay + "\"; "
           "if command -v binnacle-agent >/dev/null 2>&1; then exec $s $a; fi; "
           "command -v crictl >/dev/null 2>&1 || exit " + std::to_string(kNoProgram) + "; "
           "p=$($s crictl pods --quiet --state ready --namespace ^binnacle$ --label app.kubernetes.io/name=binnacle-agent) || exit " + std::to_string(kPodsDenied) + "; "
           "c=; [ -z \"$p\" ] || c=$($s crictl ps --quiet --state running --name ^agent$ --pod \"$(echo $p | cut -d \" \" -f 1)\"); "
           "[ -n \"$c\" ] || exit " + std::to_string(kNoPod) + "; "
           "exec $s crictl exec --interactive \"$(echo $c | cut -d \" \" -f 1)\" $a";
}

std::vector<std::string> options(std::initializer_list<const char*> settings)
{
    std::vector<std::string> words;
    for (const char* setting : settings) {
        words.emplace_back("-o");
        words.emplace_back(setting);
    }
    return words;
}

/// The first word ssh takes for a setting counts: these stand over the user's config, everything else is as the config says.
platform::ChildCommand command(const SshProgram& ssh, const Target& target, const std::filesystem::path& controlSocket)
{
    platform::ChildCommand child;
    child.program = ssh.file;
    child.environment = ssh.environment;
    child.timeOut.reset();
    child.lookEvery = std::chrono::milliseconds(100);
    // What is asked for is a byte stream: nothing else is to be forwarded, and nothing printed but what is wrong.
    child.arguments = options({"LogLevel=ERROR", "RequestTTY=no", "RemoteCommand=none", "ControlPersist=no", "ClearAllForwardings=yes", "ForwardAgent=no",
                               "ForwardX11=no", "PermitLocalCommand=no"});
    child.arguments.insert(child.arguments.end(), {"-S", controlSocket.string()});
    if (target.port != 0)
        child.arguments.insert(child.arguments.end(), {"-p", std::to_string(target.port)});
    return child;
}

void addRemote(platform::ChildCommand& child, const Target& target, std::string remote)
{
    child.arguments.insert(child.arguments.end(), {"--", destination(target), std::move(remote)});
}

/// Lines of standard error, without what is empty.
std::vector<std::string> linesOf(const std::string& text)
{
    std::vector<std::string> lines;
    for (std::size_t at = 0; at < text.size();) {
        const std::size_t end = std::min(text.find_first_of("\r\n", at), text.size());
        if (end > at)
            lines.push_back(text.substr(at, end - at));
        at = end + 1;
    }
    return lines;
}

/// Printable, and not too long for a sentence.
std::string quoted(std::string line)
{
    constexpr std::size_t kLongest = 200;
    std::ranges::replace_if(line, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }, ' ');
    if (line.size() > kLongest)
        line = line.substr(0, kLongest) + "…";
    return '`' + line + '`';
}

std::string lastWords(const platform::ChildResult& result)
{
    const auto lines = linesOf(result.errorText);
    return lines.empty() ? std::string() : quoted(lines.back());
}

struct Symptom {
    std::string_view said;
    ErrorCode code;
    const char* means; // after `ssh to HOST: `; %s: the command that a person runs himself
};

/// Of ssh's own words (OpenSSH prints them in English), the more telling ones first.
constexpr std::array kSymptoms{
    Symptom{"REMOTE HOST IDENTIFICATION HAS CHANGED", ErrorCode::Denied,
            "its host key is another one than your known_hosts has, so somebody may be in between. Ask who runs it; `%s` in a terminal shows both keys"},
    Symptom{"Host key verification failed", ErrorCode::Denied,
            "its host key is not known here yet, and it is for you to say whether it is the right one: run `%s` once in a terminal and compare the fingerprint"},
    Symptom{"Too many authentication failures", ErrorCode::Denied,
            "too many keys were offered before the right one; set IdentityFile and IdentitiesOnly for it in your ssh config, then try `%s`"},
    Symptom{"Permission denied", ErrorCode::Denied,
            "it does not let you in. `%s` in a terminal has to work first: check the user, the key (`ssh-add -l`), or name another with ssh://USER@HOST"},
    Symptom{"Could not resolve hostname", ErrorCode::Unavailable, "the name is not known; check the spelling, or your ssh config"},
    Symptom{"Connection refused", ErrorCode::Unavailable, "no sshd listens there; check the host and the port"},
    Symptom{"timed out", ErrorCode::Unavailable, "it does not answer; check that `%s` works, and the way there (VPN, jump host)"},
    Symptom{"not responding", ErrorCode::Unavailable, "it stopped answering"},
    Symptom{"No route to host", ErrorCode::Unavailable, "there is no way to it from here; check the network or VPN"},
    Symptom{"Network is unreachable", ErrorCode::Unavailable, "there is no way to it from here; check the network or VPN"},
    Symptom{"bad configuration option", ErrorCode::Unsupported, "your ssh does not take a setting; `%s` shows which one"},
};

std::string withCommand(std::string text, const std::string& command)
{
    if (const std::size_t at = text.find("%s"); at != std::string::npos)
        text.replace(at, 2, command);
    return text;
}

std::string noPromptHint(SshPrompts prompts)
{
    return prompts == SshPrompts::None ? " Nobody can be asked for a passphrase or a password here: load the key with `ssh-add` first, or set SSH_ASKPASS." : "";
}

std::string waysToRoot(const Target& target)
{
    return "log in as root (" + as(target, "root", false).toText() + "), or use sudo where it wants no password (" + as(target, target.user, true).toText() + ')';
}

} // namespace

Result<SshProgram> findSsh(SshPrompts wanted, const platform::Environment& environment)
{
    const std::string path = platform::variable(environment, "PATH");
    const auto file = platform::findProgram("ssh", path);
    if (!file)
        return failure(ErrorCode::NotFound, "there is no `ssh` on PATH (" + path + "); install OpenSSH's client, in Debian openssh-client");
    SshProgram ssh{*file, environment, wanted};
    if (wanted == SshPrompts::Terminal && !platform::standardInputIsTerminal())
        ssh.prompts = SshPrompts::None;
    if (wanted == SshPrompts::Dialog) {
        std::string& asks = ssh.environment["SSH_ASKPASS"];
        if (asks.empty())
            asks = platform::findProgram("ssh-askpass", path).value_or(std::filesystem::path()).string();
        ssh.prompts = asks.empty() ? SshPrompts::None : SshPrompts::Dialog;
        ssh.environment["SSH_ASKPASS_REQUIRE"] = "force"; // also when the window was started in a terminal: nobody looks there
    }
    return ssh;
}

platform::ChildCommand sshLogin(const SshProgram& ssh, const Target& target, const std::filesystem::path& controlSocket)
{
    platform::ChildCommand child = command(ssh, target, controlSocket);
    const auto add = [&](std::initializer_list<const char*> settings) {
        const auto words = options(settings);
        child.arguments.insert(child.arguments.end(), words.begin(), words.end());
    };
    add({"ControlMaster=yes", "ConnectTimeout=15", "ServerAliveInterval=5", "ServerAliveCountMax=3"});
    if (ssh.prompts == SshPrompts::None)
        add({"BatchMode=yes"});
    child.input = ssh.prompts == SshPrompts::Terminal ? platform::ChildCommand::Input::Terminal : platform::ChildCommand::Input::Nothing;
    std::string hello(kSshHello);
    hello.pop_back();
    addRemote(child, target, "echo " + hello + "; cat >/dev/null");
    return child;
}

platform::ChildCommand sshRelay(const SshProgram& ssh, const Target& target, const std::filesystem::path& controlSocket)
{
    platform::ChildCommand child = command(ssh, target, controlSocket);
    // Where the login has ended, ssh would log in anew: through a proxy that fails, it does not.
    const auto words = options({"ControlMaster=no", "BatchMode=yes", "ProxyCommand=false"});
    child.arguments.insert(child.arguments.end(), words.begin(), words.end());
    addRemote(child, target, "sh -c '" + relayScript(target) + '\'');
    return child;
}

bool isSshFailure(const platform::ChildResult& result)
{
    return result.ending != platform::ChildResult::Ending::Exited || result.exitCode == kSshFailed;
}

Error sshLoginError(const Target& target, const platform::ChildResult& result, SshPrompts prompts, bool wasIn)
{
    const std::string to = "ssh to " + destination(target) + ": ";
    const auto lines = linesOf(result.errorText);
    const std::string last = lines.empty() ? std::string() : lines.back();
    const std::string& told = wasIn ? last : result.errorText; // what came before the login, such as a mistyped password, is over
    const auto symptom = std::ranges::find_if(kSymptoms, [&](const Symptom& one) { return told.find(one.said) != std::string::npos; });
    if (symptom != kSymptoms.end()) {
        const bool isAboutKeys = symptom->said == "Permission denied";
        return {wasIn ? ErrorCode::Unavailable : symptom->code, to + withCommand(symptom->means, sshWords(target)) + (isAboutKeys ? "." + noPromptHint(prompts) : "")};
    }
    const std::string said = lastWords(result);
    if (wasIn)
        return {ErrorCode::Unavailable, to + "the connection ended" + (said.empty() ? std::string() : " (" + said + ')') + "; it is made again"};
    if (isSshFailure(result))
        return {ErrorCode::Unavailable, to + (said.empty() ? "it ended without a word" : "it says " + said) + "; `" + sshWords(target) + "` in a terminal has to work first"};
    return {ErrorCode::Unsupported, to + "it lets you in but runs no command" + (said.empty() ? std::string() : " (" + said + ')')
                                        + "; the agent is reached by a shell command, so the account needs a shell"};
}

Error sshRelayError(const Target& target, const platform::ChildResult& result)
{
    const std::string on = "on " + destination(target) + ": ";
    const std::string said = lastWords(result);
    const auto lines = linesOf(result.errorText);
    const std::string plain = lines.empty() ? std::string() : lines.back();
    const auto fromSudo = std::ranges::find_if(lines, [](const std::string& line) { return line.starts_with("sudo: "); });
    if (isSshFailure(result) && result.errorText.find("refused by peer") != std::string::npos)
        return {ErrorCode::Unsupported, on + "its sshd allows one session a connection, and two are needed; set MaxSessions to 10 (the default) in its sshd_config"};
    if (isSshFailure(result))
        return {ErrorCode::Unavailable, on + "the session ended" + (said.empty() ? std::string() : " (" + said + ')') + "; it is made again"};
    if (fromSudo != lines.end())
        return {ErrorCode::Denied, on + "sudo says " + quoted(*fromSudo) + ". It must run `binnacle-agent` there without a password (NOPASSWD), or log in as root: "
                                       + as(target, "root", false).toText()};
    switch (result.exitCode) {
    case kRelayDenied:
        return {ErrorCode::Denied, on + plain + "; " + waysToRoot(target) + ", or take a file: `" + sshWords(target)
                                       + " -t sudo binnacle-agent dump --last 15m -o now.binnacle`"};
    case kRelayNobody:
        return {ErrorCode::Unavailable, on + plain + "; start one there with `sudo binnacle-agent run`, or name its socket with ssh://HOST/PATH"};
    case kNoProgram:
        return {ErrorCode::Unavailable, on + "there is neither `binnacle-agent` nor `crictl` on the PATH of a command by ssh; install the agent there, for instance in /usr/local/bin"};
    case kPodsDenied:
        return {ErrorCode::Denied, on + "the agent is not installed itself, and this user cannot ask the container runtime for its pod" + (said.empty() ? "" : " (" + said + ')') + "; "
                                       + waysToRoot(target)};
    case kNoPod: return {ErrorCode::Unavailable, on + "the agent is not installed itself, and no pod of it runs there in namespace binnacle"};
    default: return {ErrorCode::Unavailable, on + "`binnacle-agent relay` ended with " + std::to_string(result.exitCode) + (said.empty() ? "" : " and says " + said) + "; is it older than this program?"};
    }
}

} // namespace binnacle::desktop
