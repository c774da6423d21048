// SPDX-License-Identifier: Apache-2.0
#include "core/analysis/internal/service_ports.h"

#include <algorithm>
#include <tuple>

namespace binnacle::analysis::internal {

using telemetry::Side;

ServicePorts::ServicePorts(const Directory& directory, const std::vector<std::uint32_t>& nodeOfInstance)
{
    const auto nodeOf = [&](std::uint32_t instance) { return instance < nodeOfInstance.size() ? nodeOfInstance[instance] : kNone; };
    for (const KnownEnd& end : directory.ends()) {
        if (end.side == Side::Server) {
            if (const std::uint32_t node = nodeOf(end.instance); node != kNone)
                m_called[{node, end.remote.address}].insert(end.local.port);
        }
    }
    for (const KnownListener& listener : directory.listeners()) {
        if (const std::uint32_t node = nodeOf(listener.instance); node != kNone && !listener.local.address.isLoopback())
            m_listening[node][listener.local.port] = 1;
    }
}

void ServicePorts::addTranslation(std::uint32_t node, const Endpoint& service, std::uint16_t port, UtcTime seen)
{
    Translation& known = m_translations[{node, service}];
    if (std::tie(seen, port) > std::tie(known.seen, known.port))
        known = {seen, port};
}

std::uint16_t ServicePorts::portBehind(std::uint32_t node, const Endpoint& service) const
{
    for (const std::uint32_t to : {node, kNone}) { // a Service that passed from one workload to another may have another port there
        if (const auto seen = m_translations.find({to, service}); seen != m_translations.end())
            return seen->second.port;
    }
    if (const auto callers = m_callers.find({node, service}); callers != m_callers.end()) {
        if (const std::uint16_t port = best(node, service, calledPorts(node, callers->second)); port != 0)
            return port;
    }
    if (const auto listening = m_listening.find(node); listening != m_listening.end()) {
        if (const std::uint16_t port = best(node, service, listening->second); port != 0)
            return port;
    }
    return service.port;
}

ServicePorts::PortVotes ServicePorts::calledPorts(std::uint32_t node, const std::set<InternetAddress>& callers) const
{
    PortVotes votes;
    for (const InternetAddress& caller : callers) {
        const auto called = m_called.find({node, caller});
        if (called == m_called.end())
            continue;
        for (const std::uint16_t port : called->second)
            ++votes[port];
    }
    return votes;
}

/// 0 when the votes do not decide.
std::uint16_t ServicePorts::best(std::uint32_t node, const Endpoint& service, const PortVotes& votes) const
{
    if (votes.contains(service.port))
        return service.port;
    PortVotes left = votes;
    for (auto other = m_callers.lower_bound({node, Endpoint{}}); other != m_callers.end() && other->first.first == node; ++other)
        left.erase(other->first.second.port); // that Service's own
    const auto top = std::ranges::max_element(left, {}, &PortVotes::value_type::second);
    if (top == left.end())
        return 0;
    const auto equals = std::ranges::count(left, top->second, &PortVotes::value_type::second);
    return equals == 1 ? top->first : 0;
}

} // namespace binnacle::analysis::internal
