// SPDX-License-Identifier: Apache-2.0
#include "agent/metadata/cgroup_path.h"

#include <algorithm>
#include <array>
#include <optional>
#include <vector>

namespace binnacle::agent {

namespace {

bool isHex(std::string_view text)
{
    return std::ranges::all_of(text, [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

std::vector<std::string_view> split(std::string_view text, char by)
{
    std::vector<std::string_view> parts;
    while (!text.empty()) {
        const std::size_t end = std::min(text.find(by), text.size());
        if (end > 0)
            parts.push_back(text.substr(0, end));
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return parts;
}

std::string_view withoutSuffix(std::string_view text, std::string_view suffix)
{
    return text.ends_with(suffix) ? text.substr(0, text.size() - suffix.size()) : text;
}

/// `<C>`, `<runtime>-<C>.scope`, `…:cri-containerd:<C>`, `crio-<C>`.  A runtime's monitor is no container.
std::optional<std::string_view> containerIdOf(std::string_view component)
{
    component = withoutSuffix(component, ".scope");
    const std::size_t cut = component.find_last_of("-:");
    const std::string_view prefix = cut == std::string_view::npos ? std::string_view{} : component.substr(0, cut);
    const std::string_view id = cut == std::string_view::npos ? component : component.substr(cut + 1);
    if (id.size() != 64 || !isHex(id) || prefix.ends_with("conmon"))
        return std::nullopt;
    return id;
}

/// A pod's uid as cgroupfs (`-`) or systemd (`_`) writes it, or the 32 digits of a static pod.
std::optional<std::string> uidOf(std::string_view text)
{
    if (text.size() == 32 && isHex(text))
        return std::string(text);
    if (text.size() != 36)
        return std::nullopt;
    std::string uid(text);
    std::ranges::replace(uid, '_', '-');
    for (std::size_t i = 0; i < uid.size(); ++i) {
        const bool dash = i == 8 || i == 13 || i == 18 || i == 23;
        if (dash ? uid[i] != '-' : !isHex(std::string_view(&uid[i], 1)))
            return std::nullopt;
    }
    return uid;
}

/// `pod<U>`, `kubepods-burstable-pod<u>.slice`, `kubepods-pod<u>.slice:cri-containerd:<C>`.
std::optional<std::string> podUidOf(std::string_view component)
{
    component = component.substr(0, component.find(".slice"));
    if (component.starts_with("pod"))
        return uidOf(component.substr(3));
    const std::size_t at = component.rfind("-pod");
    if (at == std::string_view::npos || component.find("kubepods") == std::string_view::npos)
        return std::nullopt;
    const std::string_view rest = component.substr(at + 4);
    return uidOf(rest.substr(0, rest.find(':')));
}

/// Units that only hold other people's programs: logins, cron, container runtimes.
bool holdsOthers(std::string_view unit)
{
    static constexpr std::array kExact{"cron", "crond", "cronie", "anacron", "atd", "ssh", "sshd", "dropbear", "containerd", "docker", "dockerd",
                                       "podman", "crio", "cri-o", "cri-docker", "buildkit", "lxc", "lxd", "incus", "machined", "display-manager",
                                       "gdm", "gdm3", "lightdm", "sddm", "rc-local", "k3s", "k3s-agent", "nomad", "actions-runner"};
    static constexpr std::array kPrefix{"user@", "ssh@", "sshd@", "getty@", "serial-getty@", "console-getty", "container-getty@", "lxc@", "autovt@",
                                        "systemd-nspawn@"};
    return std::ranges::find(kExact, unit) != kExact.end() ||
           std::ranges::any_of(kPrefix, [&](std::string_view prefix) { return unit.starts_with(prefix); });
}

std::optional<std::string_view> unitOf(std::string_view component)
{
    if (!component.ends_with(".service"))
        return std::nullopt;
    const std::string_view unit = withoutSuffix(component, ".service");
    if (unit.empty() || holdsOthers(unit))
        return std::nullopt;
    return unit;
}

/// Components are read from the root; each container found hides what was outside it.
void read(const std::vector<std::string_view>& components, CgroupFacts& facts)
{
    for (std::size_t i = 0; i < components.size(); ++i) {
        const std::string_view component = components[i];
        if (auto uid = podUidOf(component)) {
            facts.podUid = std::move(*uid);
            facts.containerId.clear();
            facts.unit.clear();
        }
        if (const auto id = containerIdOf(component)) {
            if (i > 0 && !podUidOf(components[i - 1]) && !podUidOf(component) && !facts.containerId.empty())
                facts.podUid.clear(); // a container started inside a pod's container
            facts.containerId = *id;
            facts.unit.clear();
        } else if (const auto unit = unitOf(component)) {
            facts.unit = *unit;
        } else if (component == "lxc" && i + 1 < components.size() && i == 0) {
            facts.containerId = components[i + 1];
        } else if (component.starts_with("lxc.payload.")) {
            facts.containerId = component.substr(12);
            facts.unit.clear();
        }
    }
}

int worth(std::string_view controllers, const CgroupFacts& facts)
{
    if (!facts.containerId.empty())
        return facts.podUid.empty() ? 3 : 5;
    if (!facts.podUid.empty())
        return 4;
    if (facts.path == "/" || facts.path.empty())
        return 0;
    return controllers.empty() || controllers == "name=systemd" ? 2 : 1;
}

} // namespace

CgroupFacts parseCgroupPath(std::string_view path)
{
    CgroupFacts facts;
    facts.path = withoutSuffix(path, " (deleted)");
    read(split(facts.path, '/'), facts);
    return facts;
}

std::string pickCgroupPath(std::string_view procCgroup)
{
    std::string best = "/";
    int bestWorth = -1;
    for (const std::string_view line : split(procCgroup, '\n')) {
        const std::size_t first = line.find(':');
        const std::size_t second = first == std::string_view::npos ? first : line.find(':', first + 1);
        if (second == std::string_view::npos)
            continue;
        CgroupFacts facts = parseCgroupPath(line.substr(second + 1));
        // An unmoved v2 line beside systemd's own hierarchy says nothing, so the order of lines decides only between equals.
        const int value = worth(line.substr(first + 1, second - first - 1), facts);
        if (value > bestWorth) {
            best = std::move(facts.path);
            bestWorth = value;
        }
    }
    return best;
}

} // namespace binnacle::agent
