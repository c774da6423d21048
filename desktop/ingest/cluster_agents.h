// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "desktop/ingest/cluster_link.h"

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace binnacle::desktop {

/// What is in a cluster by its own API: the batch of one second, and who says it.
struct InventoryLook {
    telemetry::AgentIdentity identity;
    telemetry::Batch batch;
};

/// The agents that some clusters have now, and what else is in them, for a question that is asked once.  The ways to the agents are
/// open as long as this lives.
class ClusterAgents {
public:
    enum class Inventory : std::uint8_t { Leave, Take };
    /// Waits until each cluster has said which agents there are; fails with the first one's sentence when it cannot, has none, or
    /// takes longer than 30 s.  With an inventory only where that is not to be had either; without agents it is waited for as long, else
    /// three seconds.
    static Result<std::unique_ptr<ClusterAgents>> find(std::shared_ptr<KubeRuntime> runtime, const std::vector<ClusterWish>& wishes,
                                                       Inventory inventory = Inventory::Leave, std::chrono::seconds patience = std::chrono::seconds(30));

    const std::vector<Target>& targets() const { return m_targets; }
    std::string names() const; // the contexts', joined by commas
    /// Which hosts are not among them and why, a sentence a cluster.
    std::vector<std::string> leftOut() const;
    std::optional<Error> whyAway(const Target& target) const;
    /// Why a cluster has no agents that answer here; nothing when all have some.
    const std::optional<Error>& nobody() const { return m_nobody; }
    /// Of each cluster from which there is one: what is there in the second that ends at `to`; without it, by the cluster's own clock.
    std::vector<InventoryLook> inventories(std::optional<UtcTime> to) const;

private:
    ClusterAgents() = default;
    std::vector<std::unique_ptr<ClusterLink>> m_links;
    std::vector<std::unique_ptr<InventoryWatch>> m_watches; // one a link, or none
    std::optional<Error> m_nobody;
    std::vector<Target> m_targets;
};

} // namespace binnacle::desktop
