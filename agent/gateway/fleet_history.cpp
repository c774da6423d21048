// SPDX-License-Identifier: Apache-2.0
#include "agent/gateway/fleet_history.h"

#include "agent/service/wire.h"

#include <algorithm>
#include <atomic>
#include <mutex>
#include <set>
#include <thread>
#include <vector>

namespace binnacle::agent {
namespace {

constexpr std::size_t kAtOnce = 8;
constexpr auto kPatience = std::chrono::minutes(5);

/// One question under way.
class FanOut {
public:
    FanOut(const Fleet& fleet, const v1::HistoryRequest& request, const std::function<bool(const v1::StreamItem&)>& write)
        : m_request(request), m_write(write), m_range{utcTime(request.from_ns()), utcTime(request.to_ns())}
    {
        std::set<EntityKey> wanted;
        for (const v1::Key& key : request.agents())
            wanted.insert(wire::keyOf(key));
        for (const LinkPtr& link : fleet.links()) {
            if (wanted.empty() || wanted.contains(keyOf(link->status())))
                m_links.push_back(link);
        }
        m_request.clear_agents();
    }

    void run()
    {
        askEach(m_links, [this](std::size_t, const AgentLink& link) {
            if (!m_isOver)
                ask(link);
        });
    }

private:
    static EntityKey keyOf(const LinkStatus& status) { return status.identity ? status.identity->agent : keyOfSilentHost(status.node); }

    void ask(const AgentLink& link)
    {
        const LinkStatus status = link.status();
        tell(status);
        const auto answered = link.history(m_request, kPatience, [this](v1::StreamItem&& item) { return give(item); });
        if (!answered && !m_isOver)
            give(wire::itemOf(telemetry::Gap{keyOf(status), m_range, Loss::AgentGap, answered.error().what}));
    }

    void tell(const LinkStatus& status)
    {
        telemetry::AgentIdentity identity = status.identity.value_or(telemetry::AgentIdentity{});
        if (!status.identity) {
            identity.agent = keyOf(status);
            identity.host = status.node;
        }
        v1::StreamItem item;
        wire::put(identity, *item.mutable_agent()->mutable_identity());
        item.mutable_agent()->set_presence(status.isConnected ? v1::AGENT_PRESENCE_CONNECTED : v1::AGENT_PRESENCE_AWAY);
        item.mutable_agent()->set_what(status.why);
        wire::put(status.anchor, *item.mutable_agent()->mutable_anchor());
        give(item);
    }

    /// While the reader does not take it, flow control holds the agents back.
    bool give(const v1::StreamItem& item)
    {
        const std::lock_guard lock(m_writing);
        if (!m_isOver && !m_write(item))
            m_isOver = true;
        return !m_isOver;
    }

    v1::HistoryRequest m_request;
    const std::function<bool(const v1::StreamItem&)>& m_write;
    const TimeRange m_range;
    std::vector<LinkPtr> m_links;
    std::atomic<bool> m_isOver{false};
    std::mutex m_writing;
};

} // namespace

EntityKey keyOfSilentHost(const std::string& node) { return EntityKey::ofText("silent-host|" + node); }

void askEach(const std::vector<LinkPtr>& links, const std::function<void(std::size_t, const AgentLink&)>& ask)
{
    std::atomic<std::size_t> next{0};
    std::vector<std::thread> threads;
    for (std::size_t i = 0; i < std::min(kAtOnce, links.size()); ++i) {
        threads.emplace_back([&] {
            for (std::size_t at = next++; at < links.size(); at = next++)
                ask(at, *links[at]);
        });
    }
    for (std::thread& thread : threads)
        thread.join();
}

void fanOutHistory(const Fleet& fleet, const v1::HistoryRequest& request, const std::function<bool(const v1::StreamItem&)>& write)
{
    FanOut(fleet, request, write).run();
}

} // namespace binnacle::agent
