// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "agent/buffer/rolling_buffer.h"
#include "agent/gateway/fleet.h"
#include "core/analysis/merge.h"
#include "core/telemetry/batch_reader.h"

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <vector>

namespace binnacle::agent {

/// The overviews of one agent as batches, by second, read from its link's tail.
///
/// Thread: the merger's.
class TailFollower {
public:
    explicit TailFollower(LinkPtr link) : m_link(std::move(link)) {}

    const LinkPtr& link() const { return m_link; }
    void read();
    const LinkStatus& status() const { return m_status; } // when it was read last
    /// End of the last batch that came, whole seconds since 1970; 0: none did.
    std::int64_t newest() const { return m_newest; }
    /// Where the others were when it was first waited for though nothing came of it.
    std::int64_t awaitedSince(std::int64_t middle) { return m_awaitedSince = m_awaitedSince == 0 ? middle : m_awaitedSince; }
    std::int64_t oldest() const { return m_batches.empty() ? 0 : m_batches.begin()->first; }
    /// Takes what came of that second, and forgets what is older.
    std::vector<analysis::BatchPtr> take(std::int64_t second);

private:
    void take(const v1::StreamItem& item);
    void keep(telemetry::Batch&& batch);

    const LinkPtr m_link;
    LinkStatus m_status;
    EntityKey m_agent;
    AgentTail::Place m_place;
    telemetry::SegmentReader m_reader;
    std::map<std::int64_t, std::vector<analysis::BatchPtr>> m_batches; // by second
    std::int64_t m_newest = 0, m_awaitedSince = 0;
};

/// Adds up what all agents say, second by second, and keeps the sums as an agent keeps its seconds: who reads merged seconds reads a buffer,
/// with its cursors, its history and its roll-ups.
///
/// A second is merged when all have told it.  Who is away is not waited for; who is slow is, until half of the fleet is `patience` seconds
/// further: then the second is merged without it, which the batch says by name, and what comes of it later is not added any more.  Time is the
/// agents' own: nothing here looks at a clock.
/// Owns the buffer and a thread.  Thread: construction and stop from one; buffer() from any.
class Merger {
public:
    struct Options {
        telemetry::AgentIdentity identity;   // of the gateway; its epoch and source are the merger's
        std::function<ClockAnchor()> anchor; // both clocks now
        std::uint64_t memoryBytes = 32u << 20;
        std::int64_t patience = 3;           // seconds
    };

    Merger(const Fleet& fleet, Options options);
    ~Merger(); // stop()

    const telemetry::AgentIdentity& identity() const { return m_identity; }
    RollingBuffer& buffer() { return *m_buffer; }
    void stop();

private:
    void run();
    void follow();
    void renewFollowers(const std::vector<LinkPtr>& links);
    void mergeWhatIsDue();
    std::int64_t middle() const;
    bool isDue(std::int64_t second, std::int64_t middle) const;
    void merge(std::int64_t second, std::int64_t middle);

    const Fleet& m_fleet;
    const Options m_options;
    const std::unique_ptr<RollingBuffer> m_buffer;
    const telemetry::AgentIdentity m_identity;
    analysis::FleetMerge m_merge;
    std::vector<std::unique_ptr<TailFollower>> m_followers; // as the fleet's links in the round before
    std::int64_t m_next = 0; // second to be merged next; 0: none was yet
    std::atomic<bool> m_stopping{false};
    std::thread m_thread;
};

} // namespace binnacle::agent
