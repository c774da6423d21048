// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "agent/probes/probe_plan.h"

#include <memory>
#include <vector>

struct binnacle_bpf;
struct bpf_link;
struct bpf_program;

namespace binnacle::agent {

/// The eBPF programs and maps of one run, opened, set, loaded and attached as a plan says.
///
/// Owns them: with its end nothing remains in the kernel, since nothing is pinned.
class KernelObject {
public:
    /// What the kernel refuses and may be missing is taken out of the plan; else an error.
    static Result<std::unique_ptr<KernelObject>> load(const KernelFacts& facts, const ProbeOptions& options, ProbePlan& plan);
    ~KernelObject();

    /// Attaches everything but the iterators.  What fails and may be missing is taken out of the plan; else an error.
    Result<void> attach(ProbePlan& plan);

    /// Null when the hook is not used.
    const bpf_link* existingSockets() const;

    binnacle_bpf& skeleton() { return *m_skeleton; }
    /// The data rings that are written, all of one size.
    const std::vector<int>& dataRings() const { return m_dataRings; }
    std::size_t dataRingBytes() const { return m_dataRingBytes; }
    std::size_t lifecycleRingBytes() const;
    std::size_t mapBytes() const; // as the kernel accounts for them

private:
    KernelObject() = default;
    static Result<std::unique_ptr<KernelObject>> loadAsPlanned(const KernelFacts& facts, const ProbeOptions& options, const ProbePlan& plan);
    Result<void> makeDataRings(std::size_t count); // before the load
    Result<void> enterDataRings();                 // after it
    Result<void> attachHook(Hook hook);

    binnacle_bpf* m_skeleton = nullptr;
    std::vector<int> m_dataRings; // descriptors, owned
    std::size_t m_dataRingBytes = 0;
};

/// The programs that a hook consists of, and where their links are kept.
struct HookProgram {
    bpf_program* program;
    bpf_link** link; // null: it is not attached, user space runs it
};
std::vector<HookProgram> programsOf(binnacle_bpf& skeleton, Hook hook);

} // namespace binnacle::agent
