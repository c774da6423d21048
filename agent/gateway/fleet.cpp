// SPDX-License-Identifier: Apache-2.0
#include "agent/gateway/fleet.h"

namespace binnacle::agent {
namespace {

constexpr auto kBeat = std::chrono::seconds(1); // for what happens with time alone

kube::ListQuery agentsIn(const std::string& nameSpace)
{
    kube::ListQuery query;
    query.collection = {.kind = {"", "v1", "pods"}, .namespaceName = nameSpace, .name = {}, .subresource = {}};
    query.labelSelector = kube::AgentPod::kLabels;
    return query;
}

} // namespace

void Fleet::Bell::ring(bool pods)
{
    {
        const std::lock_guard lock(mutex);
        ++version;
        podsChanged = podsChanged || pods;
    }
    rung.notify_all();
}

Fleet::Fleet(kube::HttpClient& client, Options options)
    : m_options(std::move(options)), m_pods(std::make_shared<kube::AgentPods>([bell = m_bell] { bell->ring(true); })),
      m_list(std::make_unique<kube::WatchedList>(client, agentsIn(m_options.nameSpace), m_pods, m_options.watch))
{
    m_thread = std::thread([this] { run(); });
}

Fleet::~Fleet() { stop(); }

void Fleet::stop()
{
    m_list.reset();
    {
        const std::lock_guard lock(m_bell->mutex);
        m_bell->isOver = true;
    }
    m_bell->ring(true);
    if (m_thread.joinable())
        m_thread.join();
    std::map<std::string, Member> members;
    {
        const std::lock_guard lock(m_mutex);
        members.swap(m_members);
    }
    for (const auto& [node, member] : members)
        member.link->requestStop();
    for (const auto& [node, member] : members)
        member.link->stop();
}

std::vector<LinkPtr> Fleet::links() const
{
    std::vector<LinkPtr> links;
    const std::lock_guard lock(m_mutex);
    for (const auto& [node, member] : m_members)
        links.push_back(member.link);
    return links;
}

void Fleet::waitForNews(std::uint64_t seenVersion, std::chrono::milliseconds patience) const
{
    std::unique_lock lock(m_bell->mutex);
    m_bell->rung.wait_for(lock, patience, [&] { return m_bell->version != seenVersion || m_bell->isOver; });
}

std::uint64_t Fleet::version() const
{
    const std::lock_guard lock(m_bell->mutex);
    return m_bell->version;
}

void Fleet::wakeReaders() const { m_bell->ring(false); }

void Fleet::run()
{
    while (true) {
        refresh();
        for (const LinkPtr& link : links())
            link->checkAlive();
        std::unique_lock lock(m_bell->mutex);
        m_bell->rung.wait_for(lock, kBeat, [this] { return m_bell->podsChanged || m_bell->isOver; });
        m_bell->podsChanged = false;
        if (m_bell->isOver)
            return;
    }
}

void Fleet::refresh()
{
    const auto pods = m_pods->byNode();
    const bool isSynced = m_pods->isSynced();
    std::vector<LinkPtr> over;
    {
        const std::lock_guard lock(m_mutex);
        for (const auto& [node, pod] : pods) {
            Member& member = m_members[node];
            if (!member.link) {
                AgentLink::Options options = m_options.link;
                options.turns = &m_turns;
                options.news = [bell = m_bell] { bell->ring(false); };
                member.link = std::make_shared<AgentLink>(node, std::move(options));
            }
        }
        for (auto& [node, member] : m_members) {
            const auto pod = pods.find(node);
            if (pod != pods.end()) {
                member.goneSince.reset();
                member.link->setPod(pod->second);
            } else if (isSynced) {
                member.goneSince = member.goneSince.value_or(Clock::now());
                member.link->setPod(std::nullopt);
            }
        }
        std::erase_if(m_members, [&](const auto& entry) {
            const bool isOver = entry.second.goneSince && Clock::now() - *entry.second.goneSince >= m_options.mourning;
            if (isOver)
                over.push_back(entry.second.link);
            return isOver;
        });
    }
    if (!over.empty())
        wakeReaders();
    for (const LinkPtr& link : over)
        link->stop();
}

} // namespace binnacle::agent
