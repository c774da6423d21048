// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace binnacle::kube {

/// Hosts whose agents one program reads by tunnels of their own; of more it reads the gateway.
inline constexpr std::size_t kMostTunnelledHosts = 50;
inline constexpr std::string_view kGatewaySelector = "app.kubernetes.io/name=binnacle-gateway";
inline constexpr std::string_view kGatewayDeployment = "binnacle-gateway";

/// The gateway of an installation.
struct GatewayState {
    std::string version; // of its pods' label, else of the Deployment's
    std::string image;
    int desired = 0;     // replicas; for whoever may not read Deployments, the pods that there are
    int ready = 0;
    friend bool operator==(const GatewayState&, const GatewayState&) = default;
};

/// Out of a Deployment, as its controller counts.
GatewayState gatewayOfDeployment(std::string_view deployment);
/// Out of a PodList, for whoever may see pods only; nothing without a pod.
std::optional<GatewayState> gatewayOfPods(std::string_view podList);

/// `gateway: version 0.1.0, 2 of 2 replicas ready`, `no gateway`.
std::string wordsOf(const std::optional<GatewayState>& gateway);
/// What to do about it in a cluster of that many hosts; empty when nothing.
std::string adviceFor(const std::optional<GatewayState>& gateway, std::size_t hosts, const std::string& nameSpace);

} // namespace binnacle::kube
