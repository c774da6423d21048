// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "agent/probes/hooks.h"
#include "core/base/result.h"

#include <cstdint>
#include <string>
#include <vector>

namespace binnacle::agent {

/// What this kernel offers, asked once and passed in, so that every choice that follows is a pure function.
struct KernelFacts {
    std::string release;              // uname -r
    HookSet hooks;                    // present in this kernel's BTF, or probed by loading a few instructions
    bool hasTypes = false;            // BTF, from /sys/kernel/btf/vmlinux or --btf
    std::uint32_t jiffyMicroseconds = 4000;
    std::uint32_t pidNamespaceInode = 0; // 0 = we are in the first PID namespace
    std::uint32_t processors = 1;

    bool has(Hook hook) const { return hooks.test(indexOf(hook)); }

    /// Reads BTF and probes helpers.  Fails, in words, where no eBPF program can run at all.
    static Result<KernelFacts> ask(const std::string& btfFile = {});
};

} // namespace binnacle::agent
