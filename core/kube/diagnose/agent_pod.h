// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/kube/tunnel/pod_port.h"

#include <nlohmann/json_fwd.hpp>

#include <cstdint>
#include <optional>
#include <string>

namespace binnacle::kube {

/// A pod in which an agent runs, or is to run.
struct AgentPod {
    static constexpr std::uint16_t kDefaultPort = 9465; // where a pod names no port `grpc`
    static constexpr const char* kLabels = "app.kubernetes.io/name=binnacle-agent"; // deploy/
    static constexpr const char* kGatewayLabels = "app.kubernetes.io/name=binnacle-gateway";

    PodPort port;
    std::string node;      // of the cluster; empty: not placed yet
    std::string address;   // of the pod; empty: none yet
    std::uint16_t gatewayPort = 0; // where it answers gateways, the port named `gateway`; 0: it does not
    std::string image;     // of the agent's container
    std::string createdAt; // RFC 3339, as the API writes it
    bool isReady = false;
    bool isEnding = false;
    std::string trouble;   // why it does not run, in a person's words; empty when it does
    friend bool operator==(const AgentPod&, const AgentPod&) = default;
};

/// What a Pod object says about an agent; nothing of what is no object.
std::optional<AgentPod> agentPodOf(const nlohmann::json& object);

} // namespace binnacle::kube
