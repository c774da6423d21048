// SPDX-License-Identifier: Apache-2.0
#include "agent/gateway/fleet_reader.h"

#include "agent/service/wire.h"

#include <algorithm>
#include <cstddef>
#include <set>
#include <utility>

namespace binnacle::agent {
namespace {

constexpr int kShare = 64; // items of one agent at a time
constexpr std::ptrdiff_t kAtOnce = 8; // agents at which is read what their tails have not: each takes a thread

} // namespace

FleetReader::FleetReader(const Fleet& fleet, const v1::SubscribeRequest& request, Write write, Gives gives, std::chrono::milliseconds patience)
    : m_fleet(fleet), m_write(std::move(write)), m_gives(gives), m_patience(patience)
{
    for (const v1::Cursor& cursor : request.cursors())
        m_cursors[wire::keyOf(cursor.agent())] = {cursor.epoch(), cursor.sequence()};
    if (request.has_from_ns())
        m_from = utcTime(request.from_ns());
}

bool FleetReader::write(const v1::StreamItem& item)
{
    m_hadNews = true;
    return m_write(item);
}

bool FleetReader::step()
{
    m_hadNews = m_hasMore = false;
    std::set<std::string> nodes;
    for (const LinkPtr& link : m_fleet.links()) {
        const std::string node = link->status().node;
        nodes.insert(node);
        Follower& follower = m_followers[node];
        if (follower.link.lock() != link) {
            leave(follower);
            follower = {};
            follower.link = link;
        }
        if (!tell(*link, follower) || (m_gives == Gives::Telemetry && !follow(link, follower)))
            return false;
    }
    bool isThere = true;
    std::erase_if(m_followers, [&](auto& entry) {
        if (nodes.contains(entry.first))
            return false;
        leave(entry.second);
        v1::StreamItem item;
        *item.mutable_agent()->mutable_identity() = entry.second.told;
        item.mutable_agent()->set_presence(v1::AGENT_PRESENCE_GONE);
        item.mutable_agent()->set_what("no agent's pod is on node " + entry.first + " any more");
        isThere = isThere && write(item);
        return true;
    });
    return isThere;
}

/// Should it come back, what it did meanwhile may still be in its buffer.
void FleetReader::leave(const Follower& follower)
{
    if (follower.agent && follower.place.cursor != Cursor{})
        m_cursors[follower.agent] = follower.place.cursor;
}

bool FleetReader::tell(const AgentLink& link, Follower& follower)
{
    const LinkStatus status = link.status();
    if (status.identity && follower.agent != status.identity->agent) {
        follower.catchUp.reset();
        follower.agent = status.identity->agent;
        follower.place = begin(link, follower.agent, follower);
    }
    if (status.version == follower.toldVersion && follower.toldVersion != 0)
        return true;
    if (!status.identity && status.version == 0)
        return true; // the first attempt is under way
    follower.toldVersion = status.version;
    v1::StreamItem item;
    v1::AgentNotice& notice = *item.mutable_agent();
    if (status.identity)
        wire::put(*status.identity, *notice.mutable_identity());
    else
        notice.mutable_identity()->set_host(status.node);
    notice.set_presence(status.isConnected ? v1::AGENT_PRESENCE_CONNECTED : v1::AGENT_PRESENCE_AWAY);
    notice.set_what(status.why);
    wire::put(status.anchor, *notice.mutable_anchor());
    follower.told = notice.identity();
    return write(item);
}

AgentTail::Place FleetReader::begin(const AgentLink& link, EntityKey agent, Follower& follower) const
{
    follower.wantsPast = false;
    if (const auto cursor = m_cursors.find(agent); cursor != m_cursors.end())
        return link.tail().after(cursor->second);
    follower.wantsPast = m_from.has_value();
    return follower.wantsPast ? link.tail().after({}) : link.tail().join();
}

bool FleetReader::follow(const LinkPtr& link, Follower& follower)
{
    if (!follower.agent)
        return true;
    if (follower.catchUp && !writeCatchUp(*link, follower))
        return false;
    if (follower.wantsPast)
        beginCatchUp(link, follower);
    for (int i = 0; i < kShare; ++i) {
        if (follower.catchUp || follower.wantsPast)
            return true; // what the tail has comes after it
        const AgentTail::Step step = link->tail().next(follower.place);
        if (step.outcome == AgentTail::Outcome::Nothing)
            return true;
        if (step.outcome == AgentTail::Outcome::Behind) {
            beginCatchUp(link, follower);
            return true;
        }
        if (!write(*step.item))
            return false;
    }
    m_hasMore = true;
    return true;
}

/// From the agent's own buffer up to where the tail begins; later, when as many as may are at it already.
void FleetReader::beginCatchUp(const LinkPtr& link, Follower& follower)
{
    if (follower.catchUp || std::ranges::count_if(m_followers, [](const auto& entry) { return entry.second.catchUp != nullptr; }) >= kAtOnce)
        return;
    follower.catchUp = std::make_unique<CatchUp>(link, follower.agent, follower.place.cursor,
                                                 CatchUp::Options{m_from, m_patience, [&fleet = m_fleet] { fleet.wakeReaders(); }});
}

bool FleetReader::writeCatchUp(const AgentLink& link, Follower& follower)
{
    for (const v1::StreamItem& item : follower.catchUp->take()) {
        m_hasMore = true;
        if (!write(item))
            return false;
        follower.place.cursor = std::max(follower.place.cursor, cursorOf(item));
    }
    return follower.catchUp->ended() == CatchUp::Ended::NotYet || endCatchUp(link.tail(), follower);
}

/// When it did not come as far as the tail, the tail's oldest after a gap.
bool FleetReader::endCatchUp(const AgentTail& tail, Follower& follower)
{
    m_hasMore = true; // another's turn
    const auto over = std::exchange(follower.catchUp, nullptr);
    const bool wasPast = std::exchange(follower.wantsPast, false);
    if (over->ended() == CatchUp::Ended::AtTheTail) {
        follower.place = tail.after(follower.place.cursor);
        return true;
    }
    if (wasPast && over->ended() == CatchUp::Ended::AtTheEnd) { // the agent had nothing older
        follower.place = over->joined();
        return true;
    }
    follower.place = tail.atOldest();
    const std::string why = over->why();
    telemetry::Gap gap{follower.agent, {UtcTime{}, tail.oldestTime()}, Loss::ReaderGap,
                       "missed by this reader, and not to be had from the agent" + (why.empty() ? std::string() : ": " + why)};
    return write(wire::itemOf(gap));
}

} // namespace binnacle::agent
