// SPDX-License-Identifier: Apache-2.0
#include "agent/app/host_facts.h"

#include "core/base/platform/files.h"
#include "core/telemetry/identity.h"

#include <array>
#include <cstdlib>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

namespace binnacle::agent {
namespace {

std::string firstLine(const char* file)
{
    const auto text = platform::readFile(file, 4096);
    return text ? text->substr(0, text->find('\n')) : std::string();
}

/// The host's own, seen through its first process where this program runs in a pod that shares the host's PID namespace.
std::string readMachineId()
{
    for (const char* file : {"/proc/1/root/etc/machine-id", "/etc/machine-id", "/var/lib/dbus/machine-id"}) {
        if (std::string id = firstLine(file); !id.empty())
            return id;
    }
    return {};
}

/// Is the host a PID namespace of its own inside another one's kernel?
bool isNested()
{
    constexpr ino_t kFirst = 0xEFFFFFFCu; // PROC_PID_INIT_INO, include/linux/proc_ns.h
    struct stat status{};
    return ::stat("/proc/self/ns/pid", &status) == 0 && status.st_ino != kFirst;
}

std::string hostName()
{
    std::array<char, 256> name{};
    return ::gethostname(name.data(), name.size() - 1) == 0 ? name.data() : "unknown";
}

} // namespace

HostFacts readHostFacts(std::string nodeName)
{
    if (const char* node = std::getenv("NODE_NAME"); nodeName.empty() && node)
        nodeName = node;
    HostFacts host;
    host.machineId = readMachineId();
    if (!nodeName.empty() && isNested())
        host.machineId += '/' + nodeName;
    host.bootId = firstLine("/proc/sys/kernel/random/boot_id");
    host.name = nodeName.empty() ? hostName() : nodeName;
    utsname system{};
    if (::uname(&system) == 0)
        host.kernel = system.release;
    struct stat status{};
    if (::stat("/proc/self/ns/net", &status) == 0)
        host.netns = static_cast<std::uint32_t>(status.st_ino);
    return host;
}

telemetry::AgentIdentity identityOf(const HostFacts& host)
{
    return {telemetry::hostKey(host.machineId, host.bootId), host.name, host.bootId, BINNACLE_VERSION, host.kernel, 0, {}};
}

} // namespace binnacle::agent
