// SPDX-License-Identifier: Apache-2.0
#include "agent/metadata/mount_info.h"

#include <algorithm>
#include <array>

namespace binnacle::agent {

namespace {

constexpr std::size_t kLongestName = 63; // a DNS label

/// The next word, taken off.
std::string_view takeWord(std::string_view& text, char end)
{
    const std::size_t at = std::min(text.find(end), text.size());
    const std::string_view word = text.substr(0, at);
    text.remove_prefix(std::min(at + 1, text.size()));
    return word;
}

bool isLabel(std::string_view text)
{
    return !text.empty() && text.size() <= kLongestName && std::ranges::all_of(text, [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
    });
}

bool isHash(std::string_view text)
{
    return !text.empty() && text.size() <= 16 && std::ranges::all_of(text, [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

/// Of `…/pods/<uid>/containers/<name>/<hash>`, read from its end.
PodContainer fromRoot(std::string_view root)
{
    std::array<std::string_view, 5> last; // hash, name, containers, uid, pods
    for (std::string_view& component : last) {
        const std::size_t slash = root.rfind('/');
        if (slash == std::string_view::npos)
            return {};
        component = root.substr(slash + 1);
        root = root.substr(0, slash);
    }
    const auto& [hash, name, containers, uid, pods] = last;
    if (pods != "pods" || containers != "containers" || !isHash(hash) || !isLabel(name) || !isLabel(uid))
        return {};
    return {std::string(uid), std::string(name)};
}

} // namespace

PodContainer podContainerFromMounts(std::string_view mountInfo)
{
    PodContainer found;
    while (!mountInfo.empty()) {
        std::string_view line = takeWord(mountInfo, '\n');
        for (int field = 0; field < 3; ++field) // mount id, parent id, device
            takeWord(line, ' ');
        const std::string_view root = takeWord(line, ' ');
        const std::string_view place = takeWord(line, ' ');
        PodContainer container = fromRoot(root);
        if (container.name.empty())
            continue;
        if (place == "/dev/termination-log")
            return container;
        if (found.name.empty())
            found = std::move(container);
    }
    return found;
}

} // namespace binnacle::agent
