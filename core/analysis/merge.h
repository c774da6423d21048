// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/telemetry/batch.h"

#include <memory>
#include <string>
#include <vector>

namespace binnacle::analysis {

/// A host that was expected in a second and is not in it.
struct MissingHost {
    EntityKey agent;
    std::string host;
    std::string why; // a sentence
};

using BatchPtr = std::shared_ptr<const telemetry::Batch>;

/// Adds all hosts' batches of one second up to services: an ordinary overview batch, from which a reader makes the same nodes, edges,
/// ledgers and losses as from the batches themselves.
///
/// Ends are joined into edges by the rules of snapshot.h, with what is known by then, and stay ends: of each edge and side one, whose
/// instance stands for the service.  The two ledgers stay two.  What is told per host: which hosts are in it, which are missing and why
/// (HostRow), and how many instances of each service they run.  Where a host is missing whose end of a used edge was known, that ledger
/// has a loss, so that a reader takes the other one in place of a zero.
/// What only single ends have is left out: connections, addresses, names of instances, health of each agent.
///
/// Seconds ascend.  The same batches in any order give the same bytes.  Owns what it learnt, for one to two hours: then it goes on with
/// what the last minutes said, so that its memory grows with the fleet and not with time.  Thread: any one.
class FleetMerge {
public:
    FleetMerge();
    ~FleetMerge();

    void addAgent(const telemetry::AgentIdentity& agent);
    /// The result has no key and no anchor.
    telemetry::Batch merge(TimeRange second, const std::vector<BatchPtr>& batches, const std::vector<MissingHost>& missing);

private:
    struct Private;
    std::unique_ptr<Private> d;
};

} // namespace binnacle::analysis
