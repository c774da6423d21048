// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "agent/metadata/kubernetes/cluster_model.h"
#include "core/base/result.h"

#include <condition_variable>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <vector>

namespace binnacle::agent {

/// This host's CLOCK_MONOTONIC.
HostTime steadyNow();

/// The hand-over between the transport's thread, which reads objects into the model, and everybody who asks.
///
/// Threads: the model's functions on the reactor only; the rest on any.
class WatchState {
public:
    WatchState(ClusterModel::Options options, std::function<void(const std::string&)> say);

    // -- on the reactor --
    void set(Resource resource, const nlohmann::json& object);
    void remove(Resource resource, const ObjectName& name);
    void synced(Resource resource);
    void troubled(Resource resource, const Error& error);
    void setClusterUid(std::string uid) { m_model.setClusterUid(std::move(uid)); }
    void forgetCluster();
    /// Publishes what is new, unless that was done too lately.
    void beat();

    // -- any thread --
    void setAccessTrouble(std::string what) { setTrouble("", std::move(what)); }
    void setLeaseTrouble(std::string what);
    void setClusterTrouble(std::string what) { setTrouble("namespaces", std::move(what)); }
    void setWatchesCluster(bool does);
    ClusterKnowledgePtr latest() const;
    std::vector<ClusterChange> takeChanges(std::uint64_t& dropped);
    bool waitForPods(Nanoseconds most) const;
    bool watchesCluster() const;
    std::vector<KnowledgeLimit> limits() const;
    std::uint64_t leftOut() const;

private:
    void setTrouble(const std::string& place, std::string what);
    void publish();

    ClusterModel m_model; // of the reactor's thread
    HostTime m_nextAt{};  // of the reactor's thread
    std::function<void(const std::string&)> m_say;

    mutable std::mutex m_mutex;
    mutable std::condition_variable m_changed;
    // guarded by m_mutex
    ClusterKnowledgePtr m_latest;
    std::deque<ClusterChange> m_changes;
    std::uint64_t m_dropped = 0, m_leftOut = 0;
    std::map<std::string, std::string> m_troubles; // place → sentence
    std::set<std::string> m_said;
    bool m_podsRefused = false;
    bool m_watchesCluster = false;
};

} // namespace binnacle::agent
