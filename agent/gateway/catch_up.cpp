// SPDX-License-Identifier: Apache-2.0
#include "agent/gateway/catch_up.h"

#include "agent/service/wire.h"
#include "core/telemetry/segment.h"

#include <algorithm>
#include <utility>

namespace binnacle::agent {
namespace {

constexpr std::size_t kMostBytes = 128u << 10; // waiting for the reader, and the item that crosses the mark

v1::SubscribeRequest requestFor(EntityKey agent, Cursor after, std::optional<UtcTime> from)
{
    v1::SubscribeRequest request;
    request.add_kinds(v1::CHUNK_KIND_OVERVIEW);
    if (after != Cursor{}) {
        wire::put(agent, *request.mutable_cursor()->mutable_agent());
        request.mutable_cursor()->set_epoch(after.epoch);
        request.mutable_cursor()->set_sequence(after.sequence);
    } else if (from) {
        request.set_from_ns(ns(*from));
    }
    return request;
}

} // namespace

Cursor cursorOf(const v1::StreamItem& item)
{
    if (item.has_batch())
        return {item.batch().epoch(), item.batch().sequence()};
    if (!item.has_segment())
        return {};
    const auto header = telemetry::readSegmentHeader(asBytes(item.segment().bytes()));
    return header ? Cursor{header->epoch, header->lastSequence} : Cursor{};
}

CatchUp::CatchUp(LinkPtr link, EntityKey agent, Cursor after, Options options)
    : m_link(std::move(link)), m_options(std::move(options)), m_joined(m_link->tail().join())
{
    m_thread = std::thread([this, request = requestFor(agent, after, m_options.from), after] { run(request, after); });
}

CatchUp::~CatchUp()
{
    m_stop.request_stop();
    {
        const std::lock_guard lock(m_mutex); // who has looked before that waits by now, and hears the next line
    }
    m_room.notify_all();
    m_thread.join();
}

void CatchUp::run(const v1::SubscribeRequest& request, Cursor at)
{
    const AgentTail& tail = m_link->tail();
    const auto read = m_link->subscribe(request, m_options.patience, [&](v1::StreamItem&& item) {
        if (item.has_heartbeat()) // there is nothing more
            return false;
        at = std::max(at, cursorOf(item));
        return push(std::move(item)) && (at == Cursor{} || tail.newest() == Cursor{} || !tail.reachesBackTo(at));
    }, m_stop.get_token());
    {
        const std::lock_guard lock(m_mutex);
        if (at != Cursor{} && tail.reachesBackTo(at)) {
            m_ended = Ended::AtTheTail;
        } else {
            m_ended = read ? Ended::AtTheEnd : Ended::Failed;
            m_why = read ? std::string() : read.error().what;
        }
    }
    m_options.news();
}

bool CatchUp::push(v1::StreamItem&& item)
{
    {
        std::unique_lock lock(m_mutex);
        m_room.wait(lock, [this] { return m_bytes < kMostBytes || m_stop.stop_requested(); });
        if (m_stop.stop_requested())
            return false;
        m_bytes += item.ByteSizeLong();
        m_items.push_back(std::move(item));
        if (m_items.size() > 1) // the reader knows
            return true;
    }
    m_options.news();
    return true;
}

std::deque<v1::StreamItem> CatchUp::take()
{
    std::deque<v1::StreamItem> items;
    {
        const std::lock_guard lock(m_mutex);
        items.swap(m_items);
        m_bytes = 0;
    }
    m_room.notify_all();
    return items;
}

CatchUp::Ended CatchUp::ended() const
{
    const std::lock_guard lock(m_mutex);
    return m_items.empty() ? m_ended : Ended::NotYet;
}

std::string CatchUp::why() const
{
    const std::lock_guard lock(m_mutex);
    return m_why;
}

} // namespace binnacle::agent
