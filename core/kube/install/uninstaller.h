// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/base/cancellation.h"
#include "core/kube/install/cluster_api.h"
#include "core/kube/install/installer.h"
#include "core/kube/install/manifest.h"
#include "core/kube/install/owned_object.h"

#include <chrono>
#include <functional>
#include <string>
#include <vector>

namespace binnacle::kube {

struct UninstallPlan {
    struct Kept {
        ObjectName object;
        std::string reason;
    };
    std::vector<OwnedObject> objects; // in the order of deletion
    std::vector<Kept> kept;      // carries our label, or is our namespace, and stays
    std::vector<std::string> leftovers; // that no API call takes away, such as folders on hosts
};

/// Takes away what installing made: what carries the label and belongs to the field manager `binnacle`, and nothing else.
///
/// Blocks: never on the UI thread; one thread.  plan() changes nothing.
class Uninstaller {
public:
    Uninstaller(ClusterApi& api, std::string nameSpace, Pace pace, Cancellation cancellation);

    Result<UninstallPlan> plan();
    /// Deletes and waits; the answer is what is still there when time was up or it was cancelled, each with the reason that the server gives.
    Result<std::vector<UninstallPlan::Kept>> remove(const UninstallPlan& plan, std::chrono::milliseconds patience,
                                                    const std::function<void(const ObjectName&)>& onGone);

private:
    Result<void> addKind(std::string_view kind, UninstallPlan& plan);
    Result<void> addLeases(UninstallPlan& plan);
    Result<void> addNamespace(UninstallPlan& plan);
    Result<std::vector<std::string>> strangersIn();
    void deleteSuccessor(OwnedObject& one, const std::string& live);

    ClusterApi& m_api; // outlives this: the caller's
    std::string m_nameSpace;
    Pace m_pace;
    Cancellation m_cancellation;
};

} // namespace binnacle::kube
