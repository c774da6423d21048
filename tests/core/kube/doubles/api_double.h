// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/kube/cluster_access.h"

#include <nlohmann/json.hpp>

#include <string>

namespace binnacle::kube::test {

/// The scripted API server of tests/api_double, as a child of this process; it ends with it.
class ApiDouble {
public:
    explicit ApiDouble(const nlohmann::json& script = nlohmann::json::object());
    ~ApiDouble();
    ApiDouble(const ApiDouble&) = delete;
    ApiDouble& operator=(const ApiDouble&) = delete;

    /// What its first line said: `url`, `ca_file`, `proxy_url` …
    std::string operator[](const std::string& key) const { return m_addresses.at(key).get<std::string>(); }
    ClusterAccess access(const std::string& server = "url") const;
    /// One order of the control endpoint; throws when it is refused.
    nlohmann::json order(const std::string& method, const std::string& path, const nlohmann::json& body = nullptr) const;
    /// The entries of its log of one kind.
    std::vector<nlohmann::json> log(const std::string& kind) const;

private:
    int m_process = -1;
    int m_input = -1;
    std::string m_folder;
    nlohmann::json m_addresses;
};

} // namespace binnacle::kube::test
