// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/telemetry/batch.h"
#include "core/telemetry/segment.h"

#include <memory>

namespace binnacle::telemetry {

/// Adds batches up into one: a host's seconds into 10 s, 1 min, 10 min; hosts into a cluster.
///
/// Associative and commutative to the last bit: any grouping and order of the same batches gives the same value, dictionary
/// order included (entries sorted by content, rows by what they are about).  Details are not folded.
///  - counts, bytes, histograms, statuses, errnos, losses, coverage: added; a number that is null in all stays null
///  - gauges: the most (open exchanges and their oldest age, accept queue, processes, memory, ring fill) or the last by time
///    (active connections, carried by TcpRow::activeAt; of equal times the larger)
///  - connections: of the same connection the reading with the greater totals (they only grow) — the busiest 256
///  - open exchanges: all different ones, the oldest 256
///  - events: all, by time
///  - hosts of a merged second: how much they told is added; instances: the most
///  - addresses: all, each with what it was last said to lead to (carried by AddressRow::saidAt; of equal times the greater content)
///  - key: the agent when it is one, none when there are several; greatest epoch and sequence; range: from the first begin
///    to the last end; anchor: the last
/// Thread: any one.
class Fold {
public:
    Fold();
    ~Fold();
    Fold(Fold&&) noexcept;
    Fold& operator=(Fold&&) noexcept;

    void add(const Batch& batch);
    bool empty() const;
    /// The sum so far.
    Batch result() const;

private:
    struct State;
    std::unique_ptr<State> m_state;
};

/// What is counted is added, of what is not the most.
void addHealth(AgentHealth& to, const AgentHealth& from);

/// fold(a, b) = fold(b, a), fold(a, fold(b, c)) = fold(fold(a, b), c).
Batch fold(const Batch& a, const Batch& b);

} // namespace binnacle::telemetry
