// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/base/clocks.h"

#include <cstdint>
#include <optional>
#include <string>

namespace binnacle::agent {

/// spec and resourceVersion of a Lease of coordination.k8s.io/v1.
struct LeaseRecord {
    std::string holder;          // empty: released
    std::int64_t durationSeconds = 0;
    std::int64_t transitions = 0;
    UtcTime acquiredAt{}, renewedAt{};
    std::string resourceVersion; // optimistic lock: a write with an old one is refused with Conflict
    friend bool operator==(const LeaseRecord&, const LeaseRecord&) = default;
};

/// What to do next, and when to ask again.
struct LeaseStep {
    enum class Kind : std::uint8_t { Wait, Read, Create, Update };
    Kind kind = Kind::Wait;
    LeaseRecord record;  // Create, Update: what to write
    HostTime at{};       // Wait: not before
};

/// What came of the last Read, Create or Update.
enum class LeaseAnswer : std::uint8_t {
    Found,       // Read, and every write that was accepted: with the record as it now is
    NotFound,
    Conflict,    // another wrote in between, or created it first
    Unavailable, // no answer, 5xx, 403: nothing is known
};

/// Who of several works: the holder of one Lease.  Behaves as client-go's leader election (duration 15 s, deadline 10 s, retry 2 s), so
/// that both may stand in one cluster.
///
/// A pure state machine: asks for steps, is told answers; the clock comes as an argument.  Another's Lease is judged by how long this
/// process has seen it unchanged, never by the times written in it, since clocks differ.  A holder that could not renew for `deadline` is no
/// holder any more, which is before another may take the Lease: never two at once as long as clocks run at one speed.
///
/// `handicap`: how much longer than `duration` a dead holder's Lease is left alone and how long a free one is left to others first; whoever
/// has the least takes over (a gateway 0, agents some seconds).
class Lease {
public:
    struct Options {
        std::string identity;   // of this process, unique
        Nanoseconds duration = std::chrono::seconds(15);
        Nanoseconds deadline = std::chrono::seconds(10);
        Nanoseconds retry = std::chrono::seconds(2);
        Nanoseconds handicap{};
    };

    explicit Lease(Options options) : m_options(std::move(options)) {}

    /// The next thing to do; answered by answer() before the next call, unless it is Wait.
    LeaseStep next(HostTime now, UtcTime utc);
    /// `record` with Found only.
    void answer(LeaseAnswer answer, const LeaseRecord& record, HostTime now);

    /// Asked with the time, since holding ends by itself.
    bool isHeld(HostTime now) const { return m_held && now - m_renewedAt < m_options.deadline; }
    /// What to write to give it back; nothing when it is not ours.  Afterwards it is not held.
    std::optional<LeaseRecord> release(UtcTime utc);

    /// Who has it as far as is known; empty: nobody or unknown.
    const std::string& holder() const { return m_seen.holder; }

private:
    bool isFree(HostTime now) const;
    LeaseRecord mine(UtcTime utc) const;

    Options m_options;
    bool m_held = false;
    bool m_known = false;        // m_seen is what the server had when it was last asked
    bool m_absent = false;       // there was none
    LeaseStep::Kind m_asked = LeaseStep::Kind::Wait;
    LeaseRecord m_seen;
    HostTime m_changedAt{};      // since when it is seen unchanged
    HostTime m_renewedAt{};      // held: when the last renewal that was accepted began
    HostTime m_askedAt{};
    HostTime m_nextAt{};
};

} // namespace binnacle::agent
