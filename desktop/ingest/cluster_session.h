// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/base/cancellation.h"
#include "core/base/result.h"
#include "core/kube/install/cluster_api.h"
#include "desktop/ingest/cluster_wish.h"
#include "desktop/ingest/kube_runtime.h"

#include <functional>
#include <memory>
#include <string>

namespace binnacle::desktop {

/// One cluster of the kubeconfig, reached as its user.  Blocks; one thread.
class ClusterSession {
public:
    virtual ~ClusterSession() = default;

    virtual kube::ClusterApi& api() = 0;
    virtual std::string words() const = 0; // `context prod (https://…) as alice`
    /// One handshake with an agent's pod, the way its data come.  Blocks up to 15 s.
    virtual Result<void> greetAgent(const std::string& nameSpace, const std::string& pod) = 0;
};

/// Reads the kubeconfig and makes ready; the network is first used by api().
using ClusterOpener = std::function<Result<std::unique_ptr<ClusterSession>>(const ClusterWish& wish, const Cancellation& cancellation)>;

/// The real one.
ClusterOpener clusterOpener(std::shared_ptr<KubeRuntime> runtime);

} // namespace binnacle::desktop
