// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace binnacle::kube {

/// How far one host's agent is.
struct InstalledAgent {
    enum class State : std::uint8_t {
        Ready,    // its own check says that it collects
        Starting, // nothing is wrong yet
        Stuck,    // will not get on without somebody doing something
        Leaving,
    };
    std::string host; // empty while not scheduled
    std::string pod;
    std::string uid;
    State state = State::Starting;
    std::string sentence;  // what it is doing, or what is wrong and what to do
    std::string version;   // of its template's label
    std::string image;
    int restarts = 0;
    bool hasLastWords = false;  // its container ended: the log of that run says why
    bool isOutdated = false;    // of an older template than the DaemonSet's
    friend bool operator==(const InstalledAgent&, const InstalledAgent&) = default;
};

/// Agents' pods out of a PodList, by host.  `generation` is the DaemonSet's current template (label `pod-template-generation`), 0 when unknown.
std::vector<InstalledAgent> agentPods(std::string_view podList, long long generation);

/// Why the DaemonSet's controller cannot make pods, out of an EventList: PodSecurity, quota, a webhook.  Newest first, each sentence once.
std::vector<std::string> creationTroubles(std::string_view eventList);

/// What an agent's last words mean, when they are known: lacking permission, BTF, an old kernel.  Empty otherwise.
std::string adviceForLog(std::string_view log);

} // namespace binnacle::kube
