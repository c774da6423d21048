// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/kube/config/kubeconfig.h"

#include <nlohmann/json.hpp>

namespace binnacle::kube::tests {

/// What `kubectl config view --raw -o json` prints of a merged kubeconfig, but for preferences and extensions (see withoutUnread()).
nlohmann::json viewJson(const Kubeconfig& kubeconfig);

/// As `--minify` leaves it: the current context and what it names.  An error where kubectl has one.
Result<Kubeconfig> minified(const Kubeconfig& kubeconfig);

/// kubectl's print without what Binnacle does not keep: preferences, and extensions other than that for exec plugins; an empty list is null there.
nlohmann::json withoutUnread(nlohmann::json view);

} // namespace binnacle::kube::tests
