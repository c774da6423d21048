// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/telemetry/batch_writer.h"
#include "desktop/ingest/inventory_watch.h"
#include "desktop/ingest/stream_decoder.h"

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

namespace binnacle::desktop {

/// Makes batches of what a watch knows: an agent that observes nothing.  Thread: one at a time.
class InventoryBatches {
public:
    /// `context` names it for people; `epoch` must rise with each recording.
    InventoryBatches(const InventoryWatch& watch, std::string context, std::uint32_t epoch);

    /// Who speaks.  The same cluster asked by another context is another one.
    const telemetry::AgentIdentity& identity() const { return m_identity; }
    /// `range` lies in one second; all addresses are said in the first of each ten seconds, and when anything changed.
    telemetry::Batch next(TimeRange range);

private:
    const InventoryWatch& m_watch; // not owned; outlives this because whoever made both says so
    telemetry::AgentIdentity m_identity;
    std::uint64_t m_sequence = 0;
    std::optional<std::uint64_t> m_version; // of m_rows
    kube::objects::InventoryModel::Rows m_rows;
};

/// Tells a recording each second what is in a cluster, before any agent answers and where none is.
///
/// Begins as soon as everything is listed, or after two seconds with the pods that are known; is silent while the API server does not
/// answer, and says afterwards that it was (coverage `kubernetes_unanswered`).  Owns one thread, on which the sink is called; the sink may hold it up.
/// Thread: create and destruction from one; the rest from any.
class ClusterInventory {
public:
    struct Sink {
        std::function<void(const telemetry::AgentIdentity&)> began;
        std::function<void(Decoded&&)> item;
        std::function<std::optional<Nanoseconds>()> sessionOffset; // session time minus this machine's steady clock; nothing: not known yet
    };
    struct Status {
        bool speaks = false;
        std::optional<Error> away;
        std::vector<std::string> limits; // sentences
    };

    /// `client` is not owned and outlives this.
    ClusterInventory(kube::HttpClient& client, std::string context, kube::WatchOptions options, Sink sink);
    ~ClusterInventory(); // stop()

    Status status() const;
    void stop();

private:
    void run();
    bool pause(Nanoseconds time);
    UtcTime now() const;
    bool begin();
    void speak(TimeRange range);

    const std::string m_context;
    const Sink m_sink;
    InventoryWatch m_watch;
    const InventoryWatch::Clock::time_point m_startedAt = InventoryWatch::Clock::now();
    // of the thread
    std::optional<InventoryBatches> m_batches;
    telemetry::SegmentWriter m_encoder;
    UtcTime m_toldTo{};

    mutable std::mutex m_mutex; // guards what follows
    std::condition_variable m_wake;
    bool m_isOver = false;
    bool m_speaks = false;
    std::thread m_thread;
};

} // namespace binnacle::desktop
