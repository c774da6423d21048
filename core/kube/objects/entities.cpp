// SPDX-License-Identifier: Apache-2.0
#include "core/kube/objects/entities.h"

#include "core/telemetry/identity.h"

#include <algorithm>
#include <cctype>

namespace binnacle::kube::objects {

namespace {

std::string lowerCase(std::string text)
{
    std::ranges::transform(text, text.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return text;
}

} // namespace

EntityKey workloadKey(const std::string& clusterUid, const WorkloadName& workload)
{
    return telemetry::serviceKey(clusterUid, workload.nameSpace, workload.kind, workload.name);
}

telemetry::Entity workloadEntity(const std::string& clusterUid, const WorkloadName& workload)
{
    telemetry::Entity entity;
    entity.key = workloadKey(clusterUid, workload);
    entity.kind = telemetry::EntityKind::Service;
    entity.serviceKind = telemetry::ServiceKind::Workload;
    entity.name = workload.name;
    entity.nameSpace = workload.nameSpace;
    return entity;
}

std::vector<std::pair<std::string, std::string>> podAttributes(const PodFacts& pod, const std::string& container)
{
    std::vector<std::pair<std::string, std::string>> attributes = pod.attributes;
    const auto add = [&attributes](std::string name, const std::string& value) {
        if (!value.empty())
            attributes.emplace_back(std::move(name), value);
    };
    add("k8s.namespace.name", pod.workload.nameSpace);
    add("k8s.pod.name", pod.name);
    add("k8s.pod.uid", pod.uid);
    add("k8s.node.name", pod.host);
    add("k8s.container.name", container);
    if (pod.workload.kind != "Pod") // a bare pod is its own workload
        add("k8s." + lowerCase(pod.workload.kind) + ".name", pod.workload.name);
    add("cloud.availability_zone", pod.zone);
    return attributes;
}

telemetry::Entity containerEntity(const PodFacts& pod, const std::string& containerId, const std::string& container)
{
    telemetry::Entity entity;
    entity.key = containerId.empty() ? telemetry::podInstanceKey(pod.uid, container) : telemetry::containerInstanceKey(containerId);
    entity.kind = telemetry::EntityKind::Instance;
    entity.name = pod.name;
    entity.nameSpace = pod.workload.nameSpace;
    entity.attributes = podAttributes(pod, container);
    if (!containerId.empty())
        entity.attributes.emplace_back("container.id", containerId);
    std::ranges::sort(entity.attributes);
    return entity;
}

} // namespace binnacle::kube::objects
