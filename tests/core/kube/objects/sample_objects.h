// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <nlohmann/json.hpp>
#include <string>

/// Objects as the API server tells them, with the fields around those that are read.
namespace binnacle::kube::objects::test {

using nlohmann::json;

inline const std::string kContainer = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
inline const std::string kInit = "1123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
inline const std::string kDebug = "2123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

inline json ownedBy(const std::string& kind, const std::string& name, const std::string& uid = "owner-uid")
{
    return json::array({{{"apiVersion", "apps/v1"}, {"kind", kind}, {"name", name}, {"uid", uid}, {"controller", true}, {"blockOwnerDeletion", true}}});
}

inline json pod(const std::string& name, const std::string& uid, const std::string& address, const std::string& host = "node-a")
{
    return json::parse(R"({
      "apiVersion": "v1", "kind": "Pod",
      "metadata": {"name": ")" + name + R"(", "namespace": "shop", "uid": ")" + uid + R"(", "resourceVersion": "812",
        "labels": {"app": "api", "app.kubernetes.io/version": "1.4.2", "pod-template-hash": "6d4cf56db6", "team": "payments", "secret-label": "x"},
        "annotations": {"owner": "alice", "vault.example/token": "hvs.SECRET"},
        "ownerReferences": [{"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "api-6d4cf56db6", "uid": "rs-1", "controller": true, "blockOwnerDeletion": true}]},
      "spec": {"nodeName": ")" + host + R"(", "serviceAccountName": "default",
        "containers": [{"name": "api", "image": "registry.example/api:1.4.2", "env": [{"name": "DB_PASSWORD", "value": "hunter2"}]}]},
      "status": {"phase": "Running", "podIP": ")" + address + R"(", "podIPs": [{"ip": ")" + address + R"("}, {"ip": "fd00:10::7"}], "hostIP": "192.168.1.10",
        "containerStatuses": [{"name": "api", "ready": true, "restartCount": 0, "state": {"running": {"startedAt": "2026-03-01T10:00:00Z"}}, "containerID": "containerd://)" + kContainer + R"("}],
        "initContainerStatuses": [{"name": "migrate", "containerID": "cri-o://)" + kInit + R"("}, {"name": "waiting", "state": {"waiting": {}}}],
        "ephemeralContainerStatuses": [{"name": "debugger-x1", "containerID": "docker://)" + kDebug + R"("}]}})");
}

inline json service(const std::string& name, const std::string& address, int port, json selector = {{"app", "api"}})
{
    return {{"apiVersion", "v1"}, {"kind", "Service"}, {"metadata", {{"name", name}, {"namespace", "shop"}, {"uid", "s-" + name}}},
            {"spec", {{"type", "ClusterIP"}, {"clusterIP", address}, {"clusterIPs", {address}}, {"selector", selector},
                      {"ports", {{{"name", "http"}, {"protocol", "TCP"}, {"port", port}, {"targetPort", "http"}}}}}},
            {"status", {{"loadBalancer", json::object()}}}};
}

inline json endpoint(const std::string& podUid, const std::string& address, bool ready = true)
{
    return {{"addresses", {address}}, {"conditions", {{"ready", ready}, {"serving", ready}, {"terminating", false}}}, {"nodeName", "node-a"},
            {"targetRef", {{"kind", "Pod"}, {"namespace", "shop"}, {"name", "p"}, {"uid", podUid}}}};
}

inline json slice(const std::string& service, json endpoints)
{
    return {{"apiVersion", "discovery.k8s.io/v1"}, {"kind", "EndpointSlice"}, {"addressType", "IPv4"},
            {"metadata", {{"name", service + "-x7k2p"}, {"namespace", "shop"}, {"uid", "e-" + service}, {"labels", {{"kubernetes.io/service-name", service}}}}},
            {"endpoints", std::move(endpoints)}, {"ports", {{{"name", "http"}, {"port", 8080}, {"protocol", "TCP"}}}}};
}

inline json deployment(const std::string& name, const std::string& image, int replicas, int generation, int updated = -1, int available = -1)
{
    const int done = updated < 0 ? replicas : updated;
    return {{"apiVersion", "apps/v1"}, {"kind", "Deployment"},
            {"metadata", {{"name", name}, {"namespace", "shop"}, {"uid", "d-" + name}, {"generation", generation}}},
            {"spec", {{"replicas", replicas}, {"selector", {{"matchLabels", {{"app", name}}}}},
                      {"template", {{"metadata", {{"labels", {{"app", name}}}}},
                                    {"spec", {{"containers", {{{"name", name}, {"image", image}, {"env", {{{"name", "KEY"}, {"value", "hunter2"}}}}}}}}}}}}},
            {"status", {{"observedGeneration", generation}, {"replicas", replicas}, {"updatedReplicas", done},
                        {"availableReplicas", available < 0 ? done : available}, {"readyReplicas", done}}}};
}

inline json node(const std::string& name, const std::string& ready = "True", bool cordoned = false)
{
    return {{"apiVersion", "v1"}, {"kind", "Node"},
            {"metadata", {{"name", name}, {"uid", "n-" + name}, {"labels", {{"topology.kubernetes.io/zone", "eu-1b"}, {"kubernetes.io/arch", "amd64"}}}}},
            {"spec", {{"unschedulable", cordoned}}},
            {"status", {{"addresses", {{{"type", "InternalIP"}, {"address", "192.168.1.10"}}, {{"type", "Hostname"}, {"address", name}}}},
                        {"conditions", {{{"type", "Ready"}, {"status", ready}, {"reason", ready == "True" ? "KubeletReady" : "NodeStatusUnknown"}},
                                        {{"type", "MemoryPressure"}, {"status", "False"}, {"reason", "KubeletHasSufficientMemory"}}}}}}};
}

inline json ownerObject(const std::string& name, const std::string& uid, const std::string& aboveKind, const std::string& above)
{
    return {{"kind", "PartialObjectMetadata"}, {"apiVersion", "meta.k8s.io/v1"},
            {"metadata", {{"name", name}, {"namespace", "shop"}, {"uid", uid}, {"ownerReferences", above.empty() ? json::array() : ownedBy(aboveKind, above)}}}};
}

inline json event(const std::string& uid, int count, const std::string& type, const std::string& reason, const std::string& message, json involved)
{
    return {{"apiVersion", "v1"}, {"kind", "Event"}, {"metadata", {{"name", "x." + uid}, {"namespace", "shop"}, {"uid", uid}}}, {"type", type}, {"reason", reason},
            {"message", message}, {"count", count}, {"firstTimestamp", "2026-03-01T10:00:00Z"}, {"lastTimestamp", "2026-03-01T10:05:00Z"}, {"eventTime", nullptr},
            {"involvedObject", std::move(involved)}, {"source", {{"component", "kubelet"}}}};
}

} // namespace binnacle::kube::objects::test
