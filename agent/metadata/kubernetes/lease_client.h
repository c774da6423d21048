// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "agent/metadata/kubernetes/lease.h"
#include "core/base/cancellation.h"

#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace binnacle::kube {
class HttpClient;
}

namespace binnacle::agent {

/// A Lease of coordination.k8s.io/v1 as JSON, and back.  Nothing: not a Lease.
std::string toJson(const LeaseRecord& record, std::string_view nameSpace, std::string_view name);
std::optional<LeaseRecord> leaseFromJson(std::string_view text);

/// Carries out the steps of a Lease at the API server.  Thread: one at a time; blocks, at most 5 s a call.
class LeaseClient {
public:
    LeaseClient(kube::HttpClient& client, std::string nameSpace, std::string name)
        : m_client(client), m_nameSpace(std::move(nameSpace)), m_name(std::move(name))
    {
    }

    /// Read, Create or Update.
    std::pair<LeaseAnswer, LeaseRecord> carryOut(const LeaseStep& step, const Cancellation& cancellation = {});
    /// Why the last step came to nothing, as a sentence with the next step; empty when it did not.
    const std::string& trouble() const { return m_trouble; }

private:
    kube::HttpClient& m_client; // not owned; outlives this because its maker says so
    std::string m_nameSpace, m_name;
    std::string m_trouble;
};

} // namespace binnacle::agent
