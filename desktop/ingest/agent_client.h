// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "desktop/ingest/agent_connection.h"
#include "desktop/ingest/agent_status.h"
#include "desktop/ingest/stream_decoder.h"

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

namespace binnacle::desktop {

struct AgentClientOptions {
    Target target;
    Nanoseconds last{};   // of the past, at the first connection
    bool detail = true;
    std::function<std::optional<Error>(const Target&)> explain; // knows better than gRPC why nobody answers; may be empty
    std::chrono::milliseconds firstPause{200}; // between attempts, doubled up to …
    std::chrono::milliseconds longestPause{5000};
    std::chrono::milliseconds patience = AgentConnection::kPatience; // with one that does not answer
};

/// Keeps one stream going, of an agent or of all agents behind a gateway: connects, resumes after the last batch that came of each,
/// waits with growing pauses.  Which of the two answers is known with the first connection.
///
/// Owns its reading thread.  What comes is handed to `sink` on that thread; while the sink does not return, flow control holds
/// the agent back, which lets this reader lag and later sends it history.
/// Thread: start and stop from one; statuses, ping and checkAlive from any.
class AgentClient {
public:
    struct Sink {
        std::function<void(const telemetry::AgentIdentity&)> connected; // each time
        std::function<void(Decoded&&)> item;
        std::function<void()> changed;                                  // statuses() differ
        std::function<void(const AgentStatus&)> gone;                   // from behind the gateway, for good; may be empty
    };

    AgentClient(AgentClientOptions options, Sink sink);
    ~AgentClient(); // stop()

    /// Of the agent; of all behind a gateway, or of that alone as long as it has named none.
    std::vector<AgentStatus> statuses() const;
    const Target& target() const { return m_options.target; }

    /// Asks the clocks of the agents that are connected; of many behind a gateway a share in turn.
    struct Ping {
        EntityKey agent;
        ClockPing reading;
    };
    std::vector<Ping> ping();
    /// What the agents behind a gateway have of the detail of `range`, since its stream has overviews only; nothing of an agent that is read
    /// directly, nor of a fleet that is read merged.  Blocks; who does not answer is left out.
    Result<void> fetchDetail(TimeRange range, const std::function<void(Decoded&&)>& take) const;
    /// Breaks a connection on which nothing came for 15 s, though the agent speaks each second.
    void checkAlive();
    /// Ends a pause between two attempts.
    void retryNow();
    void stop(); // also in the middle of an attempt

private:
    void run();
    Result<void> readOnce();
    SubscribeFrom whereFrom(const AgentConnection& connection);
    Result<void> choose(const AgentConnection& connection);
    bool isMerged() const { return m_isMerged.value_or(false); }
    bool take(StreamEvent&& event, std::size_t wireBytes, Result<void>& outcome);
    bool takeTelemetry(EntityKey agent, StreamEvent&& event, Result<void>& outcome);
    void takeNotice(const StreamAgent& notice);
    void noteDecoded(EntityKey agent, const Decoded& decoded);
    void noteHosts(const telemetry::Batch& merged);
    Result<void> followOn(EntityKey gateway, TimeRange next);
    void noteFresh(EntityKey agent, UtcTime agentNow);
    AgentStatus& statusOf(EntityKey agent); // m_mutex is held
    void setState(AgentState state, std::optional<Error> trouble = {});
    Error explained(Error trouble) const;
    bool isStopping() const;
    bool pause(std::chrono::milliseconds time);
    std::shared_ptr<AgentConnection> connection() const;
    void setConnection(std::shared_ptr<AgentConnection> connection);

    const AgentClientOptions m_options;
    const Sink m_sink;
    std::map<EntityKey, StreamDecoder> m_decoders; // by agent; reading thread only
    bool m_hadBatch = false; // reading thread only, as below
    EntityKey m_mergedBy;    // whose merged seconds came last, and …
    UtcTime m_mergedTo{};    // … their end

    mutable std::mutex m_mutex;
    std::condition_variable m_wake;
    AgentStatus m_status;                            // of the agent or the gateway; guarded by m_mutex, as below
    bool m_isGateway = false;
    std::optional<bool> m_isMerged;                  // decided with the first connection: one recording has one kind of a gateway's seconds
    std::map<EntityKey, AgentStatus> m_behind;       // a gateway, by agent; by its node's name who has not answered it yet
    EntityKey m_lastPinged;                          // of those
    std::shared_ptr<AgentConnection> m_connection;
    bool m_stopping = false;
    const Cancellation m_giveUp;                     // of the attempt under way
    bool m_hurry = false;
    std::atomic<std::int64_t> m_lastHeard{0};        // steady ns
    std::thread m_thread;
};

} // namespace binnacle::desktop
