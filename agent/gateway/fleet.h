// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "agent/gateway/agent_link.h"
#include "core/kube/api/watched_list.h"
#include "core/kube/diagnose/agent_pods.h"

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace binnacle::agent {

using LinkPtr = std::shared_ptr<AgentLink>;

/// All agents of the cluster: watches their pods and keeps a link to each node that has one.
///
/// A link is a node's, not a pod's: when a pod is replaced the stream goes on by its cursor in the new one.  Owns the watch, the links and
/// a thread that opens and closes them.  Thread: construction and destruction from one; the rest from any.
class Fleet {
public:
    struct Options {
        std::string nameSpace;                        // where the agents' pods are
        AgentLink::Options link;                      // `news` and `turns` are the fleet's
        std::chrono::milliseconds mourning{60'000};   // a node without a pod keeps its link so long: an update puts a new pod there
        kube::WatchOptions watch;
    };

    /// `client` outlives the fleet.
    Fleet(kube::HttpClient& client, Options options);
    ~Fleet(); // stop()

    std::vector<LinkPtr> links() const; // by node
    /// The list of pods is whole: links() are all the agents that there are.
    bool isSynced() const { return m_pods->isSynced(); }
    std::optional<Error> trouble() const { return m_pods->trouble(); }

    /// Until there may be something new after the given moment of version(), or patience is over.
    void waitForNews(std::uint64_t seenVersion, std::chrono::milliseconds patience) const;
    std::uint64_t version() const;
    /// Wakes all that wait: for shutting down, or for what a reader of theirs gets elsewhere.
    void wakeReaders() const;
    void stop();

private:
    using Clock = std::chrono::steady_clock;
    struct Member {
        LinkPtr link;
        std::optional<Clock::time_point> goneSince;
    };
    void run();
    void refresh();

    /// Told by links and by the watch; outlives both.
    struct Bell {
        mutable std::mutex mutex;
        mutable std::condition_variable rung;
        std::uint64_t version = 0; // guarded by mutex, as below
        bool podsChanged = false;
        bool isOver = false;
        void ring(bool pods);
    };

    const Options m_options;
    HandshakeTurns m_turns{16};
    const std::shared_ptr<Bell> m_bell = std::make_shared<Bell>();
    const std::shared_ptr<kube::AgentPods> m_pods;
    mutable std::mutex m_mutex;
    std::map<std::string, Member> m_members; // by node; guarded by m_mutex
    std::unique_ptr<kube::WatchedList> m_list;
    std::thread m_thread;
};

} // namespace binnacle::agent
