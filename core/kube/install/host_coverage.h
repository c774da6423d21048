// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/kube/install/agent_manifests.h"

#include <compare>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace binnacle::kube {

struct KernelVersion {
    int major = 0;
    int minor = 0;
    friend auto operator<=>(const KernelVersion&, const KernelVersion&) = default;
};
inline constexpr KernelVersion kOldestKernel{5, 8};
inline constexpr KernelVersion kMemoryChargedToCgroup{5, 11}; // before: locked memory, and SYS_RESOURCE to raise its limit

/// `6.1.0-18-amd64`, `5.15.0-1051-aws`; nothing for what does not begin with two numbers.
std::optional<KernelVersion> parseKernelVersion(std::string_view release);

/// One host, and whether it will get an agent that can work.
struct HostCoverage {
    enum class Verdict : std::uint8_t {
        Covered,
        Later,   // will be, once the host is back
        NotAble, // gets a pod that cannot collect
        Left,    // gets no pod
    };
    std::string host;
    std::string kernel;
    Verdict verdict = Verdict::Covered;
    std::string reason; // a sentence; empty when covered
    friend bool operator==(const HostCoverage&, const HostCoverage&) = default;
};

/// Every host of a NodeList, by name: what the manifests of these options will do there.  Pure.
std::vector<HostCoverage> hostCoverage(std::string_view nodeList, const InstallOptions& options);

/// A host that will be covered has a kernel before 5.11.
bool hasOldKernels(const std::vector<HostCoverage>& hosts);

} // namespace binnacle::kube
