// SPDX-License-Identifier: GPL-3.0-or-later
#include "desktop/ingest/agent_pods.h"

#include <algorithm>
#include <tuple>
#include <utility>

namespace binnacle::desktop {
void AgentPods::take(const kube::WatchedObject& object)
{
    auto pod = object.json ? kube::agentPodOf(*object.json) : std::nullopt;
    if (!pod)
        return;
    pod->port.namespaceName = object.namespaceName;
    pod->port.pod = object.name;
    pod->port.uid = object.uid;
    {
        const std::lock_guard lock(m_mutex);
        m_pods[object.uid] = std::move(*pod);
        if (m_told)
            m_told->insert(object.uid);
        m_trouble.reset();
    }
    m_changed();
}

void AgentPods::beginAnew()
{
    const std::lock_guard lock(m_mutex);
    m_told.emplace();
}

void AgentPods::deleted(const kube::WatchedObject& object)
{
    {
        const std::lock_guard lock(m_mutex);
        m_pods.erase(object.uid);
    }
    m_changed();
}

void AgentPods::synced()
{
    {
        const std::lock_guard lock(m_mutex);
        m_isSynced = true;
        if (const auto told = std::exchange(m_told, std::nullopt))
            std::erase_if(m_pods, [&told](const auto& entry) { return !told->contains(entry.first); });
        m_trouble.reset();
    }
    m_changed();
}

void AgentPods::troubled(const Error& error)
{
    {
        const std::lock_guard lock(m_mutex);
        m_trouble = error;
    }
    m_changed();
}

bool AgentPods::isSynced() const
{
    const std::lock_guard lock(m_mutex);
    return m_isSynced;
}

std::optional<Error> AgentPods::trouble() const
{
    const std::lock_guard lock(m_mutex);
    return m_trouble;
}

std::optional<AgentPod> AgentPods::bestOf(const std::string& node) const
{
    const auto rank = [](const AgentPod& pod) { return std::tuple(!pod.isEnding, pod.trouble.empty(), pod.isReady, pod.createdAt, pod.port.pod); };
    const AgentPod* best = nullptr;
    for (const auto& [uid, pod] : m_pods) {
        if (pod.node == node && (!best || rank(*best) < rank(pod)))
            best = &pod;
    }
    return best ? std::optional(*best) : std::nullopt;
}

std::map<std::string, AgentPod> AgentPods::byNode() const
{
    const std::lock_guard lock(m_mutex);
    std::map<std::string, AgentPod> best;
    for (const auto& [uid, pod] : m_pods) {
        if (!pod.node.empty() && !best.contains(pod.node))
            best.emplace(pod.node, *bestOf(pod.node));
    }
    return best;
}

std::vector<AgentPod> AgentPods::all() const
{
    const std::lock_guard lock(m_mutex);
    std::vector<AgentPod> pods;
    for (const auto& [uid, pod] : m_pods)
        pods.push_back(pod);
    std::ranges::sort(pods, {}, [](const AgentPod& pod) { return pod.port.pod; });
    return pods;
}

Result<kube::PodPort> AgentPods::find(const std::string& node) const
{
    const std::lock_guard lock(m_mutex);
    const auto pod = bestOf(node);
    if (!pod)
        return failure(ErrorCode::NotFound, "no agent's pod is on node " + node + " any more; it is asked again as soon as there is one");
    if (!pod->trouble.empty())
        return failure(ErrorCode::Unavailable, "the agent's pod " + pod->port.pod + " does not run: " + pod->trouble + "; look at it with `kubectl -n "
                                                   + pod->port.namespaceName + " describe pod " + pod->port.pod + '`');
    return pod->port;
}

} // namespace binnacle::desktop
