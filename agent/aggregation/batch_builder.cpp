// SPDX-License-Identifier: Apache-2.0
#include "agent/aggregation/batch_builder.h"

#include "core/kube/objects/entities.h"
#include "core/telemetry/identity.h"

#include <algorithm>
#include <utility>

namespace binnacle::agent {

using telemetry::kNone;

BatchBuilder::BatchBuilder(const InstanceTable& instances, RowTable& rows)
    : m_instances(instances), m_rows(rows)
{
}

std::uint32_t BatchBuilder::string(std::string_view text)
{
    if (const auto known = m_strings.find(absl::string_view(text.data(), text.size())); known != m_strings.end())
        return known->second;
    const auto index = static_cast<std::uint32_t>(m_dictionary.strings.size());
    m_dictionary.strings.emplace_back(text);
    m_strings.emplace(text, index);
    return index;
}

std::uint32_t BatchBuilder::host(EntityKey key, const std::string& name)
{
    telemetry::Entity entity;
    entity.key = key;
    entity.kind = telemetry::EntityKind::Host;
    entity.name = name;
    entity.attributes = {{"host.name", name}, {"os.type", "linux"}};
    m_dictionary.entities.push_back(std::move(entity));
    return static_cast<std::uint32_t>(m_dictionary.entities.size() - 1);
}

std::uint32_t BatchBuilder::instance(std::uint32_t index)
{
    if (index == kNoInstance)
        return kNone;
    if (index >= m_instanceOf.size())
        m_instanceOf.resize(m_instances.size(), kNone);
    if (m_instanceOf[index] != kNone)
        return m_instanceOf[index];
    const Instance& instance = m_instances.at(index);
    telemetry::Entity entity;
    entity.key = instance.key;
    entity.kind = telemetry::EntityKind::Instance;
    entity.name = instance.name;
    entity.type = instance.type;
    if (!instance.containerId.empty())
        entity.attributes.emplace_back("container.id", instance.containerId);
    if (instance.place.pod) {
        entity.nameSpace = instance.place.pod->workload.nameSpace;
        std::ranges::move(kube::objects::podAttributes(*instance.place.pod, instance.place.container), std::back_inserter(entity.attributes));
    } else if (!instance.podUid.empty()) {
        entity.attributes.emplace_back("k8s.pod.uid", instance.podUid);
    }
    entity.attributes.emplace_back("process.executable.name", instance.program);
    std::ranges::sort(entity.attributes);
    m_instanceOf[index] = static_cast<std::uint32_t>(m_dictionary.entities.size());
    m_dictionary.entities.push_back(std::move(entity));
    return m_instanceOf[index];
}

std::uint32_t BatchBuilder::service(std::uint32_t instanceIndex)
{
    const Instance& instance = m_instances.at(instanceIndex);
    const auto [place, isNew] = m_services.try_emplace(instance.service, static_cast<std::uint32_t>(m_dictionary.entities.size()));
    if (isNew) {
        telemetry::Entity entity;
        entity.key = instance.service;
        entity.kind = telemetry::EntityKind::Service;
        entity.name = instance.serviceName;
        entity.type = instance.type;
        if (instance.place.pod) {
            entity.nameSpace = instance.place.pod->workload.nameSpace;
            entity.serviceKind = telemetry::ServiceKind::Workload;
        }
        m_dictionary.entities.push_back(std::move(entity));
    }
    return place->second;
}

std::uint32_t BatchBuilder::workload(const std::string& clusterUid, const WorkloadName& name)
{
    telemetry::Entity entity = kube::objects::workloadEntity(clusterUid, name);
    const auto [place, isNew] = m_services.try_emplace(entity.key, static_cast<std::uint32_t>(m_dictionary.entities.size()));
    if (isNew)
        m_dictionary.entities.push_back(std::move(entity));
    return place->second;
}

std::uint32_t BatchBuilder::otherHost(const std::string& clusterUid, const std::string& name)
{
    const EntityKey key = telemetry::clusterHostKey(clusterUid, name);
    const auto [place, isNew] = m_otherHosts.try_emplace(key, static_cast<std::uint32_t>(m_dictionary.entities.size()));
    if (isNew)
        host(key, name);
    return place->second;
}

std::uint32_t BatchBuilder::end(std::uint32_t index)
{
    if (index >= m_endOf.size())
        m_endOf.resize(m_rows.endCount(), kNone);
    if (m_endOf[index] != kNone)
        return m_endOf[index];
    const EndKey& key = m_rows.end(index).key;
    telemetry::End end;
    end.side = key.side;
    end.instance = instance(key.instance);
    end.local = key.local;
    end.remote = key.remote;
    if (key.side == telemetry::Side::Client)
        end.dialled = key.dialled;
    end.remoteInstance = instance(key.remoteInstance);
    end.netns = key.netns.value;
    end.protocol = key.protocol;
    m_endOf[index] = static_cast<std::uint32_t>(m_dictionary.ends.size());
    m_dictionary.ends.push_back(end);
    return m_endOf[index];
}

std::shared_ptr<const telemetry::Dictionary> BatchBuilder::take()
{
    return std::make_shared<const telemetry::Dictionary>(std::move(m_dictionary));
}

} // namespace binnacle::agent
