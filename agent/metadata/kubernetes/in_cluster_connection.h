// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "agent/metadata/kubernetes/kubernetes_watcher.h"
#include "core/base/platform/environment.h"

#include <filesystem>

namespace binnacle::agent {

inline constexpr const char* kServiceAccountFolder = "/var/run/secrets/kubernetes.io/serviceaccount";

/// Whether this program runs in a pod that may ask the API server: KUBERNETES_SERVICE_HOST is set and a token is mounted.
bool hasServiceAccount(const platform::Environment& environment, const std::filesystem::path& folder = kServiceAccountFolder);

/// For KubernetesWatcher::Options::connect: the API server as the pod sees it, with the service account mounted at `folder`, whose token is read
/// again when it was exchanged.
std::function<Result<KubernetesWatcher::Connection>()> inClusterConnection(platform::Environment environment,
                                                                           std::filesystem::path folder = kServiceAccountFolder);

} // namespace binnacle::agent
