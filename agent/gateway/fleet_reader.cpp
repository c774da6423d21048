// SPDX-License-Identifier: Apache-2.0
#include "agent/gateway/fleet_reader.h"

#include "agent/service/wire.h"
#include "core/telemetry/segment.h"

#include <algorithm>
#include <set>

namespace binnacle::agent {
namespace {

constexpr int kShare = 64; // items of one agent at a time
constexpr auto kCatchUpPatience = std::chrono::seconds(10);

/// Cursor of the newest batch in an item; zero: it has none.
Cursor cursorOf(const v1::StreamItem& item)
{
    if (item.has_batch())
        return {item.batch().epoch(), item.batch().sequence()};
    if (!item.has_segment())
        return {};
    const auto header = telemetry::readSegmentHeader(asBytes(item.segment().bytes()));
    return header ? Cursor{header->epoch, header->lastSequence} : Cursor{};
}

} // namespace

FleetReader::FleetReader(const Fleet& fleet, const v1::SubscribeRequest& request, Write write, Gives gives)
    : m_fleet(fleet), m_write(std::move(write)), m_gives(gives)
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
        if (!tell(*link, follower) || (m_gives == Gives::Telemetry && !follow(*link, follower)))
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
    return link.tail().join();
}

bool FleetReader::follow(const AgentLink& link, Follower& follower)
{
    if (!follower.agent)
        return true;
    if (follower.wantsPast && !catchUp(link, follower))
        return false;
    for (int i = 0; i < kShare; ++i) {
        const AgentTail::Step step = link.tail().next(follower.place);
        if (step.outcome == AgentTail::Outcome::Nothing)
            return true;
        if (step.outcome == AgentTail::Outcome::Behind ? !catchUp(link, follower) : !write(*step.item))
            return false;
    }
    m_hasMore = true;
    return true;
}

/// From the agent's own buffer up to where the tail begins.  When that is not to be had, the tail's oldest after a gap.
bool FleetReader::catchUp(const AgentLink& link, Follower& follower)
{
    v1::SubscribeRequest request;
    request.add_kinds(v1::CHUNK_KIND_OVERVIEW);
    Cursor at = follower.wantsPast ? Cursor{} : follower.place.cursor;
    if (at != Cursor{}) {
        wire::put(follower.agent, *request.mutable_cursor()->mutable_agent());
        request.mutable_cursor()->set_epoch(at.epoch);
        request.mutable_cursor()->set_sequence(at.sequence);
    } else if (m_from) {
        request.set_from_ns(ns(*m_from));
    }
    bool isThere = true;
    const auto read = link.subscribe(request, kCatchUpPatience, [&](v1::StreamItem&& item) {
        if (item.has_heartbeat()) // there is nothing more
            return false;
        isThere = write(item);
        at = std::max(at, cursorOf(item));
        return isThere && (at == Cursor{} || link.tail().newest() == Cursor{} || !link.tail().reachesBackTo(at));
    });
    if (!isThere)
        return false;
    const bool wasPast = std::exchange(follower.wantsPast, false);
    if (at != Cursor{} && link.tail().reachesBackTo(at)) {
        follower.place = link.tail().after(at);
        return true;
    }
    if (wasPast && read) { // the agent had nothing older
        follower.place = link.tail().join();
        return true;
    }
    follower.place = link.tail().atOldest();
    telemetry::Gap gap{follower.agent, {UtcTime{}, link.tail().oldestTime()}, Loss::ReaderGap,
                       "missed by this reader, and not to be had from the agent" + (read ? std::string() : ": " + read.error().what)};
    return write(wire::itemOf(gap));
}

} // namespace binnacle::agent
