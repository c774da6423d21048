// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/base/entity_key.h"

#include <cstdint>
#include <optional>
#include <string_view>

/// The canonical texts behind every EntityKey.  Laid down for good: a change here makes old files unreadable side by side.
namespace binnacle::telemetry {

EntityKey hostKey(std::string_view machineId, std::string_view bootId);
/// A Kubernetes node of which no more than its name is known: nobody who runs on it speaks here.
EntityKey clusterHostKey(std::string_view clusterUid, std::string_view nodeName);
EntityKey processKey(std::string_view bootId, std::uint32_t pid, std::uint64_t startNs);

/// A container as Kubernetes names it.
EntityKey podInstanceKey(std::string_view podUid, std::string_view containerName);
/// A container by its runtime's id (64 hexadecimal digits), when no pod is known.
EntityKey containerInstanceKey(std::string_view containerId);
/// Anything else.  `listenPort` tells two servers of one program in one network namespace apart (nginx, redis-server …); 0 = none.
EntityKey programInstanceKey(std::string_view bootId, std::uint32_t netns, std::string_view cgroupPath, std::string_view program,
                             std::uint16_t listenPort);

EntityKey connectionKey(std::string_view bootId, std::uint32_t netns, std::uint64_t cookie);

/// `clusterUid` is empty outside Kubernetes and when clusters are compared; `nameSpace` is empty outside Kubernetes.
EntityKey serviceKey(std::string_view clusterUid, std::string_view nameSpace, std::string_view kind, std::string_view name);

} // namespace binnacle::telemetry
