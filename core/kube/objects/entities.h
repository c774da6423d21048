// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/kube/objects/objects.h"
#include "core/telemetry/batch.h"

#include <string>
#include <utility>
#include <vector>

/// What Kubernetes' things are called in batches.  Agents and the desktop's inventory speak of the same thing by the same key, so that
/// whoever says it, it is there once.
namespace binnacle::kube::objects {

/// The service that a workload is.
EntityKey workloadKey(const std::string& clusterUid, const WorkloadName& workload);
telemetry::Entity workloadEntity(const std::string& clusterUid, const WorkloadName& workload);

/// OpenTelemetry resource attributes of a pod's container, unsorted; the container id is not among them.  `container`: its name in the
/// pod; empty for what is in no status.
std::vector<std::pair<std::string, std::string>> podAttributes(const PodFacts& pod, const std::string& container);

/// A container of a pod as one who looks at the API alone knows it: no program, no type.  `containerId` without scheme.
telemetry::Entity containerEntity(const PodFacts& pod, const std::string& containerId, const std::string& container);

} // namespace binnacle::kube::objects
