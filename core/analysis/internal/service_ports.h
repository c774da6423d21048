// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/analysis/internal/directory.h"

#include <cstdint>
#include <map>
#include <set>
#include <utility>
#include <vector>

/// Which port of a workload stands behind a port of a Kubernetes Service (80 → 8080).  A client that dials the Service does not
/// know, and Kubernetes' list of addresses does not say; both ends of a connection must be one edge all the same.
///
/// Evidence, best first: connections whose translation was seen; ports at which the workload was called from where the Service was
/// dialled; ports on which it listens.  A port of the Service's own number is preferred, and one that another Service of the
/// workload has is not taken.  Without evidence the Service's own number stands.
namespace binnacle::analysis::internal {

class ServicePorts {
public:
    /// `nodeOfInstance` by instance of the directory.
    ServicePorts(const Directory& directory, const std::vector<std::uint32_t>& nodeOfInstance);

    /// Somebody at `client` dialled `service`, which leads to `node`; the translation was not seen.
    void addDialled(std::uint32_t node, const Endpoint& service, const InternetAddress& client) { m_callers[{node, service}].insert(client); }
    /// A connection to `service` was seen to arrive at `port` of `node` (kNone: of somebody unknown); `seen`: last.
    void addTranslation(std::uint32_t node, const Endpoint& service, std::uint16_t port, UtcTime seen);
    /// After all of these.
    std::uint16_t portBehind(std::uint32_t node, const Endpoint& service) const;

private:
    struct Translation {
        UtcTime seen = UtcTime::min();
        std::uint16_t port = 0;
    };
    using PortVotes = std::map<std::uint16_t, std::size_t>;

    std::uint16_t best(std::uint32_t node, const Endpoint& service, const PortVotes& votes) const;
    PortVotes calledPorts(std::uint32_t node, const std::set<InternetAddress>& callers) const;

    std::map<std::pair<std::uint32_t, Endpoint>, Translation> m_translations;                // node, Service → its port, seen last
    std::map<std::pair<std::uint32_t, InternetAddress>, std::set<std::uint16_t>> m_called;  // node, client → ports
    std::map<std::uint32_t, PortVotes> m_listening;                                         // node → ports
    std::map<std::pair<std::uint32_t, Endpoint>, std::set<InternetAddress>> m_callers;      // node, Service → clients
};

} // namespace binnacle::analysis::internal
