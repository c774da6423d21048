// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/telemetry/batch.h"

#include <cstdint>
#include <string>

namespace binnacle::agent {

/// Who this host is, asked once at the start.
struct HostFacts {
    std::string machineId; // empty when the system has none
    std::string bootId;
    std::string name;      // NODE_NAME of the pod, else the host name
    std::string kernel;    // release
    std::uint32_t netns = 0; // inode of the agent's own network namespace
};

HostFacts readHostFacts();

/// Everything but epoch and capture source.
telemetry::AgentIdentity identityOf(const HostFacts& host);

} // namespace binnacle::agent
