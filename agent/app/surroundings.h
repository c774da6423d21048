// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "agent/app/command_line.h"
#include "agent/metadata/knowledge_limit.h"

#include <memory>
#include <string>
#include <vector>

namespace binnacle::agent {

class Collector;
class ConntrackReader;
class KubernetesWatcher;

/// What the agent asks besides its own kernel hooks: the API server and the host's connection tracking.  Either may be absent; why is said
/// once on stderr and as coverage in each second, and everything else goes on.
///
/// Owns their threads.  Made before the Collector begins, ended after it.
class Surroundings {
public:
    /// `hostName`: as the system calls this host, when nothing says how Kubernetes does.  `bootId` makes the Lease's holder unique.
    Surroundings(const KubernetesOptions& options, const std::string& hostName, const std::string& bootId);
    ~Surroundings();
    Surroundings(const Surroundings&) = delete;
    Surroundings& operator=(const Surroundings&) = delete;

    /// Waits up to 5 s for the first list of this host's pods, so that names are right from the first batch on.
    void attach(Collector& collector);

private:
    std::unique_ptr<KubernetesWatcher> m_watcher;
    std::unique_ptr<ConntrackReader> m_conntrack;
    std::vector<KnowledgeLimit> m_limits; // for as long as the program runs
};

} // namespace binnacle::agent
