// SPDX-License-Identifier: Apache-2.0
#include "core/kube/diagnose/agent_pods.h"

#include <algorithm>
#include <string_view>
#include <tuple>
#include <utility>

namespace binnacle::kube {
namespace {

/// The highest is the one to talk to.
auto rank(const AgentPod& pod)
{
    return std::tuple(!pod.isEnding, pod.trouble.empty(), pod.isReady, std::string_view(pod.createdAt), std::string_view(pod.port.pod));
}

} // namespace

void AgentPods::take(const WatchedObject& object)
{
    auto pod = object.json ? agentPodOf(*object.json) : std::nullopt;
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

void AgentPods::deleted(const WatchedObject& object)
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

std::map<std::string, AgentPod> AgentPods::byNode() const
{
    const std::lock_guard lock(m_mutex);
    std::map<std::string, const AgentPod*> best;
    for (const auto& [uid, pod] : m_pods) {
        if (pod.node.empty())
            continue;
        const AgentPod*& here = best[pod.node];
        if (!here || rank(*here) < rank(pod))
            here = &pod;
    }
    std::map<std::string, AgentPod> pods;
    for (const auto& [node, pod] : best)
        pods.emplace(node, *pod);
    return pods;
}

std::optional<AgentPod> AgentPods::bestOf(const std::string* node) const
{
    const AgentPod* best = nullptr;
    for (const auto& [uid, pod] : m_pods) {
        if ((!node || pod.node == *node) && (!best || rank(*best) < rank(pod)))
            best = &pod;
    }
    return best ? std::optional(*best) : std::nullopt;
}

std::optional<AgentPod> AgentPods::best() const
{
    const std::lock_guard lock(m_mutex);
    return bestOf(nullptr);
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

Result<PodPort> AgentPods::find(const std::string& node) const
{
    const std::lock_guard lock(m_mutex);
    const auto pod = bestOf(&node);
    if (!pod)
        return failure(ErrorCode::NotFound, "no agent's pod is on node " + node + " any more; it is asked again as soon as there is one");
    if (!pod->trouble.empty())
        return failure(ErrorCode::Unavailable, "the agent's pod " + pod->port.pod + " does not run: " + pod->trouble + "; look at it with `kubectl -n "
                                                   + pod->port.namespaceName + " describe pod " + pod->port.pod + '`');
    return pod->port;
}

} // namespace binnacle::kube
