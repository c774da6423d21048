// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/kube/objects/objects.h"

#include <absl/container/flat_hash_map.h>
#include <string>

namespace binnacle::kube::objects {

/// Owners of owners by uid: ReplicaSet → Deployment or Rollout, Job → CronJob.  Empty in an agent that does not watch the cluster.
using OwnerTable = absl::flat_hash_map<std::string, Controller>;

/// What people call the thing that a pod belongs to.  Pure.
///
/// ReplicaSets and Jobs that `owners` does not know are told by their names: `-<pod-template-hash>` is a Deployment's (Argo's label: a
/// Rollout's), 8 to 10 digits at the end are the time that a CronJob gives its Jobs (minutes; seconds before Kubernetes 1.21).
/// So an agent that may not read ReplicaSets, or does not watch them, gives the same name as the one that does.
/// Static pods lose the `-<host>` that kubelet appends: `kube-apiserver` is one thing on three hosts.
WorkloadName workloadOf(const PodObject& pod, const OwnerTable& owners);

/// `pod` as the rest of the agent knows it: attributes are the chosen labels and annotations, and its ReplicaSet or Job.  `zone`: of its host.
PodFacts factsOf(const PodObject& pod, WorkloadName workload, std::string zone);

} // namespace binnacle::kube::objects
