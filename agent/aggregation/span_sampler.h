// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/protocols/exchange.h"
#include "core/telemetry/batch.h"

#include <array>
#include <cstdint>
#include <vector>

namespace binnacle::agent {

/// A span whose end, route and status still have the agent's own numbers.
struct PendingSpan {
    telemetry::Span span; // `start` holds host time until the seal
    std::uint32_t cell = 0;
    std::uint16_t status = 0;
};

/// Chooses which exchanges become spans, at most two and a half times the budget a second.
///
/// Below the budget: all.  Above: errors (as many as the budget again), the kSlowest slowest, and of the rest a share that is a power of two, chosen by the TCP
/// sequence numbers of the exchange.  These are the same at both ends, so that both hosts keep the same exchanges.
/// Thread: the drain thread.
class SpanSampler {
public:
    static constexpr std::size_t kSlowest = 64;

    explicit SpanSampler(std::uint32_t budget) : m_budget(budget) {}
    void setBudget(std::uint32_t budget) { m_budget = budget; }

    enum class Place : std::uint8_t { None, Kept, Slow };

    /// What the choice depends on.
    struct Candidate {
        explicit Candidate(const protocols::Exchange& exchange)
            : requestSequence(exchange.requestSequence), responseSequence(exchange.responseSequence), error(exchange.error)
        {
        }
        std::uint32_t requestSequence, responseSequence;
        bool error;
    };

    /// Where this exchange goes; when not None, a keep() with the same place has to follow.
    Place choose(const Candidate& exchange, std::uint64_t duration, std::size_t window)
    {
        Window& w = m_windows[window];
        ++w.seen;
        if (m_budget == 0)
            return Place::None;
        if (exchange.error) {
            if (w.errors < m_budget) {
                ++w.errors;
                return Place::Kept;
            }
        } else if (m_shift == 0 || mix(exchange) >> (64 - m_shift) == 0) {
            if (w.kept.size() - w.errors < room(w))
                return Place::Kept;
        }
        if (w.slow.size() < kSlowest || duration > slowestFloor(w))
            return Place::Slow;
        return Place::None;
    }

    void keep(Place place, const PendingSpan& span, std::size_t window);

    /// What was kept in this window; empties it.  `seen` tells how many there were.
    std::vector<PendingSpan> take(std::size_t window, std::uint64_t& seen);

private:
    struct Window {
        std::vector<PendingSpan> kept;
        std::vector<PendingSpan> slow; // a heap, the shortest on top
        std::size_t limit = 0;  // of those that are no errors
        std::size_t errors = 0; // kept
        std::uint64_t seen = 0;
    };

    static std::uint64_t mix(const Candidate& exchange)
    {
        std::uint64_t x = std::uint64_t{exchange.requestSequence} << 32 | exchange.responseSequence;
        x = (x ^ x >> 33) * 0xff51afd7ed558ccdull; // MurmurHash3's finalizer
        x = (x ^ x >> 33) * 0xc4ceb9fe1a85ec53ull;
        return x ^ x >> 33;
    }
    std::size_t room(Window& w);
    static std::uint64_t slowestFloor(const Window& w) { return static_cast<std::uint64_t>(w.slow.front().span.duration.count()); }

    std::array<Window, 2> m_windows;
    std::uint32_t m_budget;
    std::uint32_t m_shift = 0; // one of 2^shift is kept
};

} // namespace binnacle::agent
