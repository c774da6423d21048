// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace binnacle::agent {

/// What a cgroup path says about who runs in it; what it does not say is empty.
struct CgroupFacts {
    std::string path;        // as the host names it, ` (deleted)` stripped
    std::string containerId; // 64 hexadecimal digits, or the name of an LXC container
    std::string podUid;      // with `-`; static pods: the 32 digits of their config hash
    std::string unit;        // systemd service without `.service`, never a login, cron or a container runtime
    friend bool operator==(const CgroupFacts&, const CgroupFacts&) = default;
};

/// Reads the layouts of kubelet (both drivers, any root), containerd, CRI-O, Docker, Podman, nerdctl, LXC and systemd.
/// Nested containers: the innermost counts.
CgroupFacts parseCgroupPath(std::string_view path);

/// The one path of /proc/PID/cgroup that says most: v1 and hybrid files have a line a controller, and only some of them may have been
/// moved.  One that names a container wins, then v2, then systemd's own hierarchy, then the longest.
std::string pickCgroupPath(std::string_view procCgroup);

} // namespace binnacle::agent
