// SPDX-License-Identifier: Apache-2.0
#include "core/kube/objects/workload_finder.h"

#include <algorithm>

namespace binnacle::kube::objects {

namespace {

std::string withoutEnding(const std::string& name, const std::string& ending)
{
    const std::size_t length = ending.size() + 1;
    if (ending.empty() || name.size() <= length || !name.ends_with('-' + ending))
        return {};
    return name.substr(0, name.size() - length);
}

/// The name of the CronJob that made this Job; empty when its name does not say.
std::string cronJobOf(const std::string& job)
{
    const std::size_t dash = job.rfind('-');
    if (dash == std::string::npos || dash == 0)
        return {};
    const std::string_view digits = std::string_view(job).substr(dash + 1);
    const bool isTime = digits.size() >= 8 && digits.size() <= 10 && std::ranges::all_of(digits, [](char c) { return c >= '0' && c <= '9'; });
    return isTime ? job.substr(0, dash) : std::string();
}

WorkloadName ofReplicaSet(const PodObject& pod, const OwnerTable& owners)
{
    const Controller& set = pod.controller;
    if (const auto known = owners.find(set.uid); known != owners.end()) {
        const Controller& above = known->second;
        return above.kind.empty() ? WorkloadName{pod.nameSpace, set.kind, set.name} : WorkloadName{pod.nameSpace, above.kind, above.name};
    }
    std::string name = withoutEnding(set.name, pod.templateHash);
    if (name.empty())
        return {pod.nameSpace, set.kind, set.name};
    return {pod.nameSpace, pod.rollout ? "Rollout" : "Deployment", std::move(name)};
}

WorkloadName ofJob(const PodObject& pod, const OwnerTable& owners)
{
    const Controller& job = pod.controller;
    if (const auto known = owners.find(job.uid); known != owners.end()) {
        const Controller& above = known->second;
        return above.kind.empty() ? WorkloadName{pod.nameSpace, job.kind, job.name} : WorkloadName{pod.nameSpace, above.kind, above.name};
    }
    std::string name = cronJobOf(job.name);
    if (name.empty())
        return {pod.nameSpace, job.kind, job.name};
    return {pod.nameSpace, "CronJob", std::move(name)};
}

/// OpenTelemetry's name of the attribute that names an owner that has an owner.
std::string attributeOf(std::string_view kind)
{
    return kind == "ReplicaSet" ? "k8s.replicaset.name" : kind == "Job" ? "k8s.job.name" : "";
}

} // namespace

WorkloadName workloadOf(const PodObject& pod, const OwnerTable& owners)
{
    const std::string& kind = pod.controller.kind;
    if (kind.empty())
        return {pod.nameSpace, "Pod", pod.name};
    if (kind == "Node") {
        std::string name = withoutEnding(pod.name, pod.controller.name);
        return {pod.nameSpace, "Pod", name.empty() ? pod.name : std::move(name)};
    }
    if (kind == "ReplicaSet")
        return ofReplicaSet(pod, owners);
    if (kind == "Job")
        return ofJob(pod, owners);
    return {pod.nameSpace, kind, pod.controller.name};
}

PodFacts factsOf(const PodObject& pod, WorkloadName workload, std::string zone)
{
    PodFacts facts;
    facts.uid = pod.uid;
    facts.name = pod.name;
    facts.host = pod.host;
    facts.zone = std::move(zone);
    facts.attributes = pod.chosen;
    // What stands between the pod and its workload; the rest the facts say themselves.
    if (const std::string name = attributeOf(pod.controller.kind); pod.controller.kind != workload.kind && !name.empty())
        facts.attributes.emplace_back(name, pod.controller.name);
    std::ranges::sort(facts.attributes);
    facts.workload = std::move(workload);
    facts.containers = pod.containers;
    facts.hostNetwork = pod.hostNetwork;
    return facts;
}

} // namespace binnacle::kube::objects
