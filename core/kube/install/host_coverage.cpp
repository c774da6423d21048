// SPDX-License-Identifier: Apache-2.0
#include "core/kube/install/host_coverage.h"

#include "core/kube/install/internal/json.h"

#include <algorithm>
#include <charconv>

namespace binnacle::kube {
namespace {

using Verdict = HostCoverage::Verdict;

struct Judged {
    Verdict verdict = Verdict::Covered;
    std::string reason;
};

std::string labelOf(const Json& node, const std::string& name)
{
    const Json& labels = at(node, "/metadata/labels");
    return labels.is_object() && labels.contains(name) && labels[name].is_string() ? labels[name].get<std::string>() : std::string();
}

bool isVirtual(const Json& node)
{
    return labelOf(node, "type") == "virtual-kubelet" || labelOf(node, "eks.amazonaws.com/compute-type") == "fargate";
}

bool tolerates(const Toleration& toleration, const Json& taint)
{
    return (toleration.key.empty() || toleration.key == textAt(taint, "/key"))
           && (toleration.value.empty() || toleration.value == textAt(taint, "/value"))
           && (toleration.effect.empty() || toleration.effect == textAt(taint, "/effect"));
}

/// Kubernetes adds these to every pod of a DaemonSet.
bool isToleratedByDaemonSets(const std::string& key)
{
    static constexpr std::string_view kKeys[] = {"node.kubernetes.io/not-ready",       "node.kubernetes.io/unreachable",  "node.kubernetes.io/disk-pressure",
                                                 "node.kubernetes.io/memory-pressure", "node.kubernetes.io/pid-pressure", "node.kubernetes.io/unschedulable"};
    return std::ranges::find(kKeys, key) != std::end(kKeys);
}

std::string refusingTaint(const Json& node, const InstallOptions& options)
{
    if (!options.tolerations)
        return {};
    for (const Json& taint : itemsAt(node, "/spec/taints")) {
        if (textAt(taint, "/effect") == "PreferNoSchedule" || isToleratedByDaemonSets(textAt(taint, "/key")))
            continue;
        if (std::ranges::none_of(*options.tolerations, [&](const Toleration& one) { return tolerates(one, taint); })) {
            const std::string value = textAt(taint, "/value");
            return textAt(taint, "/key") + (value.empty() ? "" : '=' + value) + ':' + textAt(taint, "/effect");
        }
    }
    return {};
}

bool isReady(const Json& node)
{
    for (const Json& condition : itemsAt(node, "/status/conditions")) {
        if (textAt(condition, "/type") == "Ready")
            return textAt(condition, "/status") == "True";
    }
    return false;
}

Judged judge(const Json& node, const InstallOptions& options)
{
    const std::string system = textAt(node, "/status/nodeInfo/operatingSystem");
    const std::string architecture = textAt(node, "/status/nodeInfo/architecture");
    const std::string kernel = textAt(node, "/status/nodeInfo/kernelVersion");
    if (isVirtual(node))
        return {Verdict::Left, "a virtual kubelet has no kernel of its own to look into"};
    if (system != "linux")
        return {Verdict::Left, "runs " + (system.empty() ? "an unknown system" : system) + "; agents are for Linux"};
    if (architecture != "amd64" && architecture != "arm64")
        return {Verdict::Left, "is " + architecture + "; there are agents for amd64 and arm64"};
    for (const auto& [label, value] : options.nodeSelector) {
        if (labelOf(node, label) != value)
            return {Verdict::Left, "does not have the label " + label + '=' + value + " of --node-selector"};
    }
    if (const std::string taint = refusingTaint(node, options); !taint.empty())
        return {Verdict::Left, "has the taint " + taint + "; --tolerate " + taint + " would cover it"};
    const auto version = parseKernelVersion(kernel);
    if (version && *version < kOldestKernel)
        return {Verdict::NotAble, "has kernel " + kernel + "; the oldest that works is 5.8 with BTF. Its agent will not become ready: upgrade the host, or leave it "
                                  "out with --node-selector"};
    if (!isReady(node))
        return {Verdict::Later, "is not ready; its agent starts when the host is back"};
    return {};
}

} // namespace

std::optional<KernelVersion> parseKernelVersion(std::string_view release)
{
    KernelVersion version;
    const char* const end = release.data() + release.size();
    const auto major = std::from_chars(release.data(), end, version.major);
    if (major.ec != std::errc{} || major.ptr == end || *major.ptr != '.')
        return std::nullopt;
    const auto minor = std::from_chars(major.ptr + 1, end, version.minor);
    if (minor.ec != std::errc{})
        return std::nullopt;
    return version;
}

std::vector<HostCoverage> hostCoverage(std::string_view nodeList, const InstallOptions& options)
{
    std::vector<HostCoverage> hosts;
    const Json list = readJson(nodeList);
    for (const Json& node : itemsAt(list, "/items")) {
        Judged judged = judge(node, options);
        hosts.push_back({textAt(node, "/metadata/name"), textAt(node, "/status/nodeInfo/kernelVersion"), judged.verdict, std::move(judged.reason)});
    }
    std::ranges::sort(hosts, {}, &HostCoverage::host);
    return hosts;
}

bool hasOldKernels(const std::vector<HostCoverage>& hosts)
{
    return std::ranges::any_of(hosts, [](const HostCoverage& host) {
        const auto version = parseKernelVersion(host.kernel);
        return (host.verdict == Verdict::Covered || host.verdict == Verdict::Later) && version && *version < kMemoryChargedToCgroup;
    });
}

} // namespace binnacle::kube
