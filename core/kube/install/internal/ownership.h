// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/kube/install/agent_manifests.h"
#include "core/kube/install/cluster_api.h"
#include "core/kube/install/internal/json.h"
#include "core/kube/install/owned_object.h"

#include <algorithm>

/// What is ours to delete: what carries the label and was applied by our field manager, both.
namespace binnacle::kube {

inline bool isApplied(const Json& object)
{
    return std::ranges::any_of(itemsAt(object, "/metadata/managedFields"), [](const Json& entry) {
        return textAt(entry, "/manager") == kFieldManager && textAt(entry, "/operation") == "Apply";
    });
}

inline bool hasLabel(const Json& object) { return textAt(object, "/metadata/labels/app.kubernetes.io~1part-of") == kPartOf; }

/// Returns when the server has taken the wish; the object may stay for a while.  NotFound: it was gone already.
inline Result<std::string> requestDeletion(ClusterApi& api, const OwnedObject& one)
{
    const Json options = {{"apiVersion", "v1"}, {"kind", "DeleteOptions"}, {"propagationPolicy", "Foreground"}, {"preconditions", {{"uid", one.uid}}}};
    return ask(api, {"DELETE", pathOf(one.object), "application/json", options.dump()});
}

} // namespace binnacle::kube
