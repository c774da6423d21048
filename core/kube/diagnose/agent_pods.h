// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/base/result.h"
#include "core/kube/api/watched_list.h"
#include "core/kube/diagnose/agent_pod.h"

#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace binnacle::kube {

/// The agents' pods of one cluster by the node that they are on.  A node has several while one replaces another: the one to talk to
/// is not ending, then ready, then the youngest.  Thread: any; as WatchSink the reactor's.
class AgentPods : public WatchSink {
public:
    /// `changed` is called on the reactor after each change; it must not block.
    explicit AgentPods(std::function<void()> changed) : m_changed(std::move(changed)) {}

    void added(const WatchedObject& object) override { take(object); }
    void updated(const WatchedObject& object) override { take(object); }
    void deleted(const WatchedObject& object) override;
    void synced() override;
    void gap(const std::string&) override {} // the differences follow
    void troubled(const Error& error) override;

    /// Another WatchedList begins: what it has not told by its first synced() is gone.
    void beginAnew();
    /// Everything that exists has been told at least once.
    bool isSynced() const;
    /// Why the list does not come at the moment.
    std::optional<Error> trouble() const;
    /// The best pod of each node, by node.
    std::map<std::string, AgentPod> byNode() const;
    /// All of them, by name; those without a node too.
    std::vector<AgentPod> all() const;
    /// NotFound: no pod there; Unavailable: there is one, but it does not run yet.
    Result<PodPort> find(const std::string& node) const;
    /// The best of all, whatever node it is on: for pods of which each does as well.
    std::optional<AgentPod> best() const;

private:
    void take(const WatchedObject& object);
    std::optional<AgentPod> bestOf(const std::string* node) const; // null: of all; m_mutex is held

    const std::function<void()> m_changed;
    mutable std::mutex m_mutex;             // guards what follows
    std::map<std::string, AgentPod> m_pods; // by uid
    bool m_isSynced = false;
    std::optional<std::set<std::string>> m_told; // uids, since beginAnew() and until synced()
    std::optional<Error> m_trouble;
};

} // namespace binnacle::kube
