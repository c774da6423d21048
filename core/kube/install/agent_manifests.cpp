// SPDX-License-Identifier: Apache-2.0
#include "core/kube/install/agent_manifests.h"

#include "core/kube/config/yaml_value.h"
#include "core/kube/install/internal/base_manifests.h"
#include "core/kube/install/internal/json.h"

#include <algorithm>
#include <array>

namespace binnacle::kube {
namespace {

constexpr std::string_view kBaseNamespace = "binnacle";
constexpr int kGatewayPort = 9466;
constexpr std::string_view kServiceAccountPrefix = "system:serviceaccount:";

Error usage(std::string what) { return {ErrorCode::Invalid, std::move(what)}; }

bool isLowerOrDigit(char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); }

/// RFC 1123 label, what Kubernetes takes as the name of a namespace.
bool isLabel(std::string_view text)
{
    return !text.empty() && text.size() <= 63 && isLowerOrDigit(text.front()) && isLowerOrDigit(text.back())
           && std::ranges::all_of(text, [](char c) { return isLowerOrDigit(c) || c == '-'; });
}

/// As the agent's own parseSize() takes it, without its rarer spellings.
bool isSize(std::string_view text)
{
    return text.size() >= 2 && text.size() <= 12 && std::string_view("KMG").contains(text.back()) && text.front() != '0'
           && std::ranges::all_of(text.substr(0, text.size() - 1), [](char c) { return c >= '0' && c <= '9'; });
}

std::uint64_t bytesOf(std::string_view size)
{
    const int shift = size.back() == 'K' ? 10 : size.back() == 'M' ? 20 : 30;
    return std::stoull(std::string(size.substr(0, size.size() - 1))) << shift;
}

Json& podOf(Json& daemonSet) { return daemonSet["spec"]["template"]["spec"]; }
Json& agentOf(Json& daemonSet) { return podOf(daemonSet)["containers"][0]; }

void setArgument(Json& container, std::string_view name, const std::string& value)
{
    const std::string start = std::string(name) + '=';
    for (Json& argument : container["args"]) {
        if (argument.get_ref<const std::string&>().starts_with(start))
            argument = start + value;
    }
}

void setBuffer(Json& daemonSet, const InstallOptions& options)
{
    setArgument(agentOf(daemonSet), "--buffer-memory", options.bufferMemory);
    setArgument(agentOf(daemonSet), "--buffer-disk", options.bufferDisk);
    Json& volume = podOf(daemonSet)["volumes"][0];
    if (!options.bufferFolder.empty()) {
        volume.erase("emptyDir");
        volume["hostPath"] = {{"path", options.bufferFolder}, {"type", "DirectoryOrCreate"}};
        return;
    }
    // Half as much again for the journal: a pod over its limit is evicted.
    const std::uint64_t limit = bytesOf(options.bufferDisk) / 2 * 3;
    volume["emptyDir"]["sizeLimit"] = std::to_string(limit >> 20) + "Mi";
}

void setCapabilities(Json& daemonSet, const InstallOptions& options)
{
    Json& added = agentOf(daemonSet)["securityContext"]["capabilities"]["add"];
    if (options.hasOldKernels)
        added.push_back("SYS_RESOURCE");
    if (options.kernels == InstallOptions::Kernels::Hardened)
        added.push_back("SYS_ADMIN");
}

void setSeccomp(Json& daemonSet, const std::string& profile)
{
    if (profile.empty())
        return;
    Json& seccomp = agentOf(daemonSet)["securityContext"]["seccompProfile"];
    const std::size_t slash = profile.find('/');
    seccomp["type"] = profile.substr(0, slash);
    if (slash != std::string::npos)
        seccomp["localhostProfile"] = profile.substr(slash + 1);
}

Json asJson(const Toleration& toleration)
{
    Json json = Json::object();
    if (!toleration.key.empty())
        json["key"] = toleration.key;
    json["operator"] = toleration.value.empty() ? "Exists" : "Equal";
    if (!toleration.value.empty())
        json["value"] = toleration.value;
    if (!toleration.effect.empty())
        json["effect"] = toleration.effect;
    return json;
}

void setPlacement(Json& daemonSet, const InstallOptions& options)
{
    Json& pod = podOf(daemonSet);
    for (const auto& [label, value] : options.nodeSelector)
        pod["nodeSelector"][label] = value;
    if (options.tolerations) {
        pod.erase("tolerations");
        for (const Toleration& toleration : *options.tolerations)
            pod["tolerations"].push_back(asJson(toleration));
    }
    if (!options.priorityClass.empty())
        pod["priorityClassName"] = options.priorityClass;
}

void setImage(Json& workload, const InstallOptions& options)
{
    agentOf(workload)["image"] = options.image;
    agentOf(workload)["imagePullPolicy"] = options.pullPolicy;
    for (const std::string& secret : options.pullSecrets)
        podOf(workload)["imagePullSecrets"].push_back({{"name", secret}});
}

void labelPods(Json& workload)
{
    Json& labels = workload["spec"]["template"]["metadata"]["labels"];
    labels[kPartOfLabel] = kPartOf;
    labels["app.kubernetes.io/version"] = installedVersion();
}

/// As the patches of components/gateway do.
void addDoor(Json& daemonSet)
{
    const std::string port = std::to_string(kGatewayPort);
    agentOf(daemonSet)["args"].push_back("--gateway-port=" + port);
    agentOf(daemonSet)["ports"].push_back({{"name", "gateway"}, {"containerPort", kGatewayPort}, {"protocol", "TCP"}});
}

void shapeDaemonSet(Json& daemonSet, const InstallOptions& options)
{
    setImage(daemonSet, options);
    setBuffer(daemonSet, options);
    setCapabilities(daemonSet, options);
    setSeccomp(daemonSet, options.seccompProfile);
    setPlacement(daemonSet, options);
    if (options.distribution == InstallOptions::Distribution::OpenShift)
        agentOf(daemonSet)["securityContext"]["seLinuxOptions"] = {{"type", "spc_t"}};
    if (options.hasGateway)
        addDoor(daemonSet);
    labelPods(daemonSet);
}

/// What kustomize's `namespace:` does: the object's own, and that of the accounts it names.
void moveInto(Json& object, const std::string& nameSpace)
{
    if (object["kind"] == "Namespace")
        object["metadata"]["name"] = nameSpace;
    if (object["metadata"].contains("namespace"))
        object["metadata"]["namespace"] = nameSpace;
    if (object.contains("subjects")) {
        for (Json& subject : object["subjects"])
            subject["namespace"] = nameSpace;
    }
    if (object.contains("users")) {
        const std::string account = std::string(kServiceAccountPrefix) + std::string(kBaseNamespace) + ':';
        for (Json& user : object["users"]) {
            const std::string name = user.get<std::string>();
            if (name.starts_with(account))
                user = std::string(kServiceAccountPrefix) + nameSpace + ':' + name.substr(account.size());
        }
    }
}

void addLabels(Json& object)
{
    Json& labels = object["metadata"]["labels"];
    labels[kPartOfLabel] = kPartOf;
    labels["app.kubernetes.io/version"] = installedVersion();
    labels["app.kubernetes.io/managed-by"] = kFieldManager;
}

bool isWanted(const BaseManifest& base, const Json& object, const InstallOptions& options)
{
    if (std::string_view(base.file).starts_with("components/gateway/"))
        return options.hasGateway;
    if (object["kind"] == "SecurityContextConstraints")
        return options.distribution == InstallOptions::Distribution::OpenShift;
    return object["kind"] != "PriorityClass" || options.priorityClass.empty();
}

} // namespace

