// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/analysis/model.h"
#include "core/telemetry/buffer_horizon.h"

#include <nlohmann/json.hpp>

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

/// `binnacle show … --json`: from a snapshot to the objects of contracts.md.  Pure; keys come in a stable order.
namespace binnacle::desktop {

enum class ShowWhat { Map, Services, Tcp, InFlight, Events, Losses, Coverage, Buffer };

struct ShowFacts {
    ShowWhat what;
    std::string_view name;  // as on the command line and in the schema
    std::string_view help;
    /// Arrays of this view; `--where` filters the first one whose rows have the field (map: edges, then nodes).
    std::vector<std::string_view> arrays;
};
const std::vector<ShowFacts>& showFacts();
const ShowFacts* findShow(std::string_view name);
const ShowFacts& factsOf(ShowWhat what);

/// The keys of each row of an array (`edges`, `nodes`, …), in their order: what contracts.md lists.
const std::vector<std::string>& rowKeys(std::string_view array);

struct ShowSource {
    std::string kind; // file, agent, cluster
    std::string path; // the file, the agents as written, or the contexts' names
};

/// The whole object.  `horizons` only for Buffer.
nlohmann::ordered_json showJson(ShowWhat what, const analysis::Snapshot& snapshot, const ShowSource& source,
                                std::span<const telemetry::BufferHorizon> horizons = {});

nlohmann::ordered_json agentsJson(const std::vector<telemetry::AgentIdentity>& agents);
nlohmann::ordered_json lossesJson(const std::vector<analysis::LossSummary>& losses);

} // namespace binnacle::desktop
