// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/kube/install/installation.h"

#include <string>
#include <string_view>
#include <vector>

namespace binnacle::kube {

/// One host and its agent, as `status` tells it.
struct HostStatus {
    std::string host, kernel, version, state, pod, detail;
    bool collects = false;
    Skew skew = Skew::Unknown;
    friend bool operator==(const HostStatus&, const HostStatus&) = default;
};

/// `collects`, `starting`, `stuck`, `leaving`, `outdated`.
const char* wordOf(const InstalledAgent& agent);

/// Agents beside the facts of their hosts, by host; hosts without an agent too.  Pure.
std::vector<HostStatus> hostStatuses(const Installation& installation, const std::vector<HostFactsOfNode>& hosts, std::string_view ownVersion);
/// Hosts by name, each once.
std::size_t hostsIn(const std::vector<HostStatus>& statuses);

} // namespace binnacle::kube
