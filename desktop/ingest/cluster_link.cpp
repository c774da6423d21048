// SPDX-License-Identifier: GPL-3.0-or-later
#include "desktop/ingest/cluster_link.h"

#include <algorithm>

namespace binnacle::desktop {
namespace {

constexpr std::string_view kUnixPrefix = "unix:";

kube::ListQuery agentsIn(const std::string& agentNamespace)
{
    kube::ListQuery query;
    query.collection = {.kind = {"", "v1", "pods"}, .namespaceName = agentNamespace};
    query.labelSelector = kube::AgentPod::kLabels;
    return query;
}

bool isFinal(const Error& error)
{
    return error.code == ErrorCode::Denied || error.code == ErrorCode::Invalid || error.code == ErrorCode::Unsupported;
}

} // namespace

Result<std::unique_ptr<ClusterLink>> ClusterLink::create(std::shared_ptr<KubeRuntime> runtime, ClusterWish wish, std::function<void()> changed,
                                                         ClusterLinkOptions options)
{
    auto access = clusterAccess(wish.kubeconfig, wish.context);
    if (!access)
        return std::unexpected(std::move(access).error());
    auto connection = runtime->connect(*access);
    if (!connection)
        return std::unexpected(std::move(connection).error().within("context " + access->context));
    auto folder = platform::PrivateFolder::create("binnacle");
    if (!folder)
        return std::unexpected(std::move(folder).error());
    std::unique_ptr<ClusterLink> link(new ClusterLink(std::move(runtime), std::move(wish), access->context, std::move(*connection), std::move(*folder),
                                                      std::move(changed), options));
    link->watch();
    return link;
}

ClusterLink::ClusterLink(std::shared_ptr<KubeRuntime> runtime, ClusterWish wish, std::string context, KubeRuntime::Connection connection,
                         std::shared_ptr<platform::PrivateFolder> folder, std::function<void()> changed, ClusterLinkOptions options)
    : m_runtime(std::move(runtime)), m_wish(std::move(wish)), m_context(std::move(context)), m_options(options), m_folder(std::move(folder)),
      m_pods(std::make_shared<kube::AgentPods>(std::move(changed))), m_connection(std::move(connection))
{
}

ClusterLink::~ClusterLink() = default;

void ClusterLink::watch()
{
    m_list.reset();
    m_pods->beginAnew();
    m_list = std::make_unique<kube::WatchedList>(*m_connection.client, agentsIn(m_wish.agentNamespace), m_pods, m_options.watch);
}

Result<std::string> ClusterLink::openWay(Agent& agent, const std::string& node, const char* purpose, const std::shared_ptr<Way>& way,
                                         std::unique_ptr<kube::Tunnel>& tunnel)
{
    const auto locate = [pods = m_pods, node](const std::function<void(Result<kube::PodPort>)>& done) { done(pods->find(node)); };
    const auto note = [way](const kube::TunnelState& state) {
        const std::lock_guard lock(way->mutex);
        way->state = state;
        if (state.phase == kube::TunnelState::Phase::Open)
            way->why.reset();
        else if (state.why)
            way->why = state.why;
    };
    tunnel = std::make_unique<kube::Tunnel>(*m_connection.client, locate, note, m_options.tunnel);
    auto listening = tunnel->listen(m_folder, std::string(purpose) + '-' + std::to_string(m_opened));
    if (!listening)
        return std::unexpected(std::move(listening).error().within("the tunnel to " + agent.target.label));
    return listening->substr(kUnixPrefix.size());
}

Result<ClusterLink::Agent> ClusterLink::open(const std::string& node)
{
    ++m_opened;
    Agent agent;
    agent.target.kind = Target::Kind::Unix;
    agent.target.label = node + " (context " + m_context + ')';
    agent.target.context = m_context;
    auto control = openWay(agent, node, "control", agent.control, agent.controlTunnel);
    if (!control)
        return std::unexpected(std::move(control).error());
    auto bulk = openWay(agent, node, "bulk", agent.bulk, agent.bulkTunnel);
    if (!bulk)
        return std::unexpected(std::move(bulk).error());
    agent.target.path = std::move(*control);
    agent.target.bulkPath = std::move(*bulk);
    return agent;
}

/// `pod` is none when the node has none any more.
void ClusterLink::note(Agent& agent, const kube::AgentPod* pod)
{
    if (!pod) {
        if (!agent.goneSince)
            agent.goneSince = Clock::now();
        return;
    }
    agent.goneSince.reset();
    // Ready or not is part of it: a tunnel that waits because the pod did not run yet need not wait any longer.
    const std::string now = pod->port.uid + (pod->trouble.empty() ? " runs" : " waits");
    if (std::exchange(agent.lastPod, now) == now)
        return;
    agent.controlTunnel->podsChanged();
    agent.bulkTunnel->podsChanged();
}

std::vector<Target> ClusterLink::refresh()
{
    const auto pods = m_pods->byNode();
    const bool isSynced = m_pods->isSynced();
    std::vector<Target> targets;
    const std::lock_guard lock(m_mutex);
    for (const auto& [node, pod] : pods) {
        if (m_agents.contains(node))
            continue;
        auto agent = open(node);
        if (agent)
            m_agents.emplace(node, std::move(*agent));
        else
            m_problem = std::move(agent).error();
    }
    for (auto& [node, agent] : m_agents) {
        const auto pod = pods.find(node);
        if (pod != pods.end() || isSynced)
            note(agent, pod == pods.end() ? nullptr : &pod->second);
    }
    const auto isOver = [&](const auto& entry) { return entry.second.goneSince && Clock::now() - *entry.second.goneSince >= m_options.mourning; };
    std::erase_if(m_agents, isOver);
    for (const auto& [node, agent] : m_agents)
        targets.push_back(agent.target);
    return targets;
}

ClusterStatus ClusterLink::status() const
{
    ClusterStatus status;
    status.wish = m_wish;
    status.context = m_context;
    status.server = m_connection.client->access().cluster.server;
    status.agents = m_pods->byNode().size();
    status.trouble = m_pods->trouble();
    status.state = m_pods->isSynced() ? ClusterState::Watching : ClusterState::Opening;
    if (status.trouble)
        status.state = isFinal(*status.trouble) ? ClusterState::Refused : ClusterState::Away;
    if (status.state == ClusterState::Watching && status.agents == 0)
        status.trouble = Error{ErrorCode::NotFound, "no agent runs in namespace " + m_wish.agentNamespace + " of context " + m_context
                                                        + "; install them (deploy/README.md), or name their namespace with --namespace"};
    const std::lock_guard lock(m_mutex);
    if (m_problem)
        status.trouble = m_problem;
    return status;
}

std::optional<Error> ClusterLink::whyAway(const Target& target) const
{
    const std::lock_guard lock(m_mutex);
    const auto found = std::ranges::find_if(m_agents, [&](const auto& entry) { return entry.second.target == target; });
    if (found == m_agents.end())
        return std::nullopt;
    if (const auto pod = m_pods->find(found->first); !pod)
        return pod.error();
    for (const auto& way : {found->second.control, found->second.bulk}) {
        const std::lock_guard wayLock(way->mutex);
        if (way->why)
            return way->why;
    }
    return m_pods->trouble();
}

void ClusterLink::retry()
{
    if (m_pods->trouble())
        watch();
    const std::lock_guard lock(m_mutex);
    m_problem.reset();
    for (auto& [node, agent] : m_agents) {
        agent.controlTunnel->podsChanged();
        agent.bulkTunnel->podsChanged();
    }
}

} // namespace binnacle::desktop
