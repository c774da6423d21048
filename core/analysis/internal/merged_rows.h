// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/analysis/internal/sums.h"
#include "core/analysis/merge.h"
#include "core/telemetry/dictionary_builder.h"

#include <absl/container/flat_hash_map.h>

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

/// One FleetMerge::merge(): sums of edges back into rows.
namespace binnacle::analysis::internal {

class MergedRows {
public:
    MergedRows(const Directory& directory, const Resolution& resolution, TimeRange second);

    /// `frame` must outlive this.
    void add(const Frame& frame);
    /// A known end of a host that is missing, which would have spoken at `at`.
    void addMissing(std::uint32_t end, UtcTime at);
    telemetry::Batch finish(const std::vector<MissingHost>& missing);

private:
    using EdgeSide = std::pair<std::uint32_t, telemetry::Side>; // edge of the resolution

    void writeHosts(const std::vector<MissingHost>& missing);
    void writeInstances();
    void writePresence();
    void writeListening();
    void writeEdges();
    void writeSide(EdgeSide of, const SideSums& side);
    void writeRequests(EdgeSide of);
    void writeTcp(EdgeSide of, const SideSums& side);
    void writePending(EdgeSide of, const PendingSums& pending);
    void writeOpenExchanges();
    void writeLosses();
    void writeCoverage();
    void writeEvents();

    std::uint32_t host(const EntityKey& key, const std::string& name);
    std::uint32_t hostOf(std::uint32_t agent);
    std::uint32_t service(std::uint32_t node);
    std::uint32_t instance(std::uint32_t node);
    std::uint32_t subject(std::uint32_t instance, std::uint32_t service, std::uint32_t agent, std::uint32_t host);
    telemetry::Entity entityOf(std::uint32_t node) const;
    std::uint32_t end(EdgeSide of, Protocol protocol, std::optional<InternetAddress> remote = {});
    const std::string& idOf(std::uint32_t node) const { return m_resolution.nodes()[node].id; }
    auto nameOf(std::uint32_t edge) const
    {
        const ResolvedEdge& e = m_resolution.edges()[edge];
        return std::tuple(std::string_view(idOf(e.from)), std::string_view(idOf(e.to)), e.port, e.protocol, e.tls);
    }

    const Directory& m_directory;
    const Resolution& m_resolution;
    const TimeRange m_second;
    Sums m_sums;
    std::vector<const Frame*> m_frames; // outlive this
    std::set<EdgeSide> m_missing;
    std::map<std::pair<std::string, std::uint32_t>, std::uint32_t> m_listening; // node's id and port → accept queue
    std::map<std::string, std::uint32_t> m_used; // nodes, by id
    std::vector<const telemetry::Entity*> m_serviceOf; // by node; null: no service is called so
    std::vector<std::string_view> m_typeOf;            // by node
    telemetry::DictionaryBuilder m_names;
    telemetry::Overview m_out;
};

} // namespace binnacle::analysis::internal
