// SPDX-License-Identifier: Apache-2.0
#include "core/telemetry/identity.h"

#include <initializer_list>
#include <string>

namespace binnacle::telemetry {
namespace {

/// The parts one a line, the kind of thing first.  None of them holds a line end.
EntityKey keyOf(std::string_view kind, std::initializer_list<std::string_view> parts)
{
    std::string text(kind);
    for (const std::string_view part : parts) {
        text += '\n';
        text += part;
    }
    return EntityKey::ofText(text);
}

} // namespace

EntityKey hostKey(std::string_view machineId, std::string_view bootId)
{
    return keyOf("host", {machineId, bootId});
}

EntityKey clusterHostKey(std::string_view clusterUid, std::string_view nodeName)
{
    return keyOf("host/cluster", {clusterUid, nodeName});
}

EntityKey processKey(std::string_view bootId, std::uint32_t pid, std::uint64_t startNs)
{
    return keyOf("process", {bootId, std::to_string(pid), std::to_string(startNs)});
}

EntityKey podInstanceKey(std::string_view podUid, std::string_view containerName)
{
    return keyOf("instance/pod", {podUid, containerName});
}

EntityKey containerInstanceKey(std::string_view containerId)
{
    return keyOf("instance/container", {containerId});
}

EntityKey programInstanceKey(std::string_view bootId, std::uint32_t netns, std::string_view cgroupPath, std::string_view program,
                             std::uint16_t listenPort)
{
    return keyOf("instance/program", {bootId, std::to_string(netns), cgroupPath, program, std::to_string(listenPort)});
}

EntityKey connectionKey(std::string_view bootId, std::uint32_t netns, std::uint64_t cookie)
{
    return keyOf("connection", {bootId, std::to_string(netns), std::to_string(cookie)});
}

EntityKey serviceKey(std::string_view clusterUid, std::string_view nameSpace, std::string_view kind, std::string_view name)
{
    return keyOf("service", {clusterUid, nameSpace, kind, name});
}

} // namespace binnacle::telemetry
