// SPDX-License-Identifier: Apache-2.0
#include "agent/metadata/kubernetes/lease.h"

#include <utility>

namespace binnacle::agent {

LeaseRecord Lease::mine(UtcTime utc) const
{
    LeaseRecord record;
    record.holder = m_options.identity;
    record.durationSeconds = std::chrono::duration_cast<std::chrono::seconds>(m_options.duration).count();
    record.renewedAt = utc;
    record.resourceVersion = m_seen.resourceVersion;
    const bool was = m_seen.holder == m_options.identity;
    record.acquiredAt = was ? m_seen.acquiredAt : utc;
    record.transitions = m_seen.transitions + (was || m_absent ? 0 : 1);
    return record;
}

bool Lease::isFree(HostTime now) const
{
    if (m_seen.holder == m_options.identity)
        return true; // ours of a life before, or one whose renewal was late
    const Nanoseconds unchanged = now - m_changedAt;
    if (m_seen.holder.empty())
        return unchanged >= m_options.handicap;
    const Nanoseconds theirs = std::chrono::seconds(m_seen.durationSeconds > 0 ? m_seen.durationSeconds : 15);
    return unchanged >= theirs + m_options.handicap;
}

LeaseStep Lease::next(HostTime now, UtcTime utc)
{
    if (m_held && !isHeld(now)) {
        m_held = false;
        m_known = false;
    }
    if (now < m_nextAt)
        return {LeaseStep::Kind::Wait, {}, m_nextAt};
    m_askedAt = now;
    if (!m_known)
        m_asked = LeaseStep::Kind::Read;
    else if (m_held) // its own last write is what it goes by, as long as nobody objects
        m_asked = LeaseStep::Kind::Update;
    else if (m_absent)
        m_asked = now - m_changedAt >= m_options.handicap ? LeaseStep::Kind::Create : LeaseStep::Kind::Read;
    else
        m_asked = isFree(now) ? LeaseStep::Kind::Update : LeaseStep::Kind::Read;
    if (m_asked == LeaseStep::Kind::Read)
        return {m_asked, {}, {}};
    return {m_asked, mine(utc), {}};
}

void Lease::answer(LeaseAnswer answer, const LeaseRecord& record, HostTime now)
{
    const LeaseStep::Kind asked = std::exchange(m_asked, LeaseStep::Kind::Wait);
    m_nextAt = now + m_options.retry;
    if (answer == LeaseAnswer::Found) {
        const bool wrote = asked == LeaseStep::Kind::Update || asked == LeaseStep::Kind::Create;
        if (!m_known || m_absent || record != m_seen)
            m_changedAt = now;
        m_seen = record;
        m_known = true;
        m_absent = false;
        m_held = (wrote || m_held) && record.holder == m_options.identity;
        if (wrote && m_held)
            m_renewedAt = m_askedAt;
        else if (isFree(now))
            m_nextAt = now; // take it at once
    } else if (answer == LeaseAnswer::NotFound) {
        if (!m_absent)
            m_changedAt = now;
        m_held = false;
        m_known = m_absent = true;
        m_seen = {};
        if (now - m_changedAt >= m_options.handicap)
            m_nextAt = now;
    } else if (answer == LeaseAnswer::Conflict) {
        m_known = m_absent = false; // read first: it may be our own write whose answer was lost, or somebody's annotation
        m_nextAt = m_held ? now : now + m_options.retry;
    }
    // Unavailable: nothing is known; a holder keeps trying until its deadline.
}

std::optional<LeaseRecord> Lease::release(UtcTime utc)
{
    if (!std::exchange(m_held, false))
        return std::nullopt;
    LeaseRecord record = mine(utc);
    record.holder.clear();
    record.durationSeconds = 1; // as client-go writes it: nobody has to wait
    m_known = false;
    return record;
}

} // namespace binnacle::agent
