// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/base/cancellation.h"
#include "core/kube/install/agent_manifests.h"
#include "core/kube/install/cluster_api.h"
#include "core/kube/install/host_coverage.h"
#include "core/kube/install/installation.h"
#include "core/kube/install/owned_object.h"
#include "core/kube/install/permissions.h"
#include "core/kube/install/preview.h"

#include <chrono>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace binnacle::kube {

/// Time, lent by the caller so that a test needs none.
struct Pace {
    std::function<std::chrono::steady_clock::time_point()> now;
    std::function<void(std::chrono::milliseconds)> wait; // returns early when cancelled
};
/// The real one.
Pace realPace(const Cancellation& cancellation);

/// Whether data of an agent have arrived here; asked for each pod that is Ready.  Without one, Ready counts: the pod's own check says so only when the
/// agent's newest second is young.
using AgentProbe = std::function<Result<bool>(const InstalledAgent&)>;

/// What installing would do.  Nothing is changed to find out.
struct InstallPlan {
    std::vector<Manifest> manifests;
    std::vector<Permission> missing;     // not empty: it cannot be done by this user, and `changes` is empty
    std::vector<std::string> notes;      // what was found and chosen by itself, what could not be looked at
    std::vector<HostCoverage> hosts;     // empty when hosts may not be listed
    std::vector<OwnedObject> removals;   // of an earlier installation of ours, with options that these are not: a gateway
    std::vector<ObjectChange> changes;   // in the order of `manifests`, then of `removals`
    bool changesNothing() const;
};

/// How far it is, or how it ended.
struct Rollout {
    enum class End : std::uint8_t { Running, Complete, TimedOut, Stuck, Cancelled };
    End end = End::Running;
    int desired = 0;
    int ready = 0;
    std::vector<InstalledAgent> agents;
    std::vector<std::string> troubles;             // that concern no one pod: why none is created
    std::map<std::string, std::string> lastWords;  // by pod: the end of its log and what it means
};

/// Installs the agents into one cluster, or brings them to these options: plan(), apply(), follow(), in this order.
///
/// Blocks: never on the UI thread; one thread.  Only what this field manager holds is ever changed (server-side apply without force)
/// or deleted (what it applied, by our label, and these options do not want).
/// Errors: sentences.  After a failed or cancelled apply() the cluster holds the objects told so far; the same call again goes on, uninstalling takes
/// them away.
class Installer {
public:
    Installer(ClusterApi& api, InstallOptions options, Pace pace, Cancellation cancellation);

    Result<InstallPlan> plan();
    /// `onDone` hears of each object, in the order of the plan's changes.
    Result<void> apply(const InstallPlan& plan, const std::function<void(const ObjectChange&)>& onDone);
    /// Until every agent collects, nothing more will happen, or time is up.  `onProgress` hears of each change.
    Result<Rollout> follow(const InstallPlan& plan, std::chrono::milliseconds patience, const AgentProbe& probe,
                           const std::function<void(const Rollout&)>& onProgress);

private:
    Result<void> checkServer();
    Result<void> chooseByCluster(InstallPlan& plan);
    Result<void> checkElsewhere();
    Result<void> findRemovals(InstallPlan& plan);
    Result<void> preview(InstallPlan& plan);
    Result<void> applyOne(const Manifest& manifest);
    Result<ApiAnswer> patch(const Manifest& manifest, std::string_view dryRun);
    Result<Rollout> look(const InstallPlan& plan, const AgentProbe& probe);
    void addWords(Rollout& rollout);
    Result<void> cancelledNow() const;

    ClusterApi& m_api; // outlives this: the caller's
    InstallOptions m_options;
    Pace m_pace;
    Cancellation m_cancellation;
};

} // namespace binnacle::kube
