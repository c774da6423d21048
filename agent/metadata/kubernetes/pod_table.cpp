// SPDX-License-Identifier: Apache-2.0
#include "agent/metadata/kubernetes/pod_table.h"

#include <algorithm>
#include <utility>

namespace binnacle::agent {

void PodTable::set(PodObject pod, UtcTime now)
{
    const auto known = m_pods.find(pod.uid);
    if (known == m_pods.end() && m_pods.size() >= m_most && (!forgetDeleted(now) || m_pods.size() >= m_most)) {
        ++m_leftOut;
        return;
    }
    Entry& entry = m_pods[pod.uid];
    // A container that was replaced keeps its id here: its last words come after its end.
    for (auto& old : entry.pod.containers) {
        if (std::ranges::find(pod.containers, old.first, &std::pair<std::string, std::string>::first) == pod.containers.end() &&
            pod.containers.size() < 64)
            pod.containers.push_back(std::move(old));
    }
    std::ranges::sort(pod.containers);
    entry.pod = std::move(pod);
    entry.deletedAt = {};
}

void PodTable::remove(const std::string& uid, UtcTime now)
{
    if (const auto known = m_pods.find(uid); known != m_pods.end() && known->second.deletedAt == UtcTime{})
        known->second.deletedAt = now;
}

bool PodTable::forgetDeleted(UtcTime now)
{
    return absl::erase_if(m_pods, [&](const auto& known) {
        return known.second.deletedAt != UtcTime{} && now - known.second.deletedAt > m_keepDeleted;
    }) > 0;
}

void PodTable::tell(ClusterKnowledge& knowledge, const OwnerTable& owners, const std::string& zone) const
{
    for (const auto& [uid, entry] : m_pods) {
        PodFacts facts = factsOf(entry.pod, workloadOf(entry.pod, owners), zone);
        if (!entry.told || *entry.told != facts)
            entry.told = std::make_shared<const PodFacts>(std::move(facts));
        knowledge.podsByUid[uid] = entry.told;
        if (!entry.pod.staticHash.empty())
            knowledge.podsByUid.try_emplace(entry.pod.staticHash, entry.told);
        // A static pod that is made anew keeps its hash: what is there goes before what was.
        if (!entry.pod.staticHash.empty() && entry.deletedAt == UtcTime{})
            knowledge.podsByUid[entry.pod.staticHash] = entry.told;
        for (const auto& [container, name] : entry.told->containers)
            knowledge.podsByContainer[container] = entry.told;
    }
}

} // namespace binnacle::agent
