// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/kube/objects/objects.h"

#include <nlohmann/json_fwd.hpp>
#include <optional>

/// JSON objects of the API server → values.  Pure; a field of the wrong type reads as absent.  Nothing: not such an object.
/// Sources: Kubernetes API reference of core/v1, apps/v1, batch/v1, discovery.k8s.io/v1; attribute names are OpenTelemetry's.
///
/// Limits: an object keeps at most 256 addresses, 256 containers, 1,000 targets and 64 labels of a selector or template; texts are
/// cut at 253 bytes (the longest name there is), event messages at 200.
namespace binnacle::kube::objects {

std::optional<PodObject> readPod(const nlohmann::json& object, const LabelChoice& choice);
/// ReplicaSet or Job; their PartialObjectMetadata is enough.
std::optional<OwnerObject> readOwner(const nlohmann::json& object);
std::optional<ServiceObject> readService(const nlohmann::json& object);
std::optional<EndpointSliceObject> readEndpointSlice(const nlohmann::json& object);
std::optional<NodeObject> readNode(const nlohmann::json& object);
/// `kind`: Deployment, StatefulSet or DaemonSet; items of a list do not say it themselves.
std::optional<WorkloadObject> readWorkload(const nlohmann::json& object, std::string_view kind);
std::optional<EventObject> readEvent(const nlohmann::json& object);

/// metadata.uid; empty when there is none.
std::string uidOf(const nlohmann::json& object);

} // namespace binnacle::kube::objects
