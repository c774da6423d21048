// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "agent/metadata/cluster_knowledge.h"
#include "agent/metadata/kubernetes/lease.h"
#include "core/base/result.h"
#include "core/kube/cluster_access.h"
#include "core/kube/objects/objects.h"

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace binnacle::kube {
class CredentialSource;
}

namespace binnacle::agent {

using kube::objects::LabelChoice;

/// Watches the API server: the pods and the node of this host always, everything of the cluster while this agent holds the Lease
/// `binnacle-agent-cluster`.  Publishes what it knows as immutable values.
///
/// Owns two threads: the transport's, on which objects are read, and one that connects, keeps the Lease and gives the beat.  Nobody who
/// asks is ever made to wait, but for waitForPods().
/// A missing permission takes away what it is needed for and nothing else; limits() names it, and it is tried again (1 s to 30 s).  Without
/// the API server everything goes on with the names in cgroups.  Changes while no agent holds the Lease (up to 15 s after a holder's
/// death) are not told, the next holder begins with how things stand.
/// Bounds: those of ClusterModel; at most 1,000 changes wait, further ones are counted; one publication in 100 ms, and never more than
/// 5 % of a core for making them.
class KubernetesWatcher final : public ClusterKnowledgeSource {
public:
    struct Connection {
        kube::ClusterAccess access;
        std::shared_ptr<kube::CredentialSource> credentials;
    };
    struct Options {
        std::function<Result<Connection>()> connect; // tried until it succeeds; may block
        std::string hostName;                        // of the Kubernetes node
        LabelChoice labels;
        std::string leaseName = "binnacle-agent-cluster"; // in the namespace of the access
        Lease::Options lease;
        std::function<void(const std::string&)> say = [](const std::string&) {}; // a new limit, once; any thread
        Nanoseconds firstPause = std::chrono::seconds(1), longestPause = std::chrono::seconds(30);
    };

    explicit KubernetesWatcher(Options options);
    ~KubernetesWatcher() override; // gives the Lease back
    KubernetesWatcher(const KubernetesWatcher&) = delete;
    KubernetesWatcher& operator=(const KubernetesWatcher&) = delete;

    ClusterKnowledgePtr latest() const override;
    std::vector<ClusterChange> takeChanges(std::uint64_t& dropped) override;

    /// Until the pods of this host are known, or there is no hope to know them soon (no access), or `most` has passed.
    bool waitForPods(Nanoseconds most) const;
    bool watchesCluster() const;
    /// Empty: everything is known.
    std::vector<KnowledgeLimit> limits() const override;
    /// Objects over the bounds, since the start.
    std::uint64_t leftOut() const;

private:
    class Impl;
    std::unique_ptr<Impl> m_impl;
};

} // namespace binnacle::agent
