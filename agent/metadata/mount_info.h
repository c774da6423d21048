// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace binnacle::agent {

/// The container of a pod, as kubelet names it.
struct PodContainer {
    std::string podUid; // of static pods their config hash
    std::string name;
    friend bool operator==(const PodContainer&, const PodContainer&) = default;
};

/// What /proc/PID/mountinfo (proc(5)) says of the container that a process runs in: kubelet gives each container a file for its last words,
/// mounted from `…/pods/<uid>/containers/<name>/<hash>`, usually at /dev/termination-log.  Known from the container's first
/// instruction on and needs no API server.  Empty outside pods, and in a pod's sandbox.
/// A cluster inside a container (kind) has further folders before `pods`; the mount at /dev/termination-log counts more than others.
PodContainer podContainerFromMounts(std::string_view mountInfo);

} // namespace binnacle::agent
