// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "agent/probes/kernel_facts.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace binnacle::agent {

enum class CaptureSource : unsigned char { Automatic, Socket, Syscall };

/// What the person who starts the agent wants of the kernel side.
struct ProbeOptions {
    std::size_t ringBytes = 16u << 20;    // of the data ring; rounded up to a power of two of whole pages
    std::uint32_t maxConnections = 65536; // sockets tracked at once
    CaptureSource capture = CaptureSource::Automatic;
    std::vector<Hook> disabled;           // --disable-hook
    std::string btfFile;                  // --btf
};

enum class HookState : unsigned char {
    Used,
    Replaced, // something else does its work: `sentence` says what
    Missing,  // nobody does: `sentence` says what cannot be seen
    Idle,     // present and not needed
};

struct HookPlan {
    Hook hook;
    HookState state = HookState::Missing;
    std::string sentence;
};

struct ProbePlan {
    std::vector<HookPlan> hooks; // in the order of kHooks
    bool uses(Hook hook) const;
    /// Takes a hook out: it cannot be used because of `why`, a sentence without its end.
    void lose(Hook hook, std::string_view why);
};

/// Which hooks to use, and what replaces those that are not there.  Pure.
/// Fails when nothing would be seen: no life cycle and no payload.
Result<ProbePlan> planProbes(const KernelFacts& facts, const ProbeOptions& options);

} // namespace binnacle::agent
