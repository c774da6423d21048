// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "agent/gateway/agent_tail.h"
#include "agent/gateway/channel_identity.h"
#include "core/base/clocks.h"
#include "core/base/result.h"
#include "core/kube/diagnose/agent_pod.h"
#include "core/telemetry/batch.h"

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <semaphore>
#include <stop_token>
#include <string>
#include <thread>

namespace binnacle::agent {

class PodChannel;

/// One agent as the gateway sees it.
struct LinkStatus {
    std::string node;
    bool isConnected = false;
    std::optional<telemetry::AgentIdentity> identity; // after the first handshake
    ClockAnchor anchor;                               // its clocks at the last one
    std::string why;                                  // not connected: a sentence with the next step
    std::uint64_t version = 0;                        // rises with each change
};

/// How many links shake hands at a time: each costs the API server some requests, and at the start all want to.
using HandshakeTurns = std::counting_semaphore<>;

/// Keeps the gateway's stream from the agent of one node going: mutual TLS, proofs both ways, overviews only, resumed by cursor with
/// growing pauses.  Whatever else is asked of that agent goes over the same connection.
///
/// Owns a thread that reads into the tail.  Thread: construction, stop and destruction from one; the rest from any.
class AgentLink {
public:
    struct Options {
        ChannelIdentity* identity = nullptr;       // not owned, outlives the link
        HandshakeTurns* turns = nullptr;           // not owned, outlives the link
        std::size_t tailBytes = 256u << 10;        // half a minute of a host with 50 ends
        std::chrono::milliseconds firstPause{500}; // between attempts, doubled with some chance up to …
        std::chrono::milliseconds longestPause{15'000};
        std::function<void()> news;                // something came, or the status differs; must not block
    };

    AgentLink(std::string node, Options options);
    ~AgentLink(); // stop()
    AgentLink(const AgentLink&) = delete;
    AgentLink& operator=(const AgentLink&) = delete;

    /// The pod to talk to; none: there is none at the moment.
    void setPod(std::optional<kube::AgentPod> pod);
    LinkStatus status() const;
    const AgentTail& tail() const { return m_tail; }
    /// Breaks a stream on which nothing came for 15 s, though the agent speaks each second.
    void checkAlive();
    /// Ends what is under way, without waiting for it; stop() waits.
    void requestStop();
    void stop();

    /// Questions that are passed on.  All block, at most `patience`; Unavailable while the agent is away.  `take` returns false to end; where it
    /// is not called, `stop` ends what waits.
    using Take = std::function<bool(v1::StreamItem&&)>;
    Result<void> subscribe(const v1::SubscribeRequest& request, std::chrono::milliseconds patience, const Take& take, const std::stop_token& stop) const;
    Result<void> history(const v1::HistoryRequest& request, std::chrono::milliseconds patience, const Take& take) const;
    Result<v1::BufferReply> buffer(std::chrono::milliseconds patience) const;
    Result<v1::TimeReply> time(const v1::TimeRequest& request, std::chrono::milliseconds patience) const;

private:
    using ChannelPtr = std::shared_ptr<PodChannel>;

    void run();
    Result<void> readOnce();
    Result<void> shakeHands(PodChannel& connection) const;
    Result<void> read(PodChannel& connection);
    Result<kube::AgentPod> reachablePod() const;
    Result<ChannelPtr> connection() const;
    void setReading(ChannelPtr connection);
    void setAway(const Error& why);
    void noteHandshake(const PodChannel& connection);
    bool pause(std::chrono::milliseconds time);
    bool isStopping() const;

    const Options m_options;
    AgentTail m_tail;
    std::atomic<std::int64_t> m_lastHeard{0}; // steady ns; 0: no stream

    mutable std::mutex m_mutex; // guards what follows
    std::condition_variable m_wake;
    std::optional<kube::AgentPod> m_pod;
    LinkStatus m_status;
    ChannelPtr m_reading;    // what is under way, from its handshake on: stop() and checkAlive() break it
    ChannelPtr m_connection; // the same after a handshake that fitted, while its stream lasts: for questions
    bool m_stopping = false;
    bool m_hurry = false;
    std::thread m_thread;
};

} // namespace binnacle::agent
