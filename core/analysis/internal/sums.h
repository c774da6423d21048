// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/analysis/internal/frame.h"
#include "core/analysis/internal/resolution.h"
#include "core/telemetry/histogram_sum.h"

#include <absl/container/flat_hash_map.h>
#include <absl/container/inlined_vector.h>

#include <cstdint>
#include <numeric>
#include <span>
#include <utility>
#include <vector>

/// Frames of a range, summed edge by edge and side by side.
namespace binnacle::analysis::internal {

/// Ascending.  Nearly all sides are of one agent.
using AgentList = absl::InlinedVector<std::uint32_t, 2>;

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
    bool tcpSeen = false;
    std::uint64_t requests = 0, errors = 0, reused = 0;
    std::uint64_t lost = 0, payloadLost = 0;
    std::uint64_t active = 0, open = 0; // gauges at the end
    Nanoseconds oldest{};
    PendingSums pending;
    AgentList agents;

    /// Losses with a name; payload bytes lost without one.
    std::uint64_t losses() const { return lost > 0 ? lost : payloadLost; }
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

/// Of the rows only what every side needs is added up as they come; they are noted by whose they are, and the rest, which costs most, is
/// added up for whoever asks for one side.
class Sums {
public:
    Sums(const Directory& directory, const Resolution& resolution)
        : m_directory(directory), m_resolution(resolution), m_edges(resolution.edges().size()), m_sideOfEnd(directory.ends().size(), kNone)
    {
    }

    /// In any order.  `frame` must outlive this.
    void add(const Frame& frame);
    /// All of them: makes room at once.
    void add(std::span<const Frame* const> frames);
    /// After the last add(): puts the rows in order, and adds what was open at the end.
    void finish();

    const std::vector<EdgeSums>& edges() const { return m_edges; } // by edge of the resolution
    const absl::flat_hash_map<std::uint32_t, AgentSums>& agents() const { return m_agents; }
    /// Of one side, route by route; `route` is a text.  After finish().
    std::vector<telemetry::RequestRow> routesOf(std::uint32_t edge, telemetry::Side side);
    /// Those of one side as they came.  After finish().
    std::span<const telemetry::RequestRow* const> rowsOf(std::uint32_t edge, telemetry::Side side) { return m_requests.of(sideIndex(edge, side)); }
    /// Of one side, without `active`.  After finish().
    telemetry::TcpRow tcpOf(std::uint32_t edge, telemetry::Side side);

private:
    /// Rows by side, noted as they come and put in order once.
    template <class Row>
    class Rows {
    public:
        void reserve(std::size_t rows) { m_noted.reserve(rows); }
        void note(std::uint32_t side, const Row& row) { m_noted.emplace_back(side, &row); }
        void sort(std::size_t sides)
        {
            m_firstOf.assign(sides + 1, 0);
            for (const auto& [side, row] : m_noted)
                ++m_firstOf[side + 1];
            std::partial_sum(m_firstOf.begin(), m_firstOf.end(), m_firstOf.begin());
            std::vector<std::uint32_t> next(m_firstOf.begin(), m_firstOf.end() - 1);
            m_sorted.resize(m_noted.size());
            for (const auto& [side, row] : m_noted)
                m_sorted[next[side]++] = row;
            m_noted = {};
        }
        std::span<const Row*> of(std::uint32_t side) { return std::span(m_sorted).subspan(m_firstOf[side], m_firstOf[side + 1] - m_firstOf[side]); }

    private:
        std::vector<std::pair<std::uint32_t, const Row*>> m_noted;
        std::vector<const Row*> m_sorted;
        std::vector<std::uint32_t> m_firstOf; // by side, and the end of the last
    };

    void addAgent(const AgentPart& part);
    void addPending(const telemetry::PendingConnectRow& row, UtcTime at);
    /// Twice its edge, and one more for the server.
    static std::uint32_t sideIndex(std::uint32_t edge, telemetry::Side side);
    /// kNone: nobody's.
    std::uint32_t sideOf(std::uint32_t end, UtcTime at);
    SideSums& sideAt(std::uint32_t side) { return m_edges[side / 2].of(side % 2 == 0 ? telemetry::Side::Client : telemetry::Side::Server); }
    void note(std::uint32_t side, const telemetry::RequestRow& row);
    void note(std::uint32_t side, const telemetry::TcpRow& row);

    const Directory& m_directory;
    const Resolution& m_resolution;
    std::vector<EdgeSums> m_edges;
    std::vector<std::uint32_t> m_sideOfEnd; // the one that knows of the end's agent already
    Rows<telemetry::RequestRow> m_requests;
    Rows<telemetry::TcpRow> m_tcp;
    telemetry::HistogramSum m_latency, m_firstByte;
    absl::flat_hash_map<std::uint32_t, AgentSums> m_agents;
};

/// The server's where it is covered without loss, else the client's (design.md, "Two ledgers").
telemetry::Side chooseSide(const EdgeSums& edge, const absl::flat_hash_map<std::uint32_t, AgentSums>& agents);

} // namespace binnacle::analysis::internal
