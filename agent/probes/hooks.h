// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <bitset>
#include <optional>
#include <string_view>

namespace binnacle::agent {

/// Everything that the kernel side may or may not be able to do here.  `--disable-hook NAME` takes one away.
enum class Hook : unsigned char {
    SocketState,
    SocketDestroy,
    ResetSent,
    ResetReceived,
    PayloadSocket,
    PayloadSyscall,
    SentCopy,
    ProcessFork,
    ProcessExec,
    ProcessExit,
    ExistingSockets,
    SocketSamples,
    SocketCookie,
    SocketFromFile,
};
inline constexpr std::size_t kHookCount = 14;
using HookSet = std::bitset<kHookCount>;

struct HookFacts {
    Hook hook;
    std::string_view name;     // for --disable-hook and check
    std::string_view gives;    // what it is for, in a few words
    std::string_view attaches; // the kernel's own names, space-separated; empty for helpers and what is run by hand
    std::string_view without;  // what replaces it, or what is missing then
};

extern const std::array<HookFacts, kHookCount> kHooks;

const HookFacts& factsOf(Hook hook);
std::optional<Hook> findHook(std::string_view name);
inline std::size_t indexOf(Hook hook) { return static_cast<std::size_t>(hook); }

} // namespace binnacle::agent
