// SPDX-License-Identifier: GPL-3.0-or-later
#include "desktop/ingest/cluster_link.h"

#include <algorithm>

namespace binnacle::desktop {
namespace {

constexpr std::string_view kUnixPrefix = "unix:";
constexpr std::size_t kNamesShown = 10;

kube::ListQuery agentsIn(const std::string& agentNamespace)
{
    kube::ListQuery query;
    query.collection = {.kind = {"", "v1", "pods"}, .namespaceName = agentNamespace};
    query.labelSelector = ClusterPods::labels();
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
      m_pods(std::make_shared<ClusterPods>(changed)), m_connection(std::move(connection))
{
}

ClusterLink::~ClusterLink() = default;

void ClusterLink::beginInventory(ClusterInventory::Sink sink)
{
    auto begun = std::make_unique<ClusterInventory>(*m_connection.client, m_context, m_options.watch, std::move(sink));
    const std::lock_guard lock(m_mutex);
    m_inventory = std::move(begun);
}

void ClusterLink::endInventory()
{
    if (ClusterInventory* const begun = inventory())
        begun->stop();
}

/// Once begun it stays as long as this.
ClusterInventory* ClusterLink::inventory() const
{
    const std::lock_guard lock(m_mutex);
    return m_inventory.get();
}

void ClusterLink::watch()
{
    m_list.reset();
    m_pods->beginAnew();
    m_list = std::make_unique<kube::WatchedList>(*m_connection.client, agentsIn(m_wish.agentNamespace), m_pods, m_options.watch);
}

Result<std::string> ClusterLink::openWay(Agent& agent, const Locate& locate, const char* purpose, const std::shared_ptr<Way>& way,
                                         std::unique_ptr<kube::Tunnel>& tunnel)
{
    const auto answer = [locate](const std::function<void(Result<kube::PodPort>)>& done) { done(locate()); };
    const auto note = [way](const kube::TunnelState& state) {
        const std::lock_guard lock(way->mutex);
        way->state = state;
        if (state.phase == kube::TunnelState::Phase::Open)
            way->why.reset();
        else if (state.why)
            way->why = state.why;
    };
    tunnel = std::make_unique<kube::Tunnel>(*m_connection.client, answer, note, m_options.tunnel);
    auto listening = tunnel->listen(m_folder, std::string(purpose) + '-' + std::to_string(m_opened));
    if (!listening)
        return std::unexpected(std::move(listening).error().within("the tunnel to " + agent.target.label));
    return listening->substr(kUnixPrefix.size());
}

Result<ClusterLink::Agent> ClusterLink::open(const std::string& name, const Locate& locate)
{
    ++m_opened;
    Agent agent;
    agent.target.kind = Target::Kind::Unix;
    agent.target.label = name + " (context " + m_context + ')';
    agent.target.context = m_context;
    agent.target.fleet = m_wish.fleet;
    auto control = openWay(agent, locate, "control", agent.control, agent.controlTunnel);
    if (!control)
        return std::unexpected(std::move(control).error());
    auto bulk = openWay(agent, locate, "bulk", agent.bulk, agent.bulkTunnel);
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
    const auto pods = m_pods->agents.byNode();
    const std::lock_guard lock(m_mutex);
    m_isWhole = m_isWhole || m_pods->agents.isSynced();
    if (!m_isWhole) // how many there are decides how they are reached
        return {};
    if (chooseGateway(pods.size()))
        followGateway();
    else
        followNodes(pods);
    std::vector<Target> targets;
    if (m_gateway)
        targets.push_back(m_gateway->target);
    for (const auto& [node, agent] : m_agents)
        targets.push_back(agent.target);
    return targets;
}

/// It is kept when the cluster shrinks, and given up when it has not been fit for use for long.
bool ClusterLink::chooseGateway(std::size_t nodes)
{
    const auto pod = m_pods->gateways.best();
    const bool isFit = pod && pod->isReady && !pod->isEnding && pod->trouble.empty();
    if (isFit)
        m_gatewaySeen = Clock::now();
    return m_gateway ? Clock::now() - m_gatewaySeen < m_options.mourning : isFit && (m_wish.fleet == FleetReading::Merged || nodes > m_options.mostTunnelled);
}

void ClusterLink::followGateway()
{
    m_agents.clear();
    m_leftOut.clear();
    if (!m_gateway) {
        auto gateway = open("gateway", [pods = m_pods]() -> Result<kube::PodPort> {
            const auto pod = pods->gateways.best();
            if (!pod || !pod->trouble.empty())
                return failure(ErrorCode::Unavailable, "no gateway's pod runs in the cluster at the moment" + (pod ? ": " + pod->port.pod + ": " + pod->trouble : std::string()));
            return pod->port;
        });
        if (!gateway) {
            m_problem = std::move(gateway).error();
            return;
        }
        m_gateway = std::move(*gateway);
    }
    const auto pod = m_pods->gateways.best();
    note(*m_gateway, pod ? &*pod : nullptr);
}

void ClusterLink::followNodes(const std::map<std::string, kube::AgentPod>& pods)
{
    const bool isSynced = m_pods->agents.isSynced();
    m_gateway.reset();
    for (auto& [node, agent] : m_agents) {
        const auto pod = pods.find(node);
        if (pod != pods.end() || isSynced)
            note(agent, pod == pods.end() ? nullptr : &pod->second);
    }
    const auto isOver = [&](const auto& entry) { return entry.second.goneSince && Clock::now() - *entry.second.goneSince >= m_options.mourning; };
    std::erase_if(m_agents, isOver);
    m_leftOut.clear();
    for (const auto& [node, pod] : pods) {
        if (m_agents.contains(node))
            continue;
        if (m_agents.size() >= m_options.mostTunnelled) {
            m_leftOut.push_back(node);
            continue;
        }
        auto agent = open(node, [known = m_pods, node] { return known->agents.find(node); });
        if (!agent) {
            m_problem = std::move(agent).error();
            continue;
        }
        note(*agent, &pod);
        m_agents.emplace(node, std::move(*agent));
    }
}

std::string ClusterLink::leftOut(std::size_t nodes) const
{
    if (m_leftOut.empty())
        return {};
    std::string names;
    for (std::size_t i = 0; i < std::min(m_leftOut.size(), kNamesShown); ++i)
        names += (i == 0 ? "" : ", ") + m_leftOut[i];
    if (m_leftOut.size() > kNamesShown)
        names += " and " + std::to_string(m_leftOut.size() - kNamesShown) + " more";
    const auto gateway = m_pods->gateways.best();
    const std::string next = gateway ? "its gateway's pod " + gateway->port.pod + " is not ready" + (gateway->trouble.empty() ? "" : ": " + gateway->trouble)
                                     : std::string("turn the gateway on and all are read: `gateway.enabled=true` in the chart, or `binnacle install --gateway`");
    return std::to_string(m_leftOut.size()) + " of the " + std::to_string(nodes) + " hosts of context " + m_context + " are not read, because more than "
           + std::to_string(m_options.mostTunnelled) + " tunnels are too many: " + names + "; " + next;
}

ClusterStatus ClusterLink::status() const
{
    ClusterStatus status;
    status.wish = m_wish;
    status.context = m_context;
    status.server = m_connection.client->access().cluster.server;
    status.agents = m_pods->agents.byNode().size();
    status.trouble = m_pods->agents.trouble();
    status.state = m_pods->agents.isSynced() ? ClusterState::Watching : ClusterState::Opening;
    if (status.trouble)
        status.state = isFinal(*status.trouble) ? ClusterState::Refused : ClusterState::Away;
    if (status.state == ClusterState::Watching && status.agents == 0)
        status.trouble = Error{ErrorCode::NotFound, "no agent runs in namespace " + m_wish.agentNamespace + " of context " + m_context
                                                        + "; install them (deploy/README.md), or name their namespace with --namespace"};
    if (const ClusterInventory* const begun = inventory()) {
        ClusterInventory::Status listed = begun->status();
        status.isListed = listed.speaks && !listed.away;
        status.limits = std::move(listed.limits);
    }
    const std::lock_guard lock(m_mutex);
    status.isThroughGateway = m_gateway.has_value();
    status.leftOut = leftOut(status.agents);
    if (m_problem)
        status.trouble = m_problem;
    return status;
}

std::optional<Error> ClusterLink::whyAway(const Target& target) const
{
    const auto ofWays = [](const Agent& agent) -> std::optional<Error> {
        for (const auto& way : {agent.control, agent.bulk}) {
            const std::lock_guard wayLock(way->mutex);
            if (way->why)
                return way->why;
        }
        return std::nullopt;
    };
    const std::lock_guard lock(m_mutex);
    if (m_gateway && m_gateway->target == target) {
        const auto why = ofWays(*m_gateway);
        return why ? why : m_pods->gateways.trouble();
    }
    const auto found = std::ranges::find_if(m_agents, [&](const auto& entry) { return entry.second.target == target; });
    if (found == m_agents.end())
        return std::nullopt;
    if (const auto pod = m_pods->agents.find(found->first); !pod)
        return pod.error();
    const auto why = ofWays(found->second);
    return why ? why : m_pods->agents.trouble();
}

void ClusterLink::retry()
{
    if (m_pods->agents.trouble())
        watch();
    const std::lock_guard lock(m_mutex);
    m_problem.reset();
    for (auto& [node, agent] : m_agents) {
        agent.controlTunnel->podsChanged();
        agent.bulkTunnel->podsChanged();
    }
    if (m_gateway) {
        m_gateway->controlTunnel->podsChanged();
        m_gateway->bulkTunnel->podsChanged();
    }
}

} // namespace binnacle::desktop
