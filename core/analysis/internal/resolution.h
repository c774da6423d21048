// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/analysis/internal/hands.h"
#include "core/analysis/model.h"

#include <absl/container/flat_hash_map.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

/// Which end belongs to which edge at what time, with all that a Directory knows.  A value: made once per version of the directory.
/// Where an address passed from hand to hand, it holds for what was known when it was made (changesWithTime).
/// The rules are in core/analysis/snapshot.h.
namespace binnacle::analysis::internal {

struct ResolvedNode {
    std::string id, name;
    std::optional<std::string> nameSpace;
    NodeKind kind = NodeKind::Process;
};

struct ResolvedEdge {
    std::uint32_t from = kNone, to = kNone; // nodes
    std::uint16_t port = 0;
    Protocol protocol = Protocol::Unknown;
    bool tls = false;
};

/// A way that a cluster's API leads, whether or not anybody went it.
struct ResolvedRoute {
    std::uint32_t from = kNone, to = kNone; // nodes; from: a Kubernetes Service
    std::uint16_t port = 0;
    Seen seen;
};

/// Where an end's figures go.
struct EndTarget {
    std::uint32_t edge = kNone; // kNone: nowhere (our own programs, or one that other ends tell better)
    telemetry::Side side = telemetry::Side::Client;
    friend bool operator==(const EndTarget&, const EndTarget&) = default;
};

class Resolution {
public:
    /// `hands`: of this directory; lent for the call.
    Resolution(const Directory& directory, Hands& hands);

    std::uint64_t version() const { return m_version; }
    /// Some end's peer depends on when things were seen, of which the directory's version says nothing.
    bool changesWithTime() const { return m_changesWithTime; }
    const std::vector<ResolvedNode>& nodes() const { return m_nodes; }
    const std::vector<ResolvedEdge>& edges() const { return m_edges; }
    const std::vector<ResolvedRoute>& routes() const { return m_routes; }
    /// Where what happened at `at` goes: an end's peer may have passed its address on.  No look-up: nearly all ends have one target,
    /// none has more than kMaxChanges + 1.
    EndTarget ofEnd(std::uint32_t end, UtcTime at) const;
    /// Where a node's id comes among all: to sort by it without a look at texts.
    std::uint32_t rankOf(std::uint32_t node) const { return m_rankOf[node]; }
    /// What kind of thing each node is: its services say it, else its instances; of several the least, the same in every order.  Lent by the
    /// directory until it learns more.
    std::vector<std::string_view> typesOfNodes() const;
    /// kNone for our own programs.
    std::uint32_t nodeOfInstance(std::uint32_t instance) const { return instance < m_nodeOfInstance.size() ? m_nodeOfInstance[instance] : kNone; }
    std::uint32_t nodeOfService(std::uint32_t service) const { return service < m_nodeOfService.size() ? m_nodeOfService[service] : kNone; }
    /// The instance in whose place this one is counted: containers of one pod are one instance of their workload.
    std::uint32_t countedAs(std::uint32_t instance) const { return m_countedAs[instance]; }

private:
    struct Peers; // what is looked up by place
    /// The other end: its node, and the server's port, which may be another than the client dialled.
    struct Peer {
        std::uint32_t node = kNone;
        std::uint16_t port = 0;
    };
    /// A stretch of time in which an end had one peer.
    struct Stretch {
        std::uint32_t end = kNone;
        UtcTime from, until;
        Peer peer;
        UtcTime at() const { return until - Nanoseconds(1); }
    };
    struct Target {
        UtcTime from;
        EndTarget target;
    };

    void nameServices();
    void nameInstances();
    void countInstances();
    void makeStretches(Hands& hands);
    void resolveClients(const Peers& peers);
    void followTranslations();
    void resolveServers(const Peers& peers);
    void makeEdges();
    void rankNodes();
    void addTarget(const Stretch& stretch, EndTarget target);
    void makeRoutes();
    const KnownLead* findLead(const Endpoint& address, UtcTime at) const;
    std::uint32_t nodeOfLead(const KnownLead& lead);
    std::uint32_t leadOf(const Endpoint& address, UtcTime at);
    std::uint32_t kubernetesService(const std::string& name);
    std::uint32_t serverOf(const KnownEnd& end, UtcTime at, const Peers& peers);
    std::uint32_t clientOf(const KnownEnd& end, UtcTime at, const Peers& peers);
    std::uint32_t clientAt(Place place, const KnownEnd& end, UtcTime at, const Peers& peers);
    std::uint32_t ensureNode(ResolvedNode node);
    std::uint32_t outside(const std::string& host, std::uint16_t port);
    std::uint32_t internet();

    const Directory& m_directory; // only while constructing
    std::uint64_t m_version;
    bool m_changesWithTime = false;
    std::vector<ResolvedNode> m_nodes;
    std::vector<ResolvedEdge> m_edges;
    std::vector<ResolvedRoute> m_routes;
    std::vector<Stretch> m_stretches; // by end, then ascending; only while constructing
    std::vector<Target> m_targets;    // by end, then ascending; neighbours of one end differ
    std::vector<std::uint32_t> m_firstOf; // targets by end, and where the last one's end
    std::vector<std::uint32_t> m_nodeOfInstance, m_nodeOfService, m_countedAs, m_rankOf;
    absl::flat_hash_map<std::string, std::uint32_t> m_nodeOf;
};

} // namespace binnacle::analysis::internal
