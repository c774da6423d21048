// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "desktop/ingest/cluster_link.h"

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace binnacle::desktop {

/// The agents that some clusters have now, for a question that is asked once.  The ways to them are open as long as this lives.
class ClusterAgents {
public:
    /// Waits until each cluster has said which agents there are; fails with the first one's sentence when it cannot, has none, or
    /// takes longer than 30 s.
    static Result<std::unique_ptr<ClusterAgents>> find(std::shared_ptr<KubeRuntime> runtime, const std::vector<ClusterWish>& wishes,
                                                       std::chrono::seconds patience = std::chrono::seconds(30));

    const std::vector<Target>& targets() const { return m_targets; }
    std::string names() const; // the contexts', joined by commas
    /// Which hosts are not among them and why, a sentence a cluster.
    std::vector<std::string> leftOut() const;
    std::optional<Error> whyAway(const Target& target) const;

private:
    ClusterAgents() = default;
    std::vector<std::unique_ptr<ClusterLink>> m_links;
    std::vector<Target> m_targets;
};

} // namespace binnacle::desktop
