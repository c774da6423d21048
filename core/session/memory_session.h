// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/telemetry/batch_source.h"

#include <map>
#include <tuple>

namespace binnacle::session {

/// A session without a file: for tests, and for looking without recording.
///
/// Keeps everything it was given; whoever fills it bounds it with forgetBefore().  Thread: any one.
class MemorySession final : public telemetry::BatchSource {
public:
    void addAgent(telemetry::AgentIdentity agent);
    /// The two chunks of a batch may come one after the other.
    void append(const telemetry::Batch& batch);
    void addGap(telemetry::Gap gap) { m_gaps.push_back(std::move(gap)); }
    void forgetBefore(UtcTime time);

    std::vector<telemetry::AgentIdentity> agents() const override { return m_agents; }
    TimeRange covered() const override;
    Result<void> read(TimeRange range, bool withDetail, const std::function<bool(const telemetry::Batch&)>& visit) const override;
    std::vector<telemetry::Gap> gaps() const override { return m_gaps; }

private:
    using Order = std::tuple<UtcTime, EntityKey, std::uint32_t, std::uint64_t>;
    std::map<Order, telemetry::Batch> m_batches;
    Nanoseconds m_longest{}; // of a batch
    std::vector<telemetry::AgentIdentity> m_agents;
    std::vector<telemetry::Gap> m_gaps;
};

} // namespace binnacle::session
