// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/kube/api/watched_list.h"
#include "core/kube/install/gateway_state.h"
#include "core/kube/tunnel/tunnel.h"
#include "desktop/ingest/cluster_inventory.h"
#include "desktop/ingest/cluster_pods.h"
#include "desktop/ingest/cluster_wish.h"
#include "desktop/ingest/kube_runtime.h"
#include "desktop/ingest/target.h"

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace binnacle::desktop {

struct ClusterLinkOptions {
    std::chrono::milliseconds mourning{60'000}; // a node without a pod keeps its target so long: an update puts a new pod there
    std::size_t mostTunnelled = kube::kMostTunnelledHosts; // nodes; above that the gateway is used, if there is one
    kube::TunnelOptions tunnel;
    kube::WatchOptions watch;
};

/// The way to all agents of one cluster: watches their pods and holds two tunnels to each, one for calls and one for streams.  Of a cluster
/// with more nodes than that is good for, two to its gateway; where there is none, tunnels to some, and status() says to which not.
///
/// A target is a node, not a pod: when a pod is replaced the tunnels lead to the new one, and the reader goes on by its cursor.
/// Each tunnel listens on a Unix socket in a folder of this user alone.  Everything comes back by itself; what is away says why.
/// Owns the HTTP client, the watch, the inventory and the tunnels.  Thread: create, beginInventory, refresh, retry and destruction from one; the rest from any.
class ClusterLink {
public:
    /// Reads the kubeconfig; returns before anything was asked over the network.  `changed` is called on the reactor: refresh() soon.
    static Result<std::unique_ptr<ClusterLink>> create(std::shared_ptr<KubeRuntime> runtime, ClusterWish wish, std::function<void()> changed,
                                                       ClusterLinkOptions options = {});
    ~ClusterLink();

    /// Tells what is in the cluster, from now on.  Once.
    void beginInventory(ClusterInventory::Sink sink);
    /// Afterwards its sink is not called any more.
    void endInventory();
    /// For whoever asks the same API server something else; lives as long as this.
    kube::HttpClient& client() const { return *m_connection.client; }

    /// Opens tunnels to new nodes, closes those of nodes whose pod has been gone for long; takes the gateway for what it is there for.
    /// The targets as they are then; none before the list is whole.
    std::vector<Target> refresh();

    ClusterStatus status() const;
    /// The list is whole: what refresh() returns are all the agents that there are.
    bool isSynced() const { return m_pods->agents.isSynced(); }
    /// Why an agent does not answer, if that is known; nothing for a target of somebody else.
    std::optional<Error> whyAway(const Target& target) const;
    /// Tries everything that waits at once.
    void retry();

private:
    using Clock = std::chrono::steady_clock;
    /// One way through; its state is written on the reactor.
    struct Way {
        std::mutex mutex;
        kube::TunnelState state;
        std::optional<Error> why; // of the last failure; none once it is open
    };
    struct Agent {
        Target target;
        std::string lastPod; // its uid: another one means that the tunnels are to try again
        std::optional<Clock::time_point> goneSince;
        std::shared_ptr<Way> control = std::make_shared<Way>();
        std::shared_ptr<Way> bulk = std::make_shared<Way>();
        std::unique_ptr<kube::Tunnel> controlTunnel, bulkTunnel;
    };

    ClusterLink(std::shared_ptr<KubeRuntime> runtime, ClusterWish wish, std::string context, KubeRuntime::Connection connection,
                std::shared_ptr<platform::PrivateFolder> folder, std::function<void()> changed, ClusterLinkOptions options);
    void watch();
    using Locate = std::function<Result<kube::PodPort>()>;
    Result<Agent> open(const std::string& name, const Locate& locate);
    Result<std::string> openWay(Agent& agent, const Locate& locate, const char* purpose, const std::shared_ptr<Way>& way, std::unique_ptr<kube::Tunnel>& tunnel);
    void note(Agent& agent, const kube::AgentPod* pod);
    // m_mutex is held.
    bool chooseGateway(std::size_t nodes);
    void followGateway();
    void followNodes(const std::map<std::string, kube::AgentPod>& pods);
    std::string leftOut(std::size_t nodes) const;
    // m_mutex is not held.
    ClusterInventory* inventory() const;

    const std::shared_ptr<KubeRuntime> m_runtime; // outlives what follows
    const ClusterWish m_wish;
    const std::string m_context;
    const ClusterLinkOptions m_options;
    const std::shared_ptr<platform::PrivateFolder> m_folder;
    const std::shared_ptr<ClusterPods> m_pods;
    KubeRuntime::Connection m_connection;
    std::unique_ptr<kube::WatchedList> m_list;
    std::uint64_t m_opened = 0; // numbers sockets

    mutable std::mutex m_mutex;            // guards what follows
    std::unique_ptr<ClusterInventory> m_inventory; // none until it begins
    std::map<std::string, Agent> m_agents; // by node
    bool m_isWhole = false;                // the list has been
    std::optional<Agent> m_gateway;        // then there are no m_agents
    Clock::time_point m_gatewaySeen{};     // when it was last fit for use
    std::vector<std::string> m_leftOut;    // nodes
    std::optional<Error> m_problem;        // of this machine: no socket can be made
};

} // namespace binnacle::desktop
