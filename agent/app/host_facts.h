// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/telemetry/batch.h"

#include <cstdint>
#include <string>

namespace binnacle::agent {

/// Who this host is, asked once at the start.
struct HostFacts {
    std::string machineId; // of the host, also from inside a pod; empty when it has none
    std::string bootId;
    std::string name;      // as Kubernetes calls it, else the host name
    std::string kernel;    // release
    std::uint32_t netns = 0; // inode of the agent's own network namespace
};

/// `nodeName`: what Kubernetes calls this host, when somebody said so; else NODE_NAME of the environment.
/// Hosts that share a kernel, each a PID namespace (kind, k3d), are told apart by that name: it becomes part of the machine id.
HostFacts readHostFacts(std::string nodeName = {});

/// Everything but epoch and capture source.
telemetry::AgentIdentity identityOf(const HostFacts& host);

} // namespace binnacle::agent
