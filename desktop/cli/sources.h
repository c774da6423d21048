// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/base/result.h"
#include "core/telemetry/batch_source.h"
#include "core/telemetry/buffer_horizon.h"
#include "desktop/cli/show_json.h"
#include "desktop/ingest/cluster_wish.h"
#include "desktop/ingest/target.h"

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

/// What a sub-command reads: a file or agents, and the range that was asked for.
namespace binnacle::desktop {

class KubeRuntime;

struct RangeWish {
    std::optional<std::string> from, to; // TIME of contracts.md
};

/// `--context NAME [--context …] [--namespace NS] [--kubeconfig FILE]`
struct ClusterOptions {
    std::vector<std::string> contexts;
    std::string agentNamespace = "binnacle";
    std::string kubeconfig;
    FleetReading fleet = FleetReading::Auto; // of agents by address too

    std::vector<ClusterWish> wishes() const;
};
/// For programs with a terminal: plugins may ask there, and what they say goes to stderr.
std::shared_ptr<KubeRuntime> terminalRuntime();

struct OpenedSource {
    ShowSource about;
    std::unique_ptr<telemetry::BatchSource> source;
    TimeRange range;
};

/// Without a wish the whole file; `-30s` counts back from the file's end.
Result<OpenedSource> openFile(const std::filesystem::path& file, const RangeWish& wish);
/// Agents by address, and those of clusters; when neither is named, this machine's.  Without a wish the last 60 s; `-30s` counts back from the
/// agents' now.  With what the clusters' own APIs list; where no agent answers, that alone, and why is said on stderr.  Waits up to 30 s for a
/// cluster's list of agents, and as long as ssh does for a login.
Result<OpenedSource> openAgents(const std::vector<std::string>& agents, const ClusterOptions& clusters, const RangeWish& wish);

/// As they were written; this machine's agent when none was.
Result<std::vector<Target>> targetsOf(const std::vector<std::string>& agents, FleetReading fleet = FleetReading::Auto);

/// Begin and end as asked, around `whole`, with `now` as the end that `-30s` counts from.
Result<TimeRange> rangeOf(const RangeWish& wish, TimeRange whole, UtcTime now);

/// How far back each signal of a source reaches.
Result<std::vector<telemetry::BufferHorizon>> horizonsOfAgents(const std::vector<std::string>& agents, const ClusterOptions& clusters);
Result<std::vector<telemetry::BufferHorizon>> horizonsOfFile(const std::filesystem::path& file);

/// contracts.md, `info`.
Result<nlohmann::ordered_json> infoOf(const std::filesystem::path& file);

} // namespace binnacle::desktop
