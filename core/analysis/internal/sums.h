// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/analysis/internal/frame.h"
#include "core/analysis/internal/resolution.h"

#include <absl/container/flat_hash_map.h>

#include <array>
#include <cstdint>
#include <vector>

/// Frames of a range, summed edge by edge and side by side.
namespace binnacle::analysis::internal {

/// Gauges at the end.
struct PendingSums {
    std::uint64_t count = 0;
    Nanoseconds oldest{};
    std::uint32_t synSent = 0;
    std::uint32_t oldestEnd = kNone;  // of the directory; of several of one age the one with the least address
    std::vector<Endpoint> to;         // ascending, each once
};

struct SideSums {
    bool seen = false;
    telemetry::RequestRow requests; // its `end` and `route` mean nothing
    telemetry::TcpRow tcp;
    bool tcpSeen = false;
    std::uint64_t lost = 0;
    std::uint64_t active = 0, open = 0; // gauges at the end
    Nanoseconds oldest{};
    PendingSums pending;
    std::vector<std::uint32_t> agents;                              // ascending
    absl::flat_hash_map<std::uint32_t, telemetry::RequestRow> routes; // by text

    /// Losses with a name; payload bytes lost without one.
    std::uint64_t losses() const { return lost > 0 ? lost : tcp.payloadLost; }
};

struct EdgeSums {
    SideSums client, server;
    bool seen() const { return client.seen || server.seen; }
    SideSums& of(telemetry::Side side) { return side == telemetry::Side::Client ? client : server; }
};

/// What is known of one agent in a range.
struct AgentSums {
    TimeRange range;
    Nanoseconds told{};
    std::uint64_t batches = 0;
    const AgentPart* last = nullptr; // not owned; outlives this because the frames do
};

class Sums {
public:
    Sums(const Directory& directory, const Resolution& resolution, bool withRoutes)
        : m_directory(directory), m_resolution(resolution), m_withRoutes(withRoutes), m_edges(resolution.edges().size())
    {
    }

    /// In any order.  `frame` must outlive this.
    void add(const Frame& frame);
    /// After the last add(): what was open at the end.
    void finish();

    const std::vector<EdgeSums>& edges() const { return m_edges; } // by edge of the resolution
    const absl::flat_hash_map<std::uint32_t, AgentSums>& agents() const { return m_agents; }

private:
    void addAgent(const AgentPart& part);
    void addPending(const telemetry::PendingConnectRow& row, UtcTime at);
    SideSums* sideOf(std::uint32_t end, UtcTime at);

    const Directory& m_directory;
    const Resolution& m_resolution;
    bool m_withRoutes;
    std::vector<EdgeSums> m_edges;
    absl::flat_hash_map<std::uint32_t, AgentSums> m_agents;
};

/// The server's where it is covered without loss, else the client's (design.md, "Two ledgers").
telemetry::Side chooseSide(const EdgeSums& edge, const absl::flat_hash_map<std::uint32_t, AgentSums>& agents);

} // namespace binnacle::analysis::internal
