// SPDX-License-Identifier: Apache-2.0
#include "agent/metadata/kubernetes/change_finder.h"

#include <algorithm>
#include <array>

namespace binnacle::agent {

namespace {

constexpr std::size_t kMostObjects = 10'000;
constexpr std::size_t kMostEvents = 5'000;
constexpr std::size_t kMostImages = 4; // in one sentence

std::string replicasText(std::int64_t count) { return std::to_string(count) + (count == 1 ? " replica" : " replicas"); }

/// `image x:1 → x:2`; with several containers each by its name.  Empty when nothing changed.
std::string imagesText(const WorkloadObject& before, const WorkloadObject& after)
{
    std::string text;
    std::size_t told = 0;
    for (const auto& [container, image] : after.images) {
        const auto old = std::ranges::find(before.images, container, &std::pair<std::string, std::string>::first);
        if (old != before.images.end() && old->second == image)
            continue;
        if (++told > kMostImages)
            continue;
        text += text.empty() ? "" : ", ";
        if (after.images.size() > 1)
            text += container + ' ';
        text += "image " + (old == before.images.end() ? image + " added" : old->second + " → " + image);
    }
    for (const auto& [container, image] : before.images) {
        if (std::ranges::find(after.images, container, &std::pair<std::string, std::string>::first) == after.images.end() && ++told <= kMostImages)
            text += (text.empty() ? "" : ", ") + container + " image " + image + " removed";
    }
    if (told > kMostImages)
        text += " and " + std::to_string(told - kMostImages) + " more";
    return text;
}

std::string allImages(const WorkloadObject& object)
{
    std::string text;
    for (std::size_t i = 0; i < std::min(object.images.size(), kMostImages); ++i)
        text += (i == 0 ? "image " : ", ") + object.images[i].second;
    return text;
}

bool isComplete(const WorkloadObject& object)
{
    return object.observedGeneration >= object.generation && object.updated >= object.replicas && object.present <= object.replicas &&
           object.available >= object.replicas;
}

WorkloadName hostSubject(const std::string& name) { return {{}, "Node", name}; }

} // namespace

void ChangeFinder::say(UtcTime at, EventKind kind, const WorkloadName& subject, std::string detail)
{
    m_changes.push_back({at, kind, subject, std::move(detail)});
}

void ChangeFinder::compare(const WorkloadObject& before, const WorkloadObject& after, Progress& progress, UtcTime now)
{
    const bool daemons = after.workload.kind == "DaemonSet"; // one a host: their number is not chosen
    const std::string name = after.workload.name + ": ";
    const std::string images = imagesText(before, after);
    const bool scaled = !daemons && before.replicas != after.replicas;
    if (scaled)
        say(now, EventKind::Scale, after.workload, name + "replicas " + std::to_string(before.replicas) + " → " + std::to_string(after.replicas));
    const bool otherChange = before.generation != after.generation && !scaled; // a scaling raises the generation as well
    if (!images.empty() || before.templateLabels != after.templateLabels || otherChange) {
        say(now, EventKind::Deployment, after.workload,
            name + (images.empty() ? "specification changed" : images) + ", " + replicasText(after.replicas));
        progress.rolling = true;
        progress.wasBehind = !images.empty();
    }
    if (!progress.rolling)
        return;
    progress.wasBehind |= after.observedGeneration >= after.generation && after.updated < after.replicas;
    if (!isComplete(after))
        return;
    if (progress.wasBehind) // else the change replaced no pod
        say(now, EventKind::Rollout, after.workload, name + "rollout finished, " + replicasText(after.replicas));
    progress.rolling = false;
}

void ChangeFinder::set(WorkloadObject object, UtcTime now)
{
    const auto known = m_workloads.find(object.workload);
    if (known == m_workloads.end() && m_workloads.size() >= kMostObjects)
        return;
    Progress& progress = m_progress[object.workload];
    if (known != m_workloads.end()) {
        compare(known->second, object, progress, now);
        known->second = std::move(object);
        return;
    }
    if (!isFirstList(object.workload.kind)) {
        const std::string images = allImages(object);
        say(now, EventKind::Deployment, object.workload,
            object.workload.name + ": created" + (images.empty() ? "" : ", " + images) + ", " + replicasText(object.replicas));
        progress.rolling = progress.wasBehind = true;
    }
    WorkloadName workload = object.workload;
    m_workloads.emplace(std::move(workload), std::move(object));
}

void ChangeFinder::remove(const WorkloadName& workload, UtcTime now)
{
    if (m_workloads.erase(workload) == 0)
        return;
    m_progress.erase(workload);
    say(now, EventKind::Deployment, workload, workload.name + ": deleted");
}

void ChangeFinder::set(NodeObject node, UtcTime now)
{
    const auto known = m_nodes.find(node.name);
    if (known == m_nodes.end()) {
        if (m_nodes.size() >= kMostObjects)
            return;
        if (!isFirstList("Node"))
            say(now, EventKind::NodeCondition, hostSubject(node.name), node.name + ": joined the cluster");
        const std::string name = node.name;
        m_nodes.emplace(name, std::move(node));
        return;
    }
    const NodeObject& before = known->second;
    for (const NodeObject::Condition& condition : node.conditions) {
        const auto old = std::ranges::find(before.conditions, condition.type, &NodeObject::Condition::type);
        if (old != before.conditions.end() && old->status == condition.status)
            continue;
        if (old == before.conditions.end() && condition.status != "True")
            continue; // a condition that is watched from now on, and does not hold
        say(now, EventKind::NodeCondition, hostSubject(node.name),
            node.name + ": " + condition.type + ' ' + (old == before.conditions.end() ? "" : old->status + " → ") + condition.status +
                (condition.reason.empty() ? "" : " (" + condition.reason + ')'));
    }
    if (before.unschedulable != node.unschedulable)
        say(now, EventKind::NodeCondition, hostSubject(node.name), node.name + (node.unschedulable ? ": cordoned" : ": uncordoned"));
    known->second = std::move(node);
}

void ChangeFinder::removeNode(const std::string& name, UtcTime now)
{
    if (m_nodes.erase(name) > 0)
        say(now, EventKind::NodeCondition, hostSubject(name), name + ": left the cluster");
}

bool ChangeFinder::isTold(const EventObject& event)
{
    static constexpr std::array kNormal{"Evicted", "Killing", "NodeNotReady", "NodeNotSchedulable", "NodeReady", "NodeSchedulable", "Preempted",
                                        "Rebooted", "RemovingNode", "ScaleDown", "SuccessfulRescale", "TaintManagerEviction", "TriggeredScaleUp"};
    return event.warning || std::ranges::find(kNormal, event.reason) != kNormal.end();
}

void ChangeFinder::set(const EventObject& event, WorkloadName subject)
{
    const auto [known, isNew] = m_events.try_emplace(event.uid, 0);
    if (isNew)
        m_eventOrder.push_back(event.uid);
    const bool again = event.count <= known->second;
    known->second = std::max(known->second, event.count);
    if (m_eventOrder.size() > kMostEvents) {
        m_events.erase(m_eventOrder.front());
        m_eventOrder.pop_front();
    }
    if (again || isFirstList("Event") || !isTold(event))
        return;
    std::string detail = event.reason;
    if (!event.message.empty())
        detail += ": " + event.message;
    if (event.count > 1)
        detail += " (" + std::to_string(event.count) + " times)";
    if (event.subjectName != subject.name && !event.subjectName.empty())
        detail.insert(0, event.subjectName + ": ");
    say(event.at, EventKind::KubernetesEvent, subject, std::move(detail));
}

std::vector<InternetAddress> ChangeFinder::hostAddresses() const
{
    std::vector<InternetAddress> addresses;
    for (const auto& [name, node] : m_nodes)
        addresses.insert(addresses.end(), node.addresses.begin(), node.addresses.end());
    return addresses;
}

} // namespace binnacle::agent
