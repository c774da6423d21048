// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "agent/gateway/fleet.h"

#include "binnacle/v1/service.pb.h"

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <thread>

namespace binnacle::agent {

/// Cursor of the newest batch in an item; zero: it has none.
Cursor cursorOf(const v1::StreamItem& item);

/// Reads at one agent what its tail has not any more, until the tail goes on from there, the agent has nothing more, or patience is over.
///
/// Holds a few items between the agent and the reader; while the reader does not take them, flow control holds the agent back, and patience
/// goes on.  Owns a thread, which the destructor ends at once.  Thread: the reader's own.
class CatchUp {
public:
    struct Options {
        std::optional<UtcTime> from; // where to begin when there is no cursor; none: with the next batch
        std::chrono::milliseconds patience;
        std::function<void()> news;  // there is something to take; from the catch-up's thread
    };
    /// `after`: the last batch that the reader has; zero: none.
    CatchUp(LinkPtr link, EntityKey agent, Cursor after, Options options);
    ~CatchUp();
    CatchUp(const CatchUp&) = delete;
    CatchUp& operator=(const CatchUp&) = delete;

    /// What has come since, in the agent's order.
    std::deque<v1::StreamItem> take();
    /// How it ended, once everything was taken.
    enum class Ended : std::uint8_t { NotYet, AtTheTail, AtTheEnd, Failed }; // AtTheEnd: the agent has nothing more, and the tail goes not on from there
    Ended ended() const;
    /// Failed: a sentence.
    std::string why() const;
    /// Where the tail was when this began: what came meanwhile is behind it.
    const AgentTail::Place& joined() const { return m_joined; }

private:
    void run(const v1::SubscribeRequest& request, Cursor at);
    bool push(v1::StreamItem&& item);

    const LinkPtr m_link;
    const Options m_options;
    const AgentTail::Place m_joined;
    std::stop_source m_stop;
    mutable std::mutex m_mutex; // guards what follows
    std::condition_variable m_room;
    std::deque<v1::StreamItem> m_items;
    std::size_t m_bytes = 0;
    Ended m_ended = Ended::NotYet;
    std::string m_why;
    std::thread m_thread;
};

} // namespace binnacle::agent
