// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/base/platform/child_process.h"
#include "core/base/result.h"
#include "desktop/ingest/target.h"

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

/// What is said to the user's own ssh, and what its answers mean.  Pure but for findSsh().
///
/// The agent is reached by a command there and not by `ssh -L`: sshd may have forwarding switched off, connects as the user who logged in (so
/// never to root's socket, not even with sudo), says `open failed` whatever the reason was, and has to be told a path that only that host knows.
namespace binnacle::desktop {

/// Who answers when ssh asks for a passphrase, a password or about a host's key.  Nobody but a person ever answers about a key.
enum class SshPrompts : std::uint8_t {
    None,     // ssh is told not to ask: what needs an answer fails and says so
    Terminal, // ssh asks on the terminal of this program
    Dialog,   // ssh runs the user's SSH_ASKPASS
};

/// The user's ssh and how it may ask.
struct SshProgram {
    std::filesystem::path file;
    platform::Environment environment;
    SshPrompts prompts = SshPrompts::None;
};

/// Looks on PATH.  `wanted` Terminal becomes None without a terminal, Dialog becomes None where no askpass program is found.
Result<SshProgram> findSsh(SshPrompts wanted, const platform::Environment& environment);

/// Logs in, and stays until its standard input ends.  Says kSshHello when it is in, and then carries other sessions by `controlSocket`.
platform::ChildCommand sshLogin(const SshProgram& ssh, const Target& target, const std::filesystem::path& controlSocket);
/// A session over that login whose standard input and output are the agent's there.  Never logs in by itself.
platform::ChildCommand sshRelay(const SshProgram& ssh, const Target& target, const std::filesystem::path& controlSocket);

inline constexpr std::string_view kSshHello = "binnacle-link 1\n";

/// Why a login ended, or did not come to be.  Denied and Unsupported: trying again changes nothing.
Error sshLoginError(const Target& target, const platform::ChildResult& result, SshPrompts prompts, bool wasIn);
/// Why a relay failed.  ssh's own troubles are Unavailable: the login says more about them.
Error sshRelayError(const Target& target, const platform::ChildResult& result);
/// ssh itself failed, not what it ran there.
bool isSshFailure(const platform::ChildResult& result);

} // namespace binnacle::desktop
