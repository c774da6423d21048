// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "desktop/ingest/cluster_link.h"
#include "desktop/ingest/cluster_wish.h"
#include "desktop/ingest/kube_runtime.h"
#include "desktop/ingest/target.h"

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

namespace binnacle::desktop {

/// Keeps somebody's targets what the agents of some clusters are: opens the links, follows their pods, tells what comes and goes.
///
/// Owns one thread, on which kubeconfigs are read and the sink is called; a cluster that cannot be opened is tried again by retry().
/// Thread: any.  After stop() the sink is not called any more; the tunnels stay until destruction.
class ClusterTargets {
public:
    struct Sink {
        std::function<void(const Target&)> found;
        std::function<void(const Target&)> gone;
        std::function<void()> changed; // status() differs
        ClusterInventory::Sink inventory; // called on threads of its own; nothing in it: no inventory is made
    };

    ClusterTargets(std::shared_ptr<KubeRuntime> runtime, std::vector<ClusterWish> wishes, Sink sink, ClusterLinkOptions options = {});
    ~ClusterTargets(); // stop()
    ClusterTargets(const ClusterTargets&) = delete;
    ClusterTargets& operator=(const ClusterTargets&) = delete;

    void start(); // once; nothing happens before
    std::vector<ClusterStatus> status() const;
    std::optional<Error> whyAway(const Target& target) const;
    void retry();
    void stop();

private:
    struct Cluster {
        ClusterWish wish;
        std::shared_ptr<ClusterLink> link; // none until it is opened
        std::optional<Error> trouble;      // why it is not
        std::vector<Target> known;         // thread only
    };
    /// Shared with callbacks that may come after this object.
    struct Bell {
        std::mutex mutex;
        std::condition_variable rung;
        bool isRung = false, isOver = false, retry = false;
        void ring();
    };
    void run();
    void open(Cluster& cluster);
    void reconcile(Cluster& cluster);
    std::vector<std::shared_ptr<ClusterLink>> links() const;

    const std::shared_ptr<KubeRuntime> m_runtime;
    const Sink m_sink;
    const ClusterLinkOptions m_options;
    const std::shared_ptr<Bell> m_bell = std::make_shared<Bell>();
    mutable std::mutex m_mutex; // guards wish, link and trouble of what follows
    std::vector<Cluster> m_clusters;
    std::thread m_thread;
};

} // namespace binnacle::desktop
