// SPDX-License-Identifier: Apache-2.0
#include "core/kube/install/host_status.h"

#include <algorithm>
#include <set>
#include <utility>

namespace binnacle::kube {

const char* wordOf(const InstalledAgent& agent)
{
    if (agent.isOutdated && agent.state != InstalledAgent::State::Leaving)
        return "outdated";
    switch (agent.state) {
    case InstalledAgent::State::Ready: return "collects";
    case InstalledAgent::State::Starting: return "starting";
    case InstalledAgent::State::Stuck: return "stuck";
    case InstalledAgent::State::Leaving: return "leaving";
    }
    return "";
}

std::vector<HostStatus> hostStatuses(const Installation& installation, const std::vector<HostFactsOfNode>& hosts, std::string_view ownVersion)
{
    std::vector<HostStatus> all;
    std::set<std::string> withAgent;
    for (const InstalledAgent& agent : installation.agents) {
        const auto facts = std::ranges::find(hosts, agent.host, &HostFactsOfNode::host);
        const bool isReady = agent.state == InstalledAgent::State::Ready;
        withAgent.insert(agent.host);
        all.push_back({agent.host, facts == hosts.end() ? "" : facts->kernel, agent.version, wordOf(agent), agent.pod, isReady ? "" : agent.sentence, isReady,
                       skewOf(agent.version, ownVersion)});
    }
    for (const HostFactsOfNode& host : hosts) {
        if (!withAgent.contains(host.host))
            all.push_back({host.host, host.kernel, "", "no agent", "", "", false, Skew::Same});
    }
    std::ranges::sort(all, {}, [](const HostStatus& status) { return std::pair(status.host, status.pod); });
    return all;
}

std::size_t hostsIn(const std::vector<HostStatus>& statuses)
{
    std::set<std::string_view> names;
    for (const HostStatus& status : statuses) {
        if (!status.host.empty())
            names.insert(status.host);
    }
    return names.size();
}

} // namespace binnacle::kube
