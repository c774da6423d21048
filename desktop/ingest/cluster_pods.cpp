// SPDX-License-Identifier: GPL-3.0-or-later
#include "desktop/ingest/cluster_pods.h"

#include <nlohmann/json.hpp>

namespace binnacle::desktop {
namespace {

constexpr const char* kNameLabel = "app.kubernetes.io/name";
constexpr const char* kAgent = "binnacle-agent";
constexpr const char* kGateway = "binnacle-gateway";

std::string nameOf(const nlohmann::json& pod)
{
    const auto metadata = pod.find("metadata");
    if (metadata == pod.end() || !metadata->is_object())
        return {};
    const auto labels = metadata->find("labels");
    if (labels == metadata->end() || !labels->is_object())
        return {};
    const auto name = labels->find(kNameLabel);
    return name != labels->end() && name->is_string() ? name->get<std::string>() : std::string();
}

} // namespace

std::string ClusterPods::labels() { return std::string(kNameLabel) + " in (" + kAgent + ',' + kGateway + ')'; }

kube::AgentPods& ClusterPods::of(const kube::WatchedObject& object)
{
    return object.json && object.json->is_object() && nameOf(*object.json) == kGateway ? gateways : agents;
}

void ClusterPods::deleted(const kube::WatchedObject& object)
{
    agents.deleted(object); // by uid: whoever does not have it does nothing
    gateways.deleted(object);
}

/// Agents last: once they are whole, so is everything.
void ClusterPods::synced()
{
    gateways.synced();
    agents.synced();
}

void ClusterPods::troubled(const Error& error)
{
    gateways.troubled(error);
    agents.troubled(error);
}

void ClusterPods::beginAnew()
{
    gateways.beginAnew();
    agents.beginAnew();
}

} // namespace binnacle::desktop
