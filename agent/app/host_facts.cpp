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

std::string hostName()
{
    if (const char* node = std::getenv("NODE_NAME"); node && *node)
        return node;
    std::array<char, 256> name{};
    return ::gethostname(name.data(), name.size() - 1) == 0 ? name.data() : "unknown";
}

} // namespace

HostFacts readHostFacts()
{
    HostFacts host;
    host.machineId = firstLine("/etc/machine-id");
    if (host.machineId.empty())
        host.machineId = firstLine("/var/lib/dbus/machine-id");
    host.bootId = firstLine("/proc/sys/kernel/random/boot_id");
    host.name = hostName();
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
