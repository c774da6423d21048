// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/kube/install/cluster_api.h"
#include "core/kube/install/installer.h"

#include <nlohmann/json.hpp>

#include <functional>
#include <map>
#include <string>
#include <vector>

namespace binnacle::tests {

using Json = nlohmann::ordered_json;

/// As much of an API server as installing meets: objects by path, lists with one label selector, server-side apply with one owner an object, dry runs,
/// deletion, access reviews.  What a test wants otherwise, it scripts.
class MemoryCluster : public kube::ClusterApi {
public:
    MemoryCluster();
    Result<kube::ApiAnswer> ask(const kube::ApiQuestion& question) override;

    void put(const std::string& path, Json object, const std::string& manager = "someone");
    /// Answers any question whose `METHOD target` begins so, before the objects are looked at; the newest script first.
    void script(const std::string& start, kube::ApiAnswer answer);
    void forget(const std::string& path) { m_objects.erase(path); }
    const Json* find(const std::string& path) const;
    std::vector<std::string> paths() const;

    std::function<bool(const std::string& verb, const std::string& resource)> allows; // none: everything; resource is `clusterroles`, `pods/log`
    std::function<void()> onAsk;                                                      // before each answer
    std::vector<std::string> asked;                                                   // `METHOD target`
    bool deletesAtOnce = true;

private:
    kube::ApiAnswer get(const std::string& path, const std::string& query) const;
    kube::ApiAnswer apply(const std::string& path, const std::string& query, const std::string& body);
    kube::ApiAnswer review(const std::string& body) const;
    kube::ApiAnswer remove(const std::string& path, const std::string& body);

    std::map<std::string, Json> m_objects;
    std::vector<std::pair<std::string, kube::ApiAnswer>> m_scripts;
    int m_nextUid = 1;
};

/// A server's refusal.
kube::ApiAnswer refusal(int code, const std::string& reason, const std::string& message);

/// A pace whose time passes only by waiting; `onWait` is what happens meanwhile.
struct FakeTime {
    std::chrono::steady_clock::time_point now{};
    std::function<void()> onWait = [] {};
    kube::Pace pace();
};

Json linuxHost(const std::string& name, const std::string& kernel = "6.1.0-18-amd64");
/// A pod of the agents' DaemonSet; Ready unless the test changes it.
Json agentPod(const std::string& host, const std::string& nameSpace = "binnacle");

} // namespace binnacle::tests
