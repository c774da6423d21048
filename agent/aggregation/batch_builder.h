// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "agent/aggregation/row_table.h"
#include "agent/metadata/instance_table.h"
#include "core/telemetry/batch.h"

#include <absl/container/flat_hash_map.h>
#include <absl/strings/string_view.h>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace binnacle::agent {

/// The dictionary of one batch: turns the agent's numbers of instances, ends and texts into the batch's.  Lives for one seal.
class BatchBuilder {
public:
    BatchBuilder(const InstanceTable& instances, RowTable& rows);

    std::uint32_t string(std::string_view text);
    std::uint32_t host(EntityKey key, const std::string& name);
    std::uint32_t instance(std::uint32_t index);
    std::uint32_t service(std::uint32_t instanceIndex);
    /// A workload of the cluster, whether or not this host has instances of it.
    std::uint32_t workload(const std::string& clusterUid, const WorkloadName& name);
    /// A Kubernetes node that is not this one.
    std::uint32_t otherHost(const std::string& clusterUid, const std::string& name);
    std::uint32_t end(std::uint32_t index);

    /// Whether rows or ends of this batch speak of the instance.
    bool uses(std::uint32_t instance) const { return instance < m_instanceOf.size() && m_instanceOf[instance] != telemetry::kNone; }
    std::shared_ptr<const telemetry::Dictionary> take();

private:
    const InstanceTable& m_instances;
    RowTable& m_rows;
    telemetry::Dictionary m_dictionary;
    absl::flat_hash_map<std::string, std::uint32_t> m_strings;
    absl::flat_hash_map<EntityKey, std::uint32_t> m_services, m_otherHosts;
    std::vector<std::uint32_t> m_instanceOf, m_endOf; // by the agent's number, grown as they come
};

} // namespace binnacle::agent
