// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/analysis/internal/frame.h"
#include "core/analysis/internal/resolution.h"

#include <array>
#include <cstdint>
#include <vector>

/// The few figures of a stretch of time that charts and the timeline draw, with the same choice between ledgers as a snapshot makes,
/// made per stretch.  Reused from stretch to stretch: what it holds grows with the edges only.
namespace binnacle::analysis::internal {

struct Tally {
    bool seen = false;
    std::uint64_t requests = 0, errors = 0, opened = 0, failed = 0, lost = 0, open = 0;
    telemetry::Histogram latency;
};

class Tallies {
public:
    enum class Latency { Skip, Take };

    Tallies(const Resolution& resolution, Latency latency);

    /// Only these edges count (by edge of the resolution); empty = all.
    void restrictTo(std::vector<bool> edges) { m_only = std::move(edges); }
    void add(const Frame& frame);
    void clear();

    struct EdgeTally {
        std::uint32_t edge = kNone;
        Tally chosen;
        std::uint64_t failedConnects = 0;
    };
    std::vector<EdgeTally> edges() const; // those that something was added to
    std::uint64_t losses() const { return m_losses; } // all that the frames counted, whoever they hit

private:
    Tally* tallyOf(std::uint32_t end, UtcTime at);

    const Resolution& m_resolution;
    const Latency m_latency;
    std::vector<bool> m_only;
    std::vector<std::array<Tally, 2>> m_sides; // by edge: client, server
    std::vector<std::uint32_t> m_touched;
    std::uint64_t m_losses = 0;
};

} // namespace binnacle::analysis::internal