std::string_view installedVersion() { return BINNACLE_VERSION; }
std::string_view publishedImage() { return BINNACLE_AGENT_IMAGE; }

Result<Toleration> parseToleration(std::string_view text)
{
    static constexpr std::array<std::string_view, 3> kEffects{"NoSchedule", "PreferNoSchedule", "NoExecute"};
    if (text == "all")
        return Toleration{};
    Toleration toleration;
    const std::size_t colon = text.rfind(':');
    if (colon != std::string_view::npos) {
        toleration.effect = text.substr(colon + 1);
        if (std::ranges::find(kEffects, toleration.effect) == kEffects.end())
            return failure(ErrorCode::Invalid, "`" + toleration.effect + "` is no effect of a taint; there are NoSchedule, PreferNoSchedule and NoExecute");
        text = text.substr(0, colon);
    }
    const std::size_t equals = text.find('=');
    toleration.key = text.substr(0, equals);
    if (equals != std::string_view::npos)
        toleration.value = text.substr(equals + 1);
    if (toleration.key.empty())
        return failure(ErrorCode::Invalid, "a toleration is KEY, KEY=VALUE, either with :EFFECT, or `all`");
    return toleration;
}

Result<void> checkOptions(const InstallOptions& options)
{
    if (!isLabel(options.nameSpace))
        return std::unexpected(usage("--namespace: `" + options.nameSpace + "` is no name of a namespace; small letters, digits and `-`, at most 63"));
    if (options.image.empty() || options.image.contains("://") || options.image.contains(' '))
        return std::unexpected(usage(options.image.empty()
                                         ? "--image is needed: this build knows no registry that carries the agent's image; build it with deploy/image, push it to "
                                           "yours, and name it here, such as --image registry.example/binnacle/agent:" + std::string(installedVersion())
                                         : "--image: `" + options.image + "` is no image; write REGISTRY/PATH:TAG"));
    for (const auto& [name, size] : {std::pair{"--buffer-memory", &options.bufferMemory}, {"--buffer-disk", &options.bufferDisk}}) {
        if (!isSize(*size))
            return std::unexpected(usage(std::string(name) + ": `" + *size + "` is no size; write 64M or 1G"));
        if (bytesOf(*size) < (8u << 20))
            return std::unexpected(usage(std::string(name) + " must be at least 8M"));
    }
    if (!options.bufferFolder.empty() && (options.bufferFolder.size() < 2 || options.bufferFolder.front() != '/'))
        return std::unexpected(usage("--buffer-folder is an absolute path on the hosts, such as /var/lib/binnacle"));
    const std::string& seccomp = options.seccompProfile;
    if (!seccomp.empty() && seccomp != "Unconfined" && seccomp != "RuntimeDefault" && !(seccomp.starts_with("Localhost/") && seccomp.size() > 10))
        return std::unexpected(usage("--seccomp is Unconfined, RuntimeDefault or Localhost/FILE, not `" + seccomp + '`'));
    if (options.pullPolicy != "Always" && options.pullPolicy != "IfNotPresent" && options.pullPolicy != "Never")
        return std::unexpected(usage("--image-pull-policy is Always, IfNotPresent or Never, not `" + options.pullPolicy + '`'));
    return {};
}

Result<std::vector<Manifest>> agentManifests(const InstallOptions& options)
{
    BN_TRY(checkOptions(options));
    std::vector<Manifest> manifests;
    for (const BaseManifest& base : baseManifests()) {
        const auto yaml = parseYaml(base.yaml);
        if (!yaml)
            return std::unexpected(Error(yaml.error()).within(base.file));
        Json object = Json::parse(yaml->toJson());
        if (!isWanted(base, object, options))
            continue;
        moveInto(object, options.nameSpace);
        addLabels(object);
        if (object["kind"] == "DaemonSet")
            shapeDaemonSet(object, options);
        if (object["kind"] == "Deployment") {
            setImage(object, options);
            labelPods(object);
        }
        const ObjectName name{object["kind"], object["metadata"].value("namespace", ""), object["metadata"]["name"]};
        manifests.push_back({name, object.dump()});
    }
    return manifests;
}

} // namespace binnacle::kube
