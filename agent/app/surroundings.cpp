// SPDX-License-Identifier: Apache-2.0
#include "agent/app/surroundings.h"

#include "agent/aggregation/collector.h"
#include "agent/metadata/conntrack/conntrack_reader.h"
#include "agent/metadata/kubernetes/in_cluster_connection.h"
#include "agent/metadata/kubernetes/kubernetes_watcher.h"

#include <cstdio>

namespace binnacle::agent {

namespace {

constexpr Nanoseconds kWaitForPods = std::chrono::seconds(5);
constexpr Nanoseconds kHandicap = std::chrono::seconds(3); // a gateway, which has none, goes first

void say(const std::string& what) { std::fprintf(stderr, "binnacle-agent: %s\n", what.c_str()); }

std::unique_ptr<KubernetesWatcher> makeWatcher(const KubernetesOptions& chosen, const std::string& hostName, const std::string& bootId)
{
    const platform::Environment environment = platform::environment();
    const bool wanted = chosen.mode == KubernetesOptions::Mode::On || (chosen.mode == KubernetesOptions::Mode::Auto && hasServiceAccount(environment));
    if (!wanted)
        return nullptr;
    KubernetesWatcher::Options options;
    options.connect = inClusterConnection(environment);
    options.hostName = chosen.nodeName.empty() ? platform::variable(environment, "NODE_NAME") : chosen.nodeName;
    if (options.hostName.empty()) {
        options.hostName = hostName;
        say("Kubernetes: neither --node-name nor NODE_NAME says what Kubernetes calls this host; `" + hostName + "` is assumed");
    }
    options.labels = LabelChoice::with(chosen.labels);
    options.lease.identity = options.hostName + '_' + bootId;
    options.lease.handicap = kHandicap;
    options.say = [](const std::string& what) { say("Kubernetes: " + what); };
    return std::make_unique<KubernetesWatcher>(std::move(options));
}

} // namespace

Surroundings::Surroundings(const KubernetesOptions& options, const std::string& hostName, const std::string& bootId)
    : m_watcher(makeWatcher(options, hostName, bootId))
{
    auto conntrack = ConntrackReader::start();
    if (!conntrack) {
        say("addresses are shown as they were dialled: " + conntrack.error().what);
        if (conntrack.error().code != ErrorCode::Unsupported)
            m_limits.push_back({"translations_unread", "Addresses are shown as they were dialled: " + conntrack.error().what + "."});
        return;
    }
    m_conntrack = std::move(*conntrack);
    for (const KnowledgeLimit& limit : m_conntrack->takeLimits())
        say(limit.sentence);
}

Surroundings::~Surroundings() = default;

void Surroundings::attach(Collector& collector)
{
    collector.setNatLookup(m_conntrack.get());
    collector.setLimits(m_limits);
    if (m_watcher)
        m_watcher->waitForPods(kWaitForPods);
    collector.setClusterKnowledge(m_watcher.get());
}

} // namespace binnacle::agent
