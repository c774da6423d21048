// SPDX-License-Identifier: Apache-2.0
#include "agent/metadata/kubernetes/workload_finder.h"

#include <algorithm>
#include <array>

namespace binnacle::agent {

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

/// OpenTelemetry's name of the attribute that names a workload of `kind`; empty for kinds it does not have.
std::string attributeOf(std::string_view kind)
{
    static constexpr std::array<std::pair<std::string_view, const char*>, 7> kNames{{{"Deployment", "k8s.deployment.name"},
                                                                                  {"StatefulSet", "k8s.statefulset.name"},
                                                                                  {"DaemonSet", "k8s.daemonset.name"},
                                                                                  {"ReplicaSet", "k8s.replicaset.name"},
                                                                                  {"Job", "k8s.job.name"},
                                                                                  {"CronJob", "k8s.cronjob.name"},
                                                                                  {"ReplicationController", "k8s.replicationcontroller.name"}}};
    const auto found = std::ranges::find(kNames, kind, &std::pair<std::string_view, const char*>::first);
    return found == kNames.end() ? std::string() : found->second;
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
    const auto say = [&](std::string name, const std::string& value) {
        if (!name.empty() && !value.empty())
            facts.attributes.emplace_back(std::move(name), value);
    };
    say("k8s.pod.name", pod.name);
    say("k8s.pod.uid", pod.uid);
    say("k8s.namespace.name", pod.nameSpace);
    say("k8s.node.name", pod.host);
    say(attributeOf(workload.kind), workload.name);
    if (pod.controller.kind != workload.kind) // what stands between the two: a ReplicaSet, a Job
        say(attributeOf(pod.controller.kind), pod.controller.name);
    std::ranges::sort(facts.attributes);
    facts.workload = std::move(workload);
    facts.containers = pod.containers;
    facts.hostNetwork = pod.hostNetwork;
    return facts;
}

} // namespace binnacle::agent
