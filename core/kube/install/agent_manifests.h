// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/kube/install/manifest.h"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace binnacle::kube {

/// What marks everything that an installation makes: the label, its value, and the name under which fields are owned.
inline constexpr std::string_view kPartOfLabel = "app.kubernetes.io/part-of";
inline constexpr std::string_view kPartOf = "binnacle";
inline constexpr std::string_view kFieldManager = "binnacle";
inline constexpr std::string_view kAgentSelector = "app.kubernetes.io/name=binnacle-agent";
inline constexpr std::string_view kAgentDaemonSet = "binnacle-agent";

struct Toleration {
    std::string key;      // empty: every taint
    std::string value;    // empty: the key with any value
    std::string effect;   // empty: any
    friend bool operator==(const Toleration&, const Toleration&) = default;
};

/// `KEY`, `KEY=VALUE`, either with `:EFFECT` as kubectl writes taints; `all`.
Result<Toleration> parseToleration(std::string_view text);

/// How the agents are installed; what is left alone is as deploy/kustomize/base has it.
struct InstallOptions {
    enum class Kernels : std::uint8_t { AsTheyAre, Hardened }; // Hardened: SYS_ADMIN besides BPF and PERFMON
    enum class Distribution : std::uint8_t { Plain, OpenShift };

    std::string nameSpace = "binnacle";
    std::string image;                     // complete; required
    std::string pullPolicy = "IfNotPresent";
    std::vector<std::string> pullSecrets;
    std::string bufferMemory = "64M";
    std::string bufferDisk = "512M";
    std::string bufferFolder;              // on the host; empty: an emptyDir
    std::map<std::string, std::string> nodeSelector; // besides Linux
    std::optional<std::vector<Toleration>> tolerations; // none: every taint is tolerated
    std::string priorityClass;             // one that exists; empty: our own
    std::string seccompProfile;            // `RuntimeDefault`, `Localhost/FILE`; empty: Unconfined
    Kernels kernels = Kernels::AsTheyAre;
    bool hasOldKernels = false;            // a host before 5.11: SYS_RESOURCE
    bool hasGateway = false;               // one way in to all agents, and a door in each for it
    Distribution distribution = Distribution::Plain;
};

/// What is wrong with the options, in a sentence that names the option.
Result<void> checkOptions(const InstallOptions& options);

/// Every object of an installation, in the order in which they are applied.  Made from the files of deploy/kustomize, which the program carries;
/// tests/deploy holds that `kubectl kustomize`, the Helm chart and this ask for the same.  Pure.
Result<std::vector<Manifest>> agentManifests(const InstallOptions& options);

/// The version that the manifests carry, of this program.
std::string_view installedVersion();

/// The image that this build knows, of CMake's BINNACLE_AGENT_IMAGE; empty when nobody said one.
std::string_view publishedImage();

} // namespace binnacle::kube
