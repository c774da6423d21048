// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/analysis/internal/assembly.h"
#include "core/analysis/internal/health.h"
#include "core/analysis/internal/sums.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace binnacle::analysis::internal {

struct CoverageShare {
    std::uint64_t part = 0, whole = 0;
    std::string advice;
};
using CoverageShares = std::map<std::pair<std::string, std::string>, CoverageShare>; // by subject and what

/// One assemble(): edges in assembly.cpp, nodes in assembly_nodes.cpp, lists in assembly_lists.cpp.
class Assembler {
public:
    explicit Assembler(const Assembly& input)
        : m_in(input), m_directory(input.directory), m_resolution(input.resolution), m_sums(input.directory, input.resolution),
          m_nodeOf(input.resolution.nodes().size(), nullptr)
    {
    }

    Snapshot run()
    {
        m_snapshot.range = m_in.range;
        m_sums.add(m_in.frames);
        m_sums.finish();
        judgeLastBatches();
        findAcceptQueues();
        makeAgents();
        makeEdges();
        findAlive();
        makeNodes();
        makePossibleEdges();
        makeInstances();
        makeOpenExchanges();
        if (m_in.options.withConnections)
            makeConnections();
        makeEvents();
        makeLosses();
        makeCoverage();
        return std::move(m_snapshot);
    }

    std::vector<Event> runEvents()
    {
        makeEvents();
        return std::move(m_snapshot.events);
    }

private:
    struct JudgedSums {
        Attempts client, server;
        std::uint64_t failed = 0;
        std::map<std::string, std::uint64_t> failedBy;
    };

    void judgeLastBatches();
    void judgeFrame(const Frame& frame, const std::vector<std::size_t>& taken);
    bool isCurrent(std::uint32_t agent) const;
    void makeAgents();
    void makeEdges();
    Edge edgeOf(std::uint32_t index, const EdgeSums& sums);
    /// `rows` add up to the side.
    Ledger ledgerOf(const SideSums& side, std::span<const telemetry::RequestRow* const> rows);
    std::vector<RouteSummary> summariesOf(std::vector<telemetry::RequestRow> routes) const;
    TcpSummary tcpOf(std::uint32_t index, const EdgeSums& sums, telemetry::Side chosen);
    void findAcceptQueues();
    Waiting waitingOf(const PendingSums& pending) const;
    Verdict verdictOf(std::uint32_t index, const EdgeSums& sums, const Edge& edge) const;
    void makeNodes();
    void addServices();
    Node& ensureNode(std::uint32_t node);
    void findPresent();
    void addInstances();
    std::vector<std::uint32_t> countByNode(const InstanceSet& instances) const;
    void addTypes();
    void addListening();
    void addEdgesToNodes();
    void findAlive();
    void makePossibleEdges();
    void noteNotObserved();
    bool isObserved(std::uint32_t instance) const { return m_directory.instances()[instance].observedAt < m_in.range.to; }
    void makeInstances();
    void makeOpenExchanges();
    OpenExchange openConnects(const telemetry::PendingConnectRow& row, const ResolvedEdge& edge, UtcTime now) const;
    void makeConnections();
    void makeEvents();
    void makeLosses();
    void makeCoverage();
    void addNotObserved(CoverageShares& shares) const;
    std::string subjectOf(std::uint32_t instance, std::uint32_t service, std::uint32_t agent) const;

    const Assembly& m_in; // lent for the call
    const Directory& m_directory;
    const Resolution& m_resolution;
    Sums m_sums;
    std::vector<JudgedSums> m_judged; // by edge
    std::size_t m_judgedBatches = 0;
    telemetry::HistogramSum m_latency, m_firstByte;
    std::vector<std::uint32_t> m_madeOf; // edges of the resolution, in the order of the snapshot's
    std::map<std::string, Node> m_nodes;
    std::vector<Node*> m_nodeOf; // the same by node of the resolution; null: it is not there
    std::vector<InstanceSetPtr> m_presence; // one after the other, without those that are as the one before
    InstanceSet m_present; // in the range
    InstanceSet m_alive;   // at the end
    std::set<std::uint32_t> m_untold;  // nodes: who had some of their instances says nothing about the end
    std::set<std::string> m_agentHosts; // from where an agent speaks up to the end
    std::map<std::pair<std::uint32_t, std::uint16_t>, std::uint64_t> m_acceptQueues; // node and port → most seen
    Snapshot m_snapshot;
};

/// Most requests first, then by name.
inline void sortRoutes(std::vector<RouteSummary>& routes)
{
    std::sort(routes.begin(), routes.end(), [](const RouteSummary& a, const RouteSummary& b) {
        return a.requests != b.requests ? a.requests > b.requests : a.route < b.route;
    });
}

} // namespace binnacle::analysis::internal
