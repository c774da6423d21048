// SPDX-License-Identifier: Apache-2.0
#include "core/kube/objects/read_objects.h"

#include "core/kube/objects/json_fields.h"

#include <algorithm>
#include <array>

namespace binnacle::kube::objects {

namespace {

using fields::at;
using fields::flag;
using fields::forEach;
using fields::number;
using fields::text;
using nlohmann::json;

constexpr std::size_t kMaxTargets = 1'000; // the API server's own bound of a slice
constexpr std::size_t kMaxLabels = 64;
constexpr std::size_t kMaxMessage = 200;

Controller controllerOf(const json& object)
{
    Controller controller;
    forEach(at(object, {"metadata", "ownerReferences"}), [&](const json& reference) {
        if (flag(reference, {"controller"}))
            controller = {text(reference, {"kind"}), text(reference, {"name"}), text(reference, {"uid"})};
    });
    return controller;
}

Labels labelsOf(const json& object)
{
    Labels labels;
    if (!object.is_object())
        return labels;
    for (const auto& [name, value] : object.items()) {
        if (labels.size() < kMaxLabels && value.is_string())
            labels.emplace(fields::cut(name, 2 * fields::kMaxText), fields::cut(value.get_ref<const std::string&>(), fields::kMaxText));
    }
    return labels;
}

/// `containerd://<id>` → `<id>`.
std::string withoutScheme(std::string id)
{
    const std::size_t scheme = id.find("://");
    return scheme == std::string::npos ? id : id.substr(scheme + 3);
}

void addContainers(PodObject& pod, const json& statuses)
{
    forEach(statuses, [&](const json& status) {
        std::string id = withoutScheme(text(status, {"containerID"}));
        std::string name = text(status, {"name"});
        if (id.empty() || name.empty())
            return;
        if (at(status, {"state", "running"}).is_object())
            pod.running.push_back(id);
        pod.containers.emplace_back(std::move(id), std::move(name));
    });
}

void addChosen(PodObject& pod, const json& values, const LabelChoice& choice, std::string_view prefix)
{
    if (!values.is_object())
        return;
    for (const std::string& name : choice.names) {
        const auto found = values.find(name);
        if (found != values.end() && found->is_string())
            pod.chosen.emplace_back(std::string(prefix) + name, fields::cut(found->get_ref<const std::string&>(), fields::kMaxText));
    }
}

bool isUsable(std::int64_t port) { return port > 0 && port <= 0xffff; }

template <class T>
bool hasName(const T& object)
{
    return !object.name.empty() && !object.nameSpace.empty();
}

} // namespace

std::vector<std::string> LabelChoice::defaults()
{
    return {"app", "app.kubernetes.io/component", "app.kubernetes.io/instance", "app.kubernetes.io/name", "app.kubernetes.io/version"};
}

LabelChoice LabelChoice::with(std::string_view list)
{
    LabelChoice choice;
    while (!list.empty()) {
        const std::size_t end = std::min(list.find(','), list.size());
        std::string_view name = list.substr(0, end);
        while (name.starts_with(' '))
            name.remove_prefix(1);
        while (name.ends_with(' '))
            name.remove_suffix(1);
        if (!name.empty() && std::ranges::find(choice.names, name) == choice.names.end())
            choice.names.emplace_back(name);
        list.remove_prefix(std::min(end + 1, list.size()));
    }
    return choice;
}

std::string uidOf(const json& object) { return text(object, {"metadata", "uid"}); }

std::optional<PodObject> readPod(const json& object, const LabelChoice& choice)
{
    PodObject pod;
    pod.uid = uidOf(object);
    pod.name = text(object, {"metadata", "name"});
    pod.nameSpace = text(object, {"metadata", "namespace"});
    if (pod.uid.empty() || !hasName(pod))
        return std::nullopt;
    pod.host = text(object, {"spec", "nodeName"});
    pod.hostNetwork = flag(object, {"spec", "hostNetwork"});
    pod.staticHash = text(object, {"metadata", "annotations", "kubernetes.io/config.hash"});
    pod.templateHash = text(object, {"metadata", "labels", "pod-template-hash"});
    if (pod.templateHash.empty()) {
        pod.templateHash = text(object, {"metadata", "labels", "rollouts-pod-template-hash"});
        pod.rollout = !pod.templateHash.empty();
    }
    const std::string phase = text(object, {"status", "phase"});
    pod.finished = phase == "Succeeded" || phase == "Failed";
    pod.controller = controllerOf(object);
    fields::addAddress(pod.addresses, at(object, {"status", "podIP"}));
    forEach(at(object, {"status", "podIPs"}), [&](const json& item) { fields::addAddress(pod.addresses, at(item, {"ip"})); });
    for (const char* list : {"containerStatuses", "initContainerStatuses", "ephemeralContainerStatuses"})
        addContainers(pod, at(object, {"status", list}));
    std::ranges::sort(pod.containers);
    std::ranges::sort(pod.running);
    addChosen(pod, at(object, {"metadata", "labels"}), choice, "k8s.pod.label.");
    addChosen(pod, at(object, {"metadata", "annotations"}), choice, "k8s.pod.annotation.");
    std::ranges::sort(pod.chosen);
    return pod;
}

std::optional<OwnerObject> readOwner(const json& object)
{
    OwnerObject owner{uidOf(object), text(object, {"metadata", "name"}), text(object, {"metadata", "namespace"}), controllerOf(object)};
    if (owner.uid.empty() || !hasName(owner))
        return std::nullopt;
    return owner;
}

std::optional<ServiceObject> readService(const json& object)
{
    ServiceObject service;
    service.nameSpace = text(object, {"metadata", "namespace"});
    service.name = text(object, {"metadata", "name"});
    if (!hasName(service))
        return std::nullopt;
    const bool external = text(object, {"spec", "type"}) == "ExternalName";
    if (!external) { // `None` is no address, so a headless service has none
        fields::addAddress(service.clusterAddresses, at(object, {"spec", "clusterIP"}));
        forEach(at(object, {"spec", "clusterIPs"}), [&](const json& item) { fields::addAddress(service.clusterAddresses, item); });
    }
    forEach(at(object, {"spec", "externalIPs"}), [&](const json& item) { fields::addAddress(service.outsideAddresses, item); });
    forEach(at(object, {"status", "loadBalancer", "ingress"}), [&](const json& item) { fields::addAddress(service.outsideAddresses, at(item, {"ip"})); });
    forEach(at(object, {"spec", "ports"}), [&](const json& item) {
        const std::int64_t port = number(item, {"port"}), nodePort = number(item, {"nodePort"});
        if (isUsable(port))
            service.ports.push_back({static_cast<std::uint16_t>(port), static_cast<std::uint16_t>(isUsable(nodePort) ? nodePort : 0)});
    });
    service.selector = labelsOf(at(object, {"spec", "selector"}));
    return service;
}

std::optional<EndpointSliceObject> readEndpointSlice(const json& object)
{
    EndpointSliceObject slice;
    slice.nameSpace = text(object, {"metadata", "namespace"});
    slice.name = text(object, {"metadata", "name"});
    slice.service = text(object, {"metadata", "labels", "kubernetes.io/service-name"});
    if (!hasName(slice) || slice.service.empty())
        return std::nullopt;
    const auto addTarget = [&](const json& endpoint) {
        if (text(endpoint, {"targetRef", "kind"}) != "Pod")
            return;
        // No `ready` means ready: EndpointConditions of discovery.k8s.io/v1.
        slice.targets.push_back({text(endpoint, {"targetRef", "uid"}), text(endpoint, {"targetRef", "name"}), flag(endpoint, {"conditions", "ready"}, true)});
    };
    forEach(at(object, {"endpoints"}), addTarget, kMaxTargets);
    return slice;
}

std::optional<NodeObject> readNode(const json& object)
{
    NodeObject node;
    node.name = text(object, {"metadata", "name"});
    if (node.name.empty())
        return std::nullopt;
    node.zone = text(object, {"metadata", "labels", "topology.kubernetes.io/zone"});
    if (node.zone.empty()) // before Kubernetes 1.17, and still set beside it by some clouds
        node.zone = text(object, {"metadata", "labels", "failure-domain.beta.kubernetes.io/zone"});
    node.unschedulable = flag(object, {"spec", "unschedulable"});
    forEach(at(object, {"status", "addresses"}), [&](const json& item) {
        const std::string type = text(item, {"type"});
        if (type == "InternalIP" || type == "ExternalIP")
            fields::addAddress(node.addresses, at(item, {"address"}));
    });
    forEach(at(object, {"status", "conditions"}), [&](const json& item) {
        if (NodeObject::Condition condition{text(item, {"type"}), text(item, {"status"}), text(item, {"reason"})}; !condition.type.empty())
            node.conditions.push_back(std::move(condition));
    });
    std::ranges::sort(node.conditions, {}, &NodeObject::Condition::type);
    return node;
}

std::optional<WorkloadObject> readWorkload(const json& object, std::string_view kind)
{
    WorkloadObject found;
    found.workload = {text(object, {"metadata", "namespace"}), std::string(kind), text(object, {"metadata", "name"})};
    if (found.workload.name.empty() || found.workload.nameSpace.empty())
        return std::nullopt;
    found.generation = number(object, {"metadata", "generation"});
    found.observedGeneration = number(object, {"status", "observedGeneration"});
    const bool daemons = kind == "DaemonSet";
    found.replicas = daemons ? number(object, {"status", "desiredNumberScheduled"}) : number(object, {"spec", "replicas"}, 1);
    found.updated = number(object, {"status", daemons ? "updatedNumberScheduled" : "updatedReplicas"});
    found.present = number(object, {"status", daemons ? "currentNumberScheduled" : "replicas"});
    found.available = number(object, {"status", daemons ? "numberAvailable" : "availableReplicas"});
    for (const char* list : {"containers", "initContainers"}) {
        forEach(at(object, {"spec", "template", "spec", list}),
                [&](const json& item) { found.images.emplace_back(text(item, {"name"}), text(item, {"image"})); });
    }
    found.templateLabels = labelsOf(at(object, {"spec", "template", "metadata", "labels"}));
    return found;
}

std::optional<EventObject> readEvent(const json& object)
{
    EventObject event;
    event.uid = uidOf(object);
    event.reason = text(object, {"reason"});
    if (event.uid.empty() || event.reason.empty())
        return std::nullopt;
    event.count = std::max<std::int64_t>({1, number(object, {"count"}), number(object, {"series", "count"})});
    event.warning = text(object, {"type"}) == "Warning";
    event.message = text(object, {"message"}, 4 * kMaxMessage);
    event.message = fields::cut(std::string_view(event.message).substr(0, event.message.find('\n')), kMaxMessage);
    // A series has the time in one place, other events in one of the rest.
    const std::array times{text(object, {"series", "lastObservedTime"}), text(object, {"lastTimestamp"}), text(object, {"eventTime"}),
                           text(object, {"metadata", "creationTimestamp"})};
    for (const std::string& time : times) {
        if (const auto at = time.empty() ? std::nullopt : parseTime(time, UtcTime{})) {
            event.at = *at;
            break;
        }
    }
    event.subjectKind = text(object, {"involvedObject", "kind"});
    event.subjectNameSpace = text(object, {"involvedObject", "namespace"});
    event.subjectName = text(object, {"involvedObject", "name"});
    event.subjectUid = text(object, {"involvedObject", "uid"});
    return event;
}

} // namespace binnacle::kube::objects
