// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "agent/aggregation/batch_builder.h"
#include "agent/metadata/cluster_knowledge.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace binnacle::agent {

/// What Kubernetes says, as rows of a batch: where addresses lead, and what was changed.
///
/// All addresses are said in the first batch of each ten seconds of the clock, where a segment begins, and at once when one changed.
/// At most kMaxAddresses; what is over is coverage (`addresses_unlisted`), and so is what Kubernetes did not let us know, each second.  Thread: the drain thread.
class ClusterRows {
public:
    static constexpr std::size_t kMaxAddresses = 20'000;

    /// Not owned, outlives this; null: no Kubernetes.
    void setSource(ClusterKnowledgeSource* source) { m_source = source; }
    /// The newest knowledge, when it is another than at the last call; else null.
    ClusterKnowledgePtr takeNews();
    /// The agent's own workload.  Its addresses are nobody's business, nor are those of the gateways beside it.
    void setOwn(std::optional<WorkloadName> workload) { m_own = std::move(workload); }
    /// What Kubernetes calls this host; empty until known.
    const std::string& hostName() const;

    /// After presence rows: services that these told of keep what they said.
    void addTo(BatchBuilder& builder, telemetry::Overview& overview, TimeRange range);

private:
    void addAddresses(BatchBuilder& builder, telemetry::Overview& overview) const;
    void addLimits(BatchBuilder& builder, telemetry::Overview& overview) const;
    void addChanges(BatchBuilder& builder, telemetry::Overview& overview, TimeRange range);
    bool isOurs(const WorkloadName& workload) const;
    std::uint32_t subjectOf(BatchBuilder& builder, const WorkloadName& subject) const;

    ClusterKnowledgeSource* m_source = nullptr;
    ClusterKnowledgePtr m_knowledge;
    std::optional<WorkloadName> m_own;
    bool m_addressesChanged = false;
};

} // namespace binnacle::agent
