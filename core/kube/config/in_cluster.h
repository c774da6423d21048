// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/base/platform/environment.h"
#include "core/base/result.h"
#include "core/kube/cluster_access.h"

#include <filesystem>

namespace binnacle::kube {

/// The API server as a pod sees it: KUBERNETES_SERVICE_HOST and _PORT, and the service account that is mounted at `folder` (token, ca.crt, namespace).
/// The token stays a file, because it is exchanged about once an hour.  NotFound outside a pod.
Result<ClusterAccess> inClusterAccess(const platform::Environment& environment,
                                      const std::filesystem::path& folder = "/var/run/secrets/kubernetes.io/serviceaccount");

} // namespace binnacle::kube
