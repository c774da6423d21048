// SPDX-License-Identifier: Apache-2.0
#include "agent/aggregation/cluster_rows.h"

#include <algorithm>
#include <tuple>
#include <chrono>
#include <utility>

namespace binnacle::agent {

namespace {

constexpr std::string_view kGateway = "binnacle-gateway"; // deploy/: the same name however it is installed
constexpr std::uint32_t kThisHost = 0; // the builder's first entity

bool beginsTenSeconds(UtcTime at) { return std::chrono::floor<std::chrono::seconds>(at).time_since_epoch().count() % 10 == 0; }

} // namespace

ClusterKnowledgePtr ClusterRows::takeNews()
{
    if (!m_source)
        return nullptr;
    ClusterKnowledgePtr newest = m_source->latest();
    if (m_knowledge && newest->version == m_knowledge->version)
        return nullptr;
    m_addressesChanged |= m_knowledge ? newest->addresses != m_knowledge->addresses : !newest->addresses.empty();
    m_knowledge = std::move(newest);
    return m_knowledge;
}

const std::string& ClusterRows::hostName() const
{
    static const std::string unknown;
    return m_knowledge ? m_knowledge->hostName : unknown;
}

void ClusterRows::addTo(BatchBuilder& builder, telemetry::Overview& overview, TimeRange range)
{
    if (!m_source)
        return;
    addLimits(builder, overview);
    if (!m_knowledge)
        return;
    if (std::exchange(m_addressesChanged, false) || beginsTenSeconds(range.from))
        addAddresses(builder, overview);
    addChanges(builder, overview, range);
}

void ClusterRows::addAddresses(BatchBuilder& builder, telemetry::Overview& overview) const
{
    const std::vector<ServiceAddress>& all = m_knowledge->addresses;
    for (const ServiceAddress& each : all) {
        if (overview.addresses.size() == kMaxAddresses)
            break;
        if (isOurs(each.workload))
            continue;
        telemetry::AddressRow row;
        row.address = each.address;
        row.service = builder.workload(m_knowledge->clusterUid, each.workload);
        if (!each.service.empty())
            row.name = builder.string(each.service);
        overview.addresses.push_back(row);
    }
    if (all.size() > kMaxAddresses)
        overview.coverage.push_back({telemetry::kNone, builder.string("addresses_unlisted"), all.size() - kMaxAddresses, all.size(),
                                     builder.string("The cluster has more than 20,000 addresses; calls to the others are shown by address.")});
}

bool ClusterRows::isOurs(const WorkloadName& workload) const
{
    return m_own && workload.nameSpace == m_own->nameSpace && (workload == *m_own || workload.name == kGateway);
}

void ClusterRows::addLimits(BatchBuilder& builder, telemetry::Overview& overview) const
{
    for (const KnowledgeLimit& limit : m_source->limits())
        overview.coverage.push_back({telemetry::kNone, builder.string(limit.what), limit.part, limit.whole, builder.string(limit.sentence)});
}

std::uint32_t ClusterRows::subjectOf(BatchBuilder& builder, const WorkloadName& subject) const
{
    if (subject.kind != "Node")
        return builder.workload(m_knowledge->clusterUid, subject);
    return subject.name == m_knowledge->hostName ? kThisHost : builder.otherHost(m_knowledge->clusterUid, subject.name);
}

void ClusterRows::addChanges(BatchBuilder& builder, telemetry::Overview& overview, TimeRange range)
{
    std::uint64_t dropped = 0;
    const std::vector<ClusterChange> changes = m_source->takeChanges(dropped);
    for (const ClusterChange& change : changes) {
        telemetry::EventRow row;
        row.at = change.at == UtcTime{} ? range.from : change.at;
        row.kind = change.kind;
        row.subject = subjectOf(builder, change.subject);
        if (!change.detail.empty())
            row.detail = builder.string(change.detail);
        overview.events.push_back(row);
    }
    std::ranges::sort(overview.events, {}, [](const telemetry::EventRow& row) { return std::tuple(row.at, row.kind, row.subject, row.detail); });
    if (dropped > 0)
        overview.coverage.push_back({telemetry::kNone, builder.string("cluster_events_unlisted"), dropped, dropped + changes.size(),
                                     builder.string("Kubernetes told of more changes at once than the agent holds.")});
}

} // namespace binnacle::agent
