// SPDX-License-Identifier: GPL-3.0-or-later
#include "desktop/cli/sources.h"

#include "core/analysis/words.h"
#include "core/session/session_reader.h"
#include "desktop/ingest/agent_queries.h"
#include "desktop/ingest/cluster_agents.h"

#include <algorithm>
#include <cstdio>

namespace binnacle::desktop {

namespace {

/// What an agent shows when nothing else was asked for (contracts.md).
constexpr Nanoseconds kDefaultWindow = std::chrono::seconds(60);
/// How far before the range an agent is asked too, so that services scaled to zero are still known.  More would cost more of the
/// agent's time than the answer is worth.
constexpr Nanoseconds kAgentLookBehind = std::chrono::minutes(10);

Result<UtcTime> timeOf(const char* option, const std::string& text, UtcTime now)
{
    if (const auto time = parseTime(text, now))
        return *time;
    return failure(ErrorCode::Invalid, std::string(option) + ": `" + text + "` is no time; write 2026-11-23T04:05:06Z, Unix nanoseconds, or -30s before the end");
}

Result<std::vector<Target>> targetsOf(const std::vector<std::string>& agents)
{
    std::vector<Target> targets;
    for (const std::string& text : agents) {
        auto target = Target::parse(text);
        if (!target)
            return std::unexpected(std::move(target).error());
        targets.push_back(std::move(*target));
    }
    if (!targets.empty())
        return targets;
    auto local = findLocalAgent();
    if (!local)
        return std::unexpected(std::move(local).error());
    targets.push_back(std::move(*local));
    return targets;
}

std::string textOf(const std::vector<Target>& targets)
{
    std::string text;
    for (const Target& target : targets)
        text += (text.empty() ? "" : ",") + target.toText();
    return text;
}

} // namespace

Result<TimeRange> rangeOf(const RangeWish& wish, TimeRange whole, UtcTime now)
{
    TimeRange range = whole;
    if (wish.from) {
        const auto from = timeOf("--from", *wish.from, now);
        if (!from)
            return std::unexpected(from.error());
        range.from = *from;
    }
    if (wish.to) {
        const auto to = timeOf("--to", *wish.to, now);
        if (!to)
            return std::unexpected(to.error());
        range.to = *to;
    }
    if (range.from > range.to)
        return failure(ErrorCode::Invalid, "--from " + toRfc3339(range.from) + " is later than --to " + toRfc3339(range.to));
    return range;
}

Result<OpenedSource> openFile(const std::filesystem::path& file, const RangeWish& wish)
{
    auto reader = session::SessionReader::open(file);
    if (!reader)
        return std::unexpected(std::move(reader).error());
    const TimeRange covered = (*reader)->covered();
    const auto range = rangeOf(wish, covered, covered.to);
    if (!range)
        return std::unexpected(range.error());
    return OpenedSource{{"file", file.string()}, std::move(*reader), *range};
}

std::vector<ClusterWish> ClusterOptions::wishes() const
{
    std::vector<ClusterWish> wishes;
    for (const std::string& context : contexts)
        wishes.push_back({context, agentNamespace, kubeconfig});
    return wishes;
}

std::shared_ptr<KubeRuntime> terminalRuntime()
{
    KubeRuntimeOptions options;
    options.terminal = kube::CredentialOptions::Terminal::Available;
    options.onPluginText = [](std::string_view text) { std::fwrite(text.data(), 1, text.size(), stderr); };
    return std::make_shared<KubeRuntime>(std::move(options));
}

namespace {

Result<OpenedSource> openTargets(const std::vector<Target>& targets, ShowSource about, const RangeWish& wish)
{
    // The agents' now first: what `-30s` means, and how far before it to ask, hangs on it.
    const auto present = snapshotAgents(targets, {.from = "-1s", .to = std::nullopt});
    if (!present)
        return std::unexpected(present.error());
    const UtcTime now = present->range.to;
    const auto range = rangeOf(wish, {now - kDefaultWindow, now}, now);
    if (!range)
        return std::unexpected(range.error());
    auto asked = snapshotAgents(targets, {.from = std::to_string(ns(range->from - kAgentLookBehind)), .to = std::to_string(ns(range->to))});
    if (!asked)
        return std::unexpected(std::move(asked).error());
    return OpenedSource{std::move(about), std::move(asked->source), *range};
}

/// The links, which stay open as long as this lives, and all targets.
struct OpenedClusters {
    std::unique_ptr<ClusterAgents> agents;
    std::vector<Target> targets;
};

Result<OpenedClusters> reach(const ClusterOptions& clusters, const std::vector<std::string>& agents)
{
    auto reached = ClusterAgents::find(terminalRuntime(), clusters.wishes());
    if (!reached)
        return std::unexpected(std::move(reached).error());
    OpenedClusters opened{std::move(*reached), {}};
    opened.targets = opened.agents->targets();
    for (const std::string& sentence : opened.agents->leftOut())
        std::fprintf(stderr, "binnacle: %s\n", sentence.c_str());
    if (agents.empty())
        return opened;
    auto named = targetsOf(agents);
    if (!named)
        return std::unexpected(std::move(named).error());
    opened.targets.insert(opened.targets.end(), named->begin(), named->end());
    return opened;
}

Result<std::vector<telemetry::BufferHorizon>> horizonsOf(const std::vector<Target>& targets)
{
    std::vector<telemetry::BufferHorizon> all;
    for (const Target& target : targets) {
        const auto horizons = bufferOf(target);
        if (!horizons)
            return std::unexpected(Error(horizons.error()).within(target.toWords()));
        all.insert(all.end(), horizons->begin(), horizons->end());
    }
    return all;
}

} // namespace

Result<OpenedSource> openAgents(const std::vector<std::string>& agents, const RangeWish& wish)
{
    const auto targets = targetsOf(agents);
    if (!targets)
        return std::unexpected(targets.error());
    return openTargets(*targets, {"agent", textOf(*targets)}, wish);
}

Result<OpenedSource> openClusters(const ClusterOptions& clusters, const std::vector<std::string>& agents, const RangeWish& wish)
{
    const auto opened = reach(clusters, agents);
    if (!opened)
        return std::unexpected(opened.error());
    auto source = openTargets(opened->targets, {"cluster", opened->agents->names()}, wish);
    if (source)
        return source;
    for (const Target& target : opened->targets) { // what lies between knows better than the last hop
        if (auto why = opened->agents->whyAway(target))
            return std::unexpected(std::move(*why).within(target.toWords()));
    }
    return source;
}

Result<std::vector<telemetry::BufferHorizon>> horizonsOfAgents(const std::vector<std::string>& agents)
{
    const auto targets = targetsOf(agents);
    if (!targets)
        return std::unexpected(targets.error());
    return horizonsOf(*targets);
}

Result<std::vector<telemetry::BufferHorizon>> horizonsOfClusters(const ClusterOptions& clusters, const std::vector<std::string>& agents)
{
    const auto opened = reach(clusters, agents);
    if (!opened)
        return std::unexpected(opened.error());
    return horizonsOf(opened->targets);
}

/// A file is a buffer that forgets nothing: one signal an agent, over all of the file.
Result<std::vector<telemetry::BufferHorizon>> horizonsOfFile(const std::filesystem::path& file)
{
    const auto reader = session::SessionReader::open(file);
    if (!reader)
        return std::unexpected(reader.error());
    const session::SessionInfo info = (*reader)->info();
    std::vector<telemetry::BufferHorizon> all;
    for (const telemetry::AgentIdentity& agent : info.agents) {
        telemetry::BufferHorizon horizon;
        horizon.agent = agent.agent;
        horizon.signal = "session";
        horizon.range = info.range;
        horizon.bytes = info.bytes;
        const auto known = [&](const telemetry::BufferHorizon& other) { return other.agent == horizon.agent; };
        if (std::none_of(all.begin(), all.end(), known))
            all.push_back(std::move(horizon));
    }
    return all;
}

Result<nlohmann::ordered_json> infoOf(const std::filesystem::path& file)
{
    const auto reader = session::SessionReader::open(file);
    if (!reader)
        return std::unexpected(reader.error());
    const session::SessionInfo info = (*reader)->info(session::SessionReader::Check::Everything);
    std::vector<analysis::LossSummary> losses;
    for (const session::LossTotal& total : info.losses)
        losses.push_back(analysis::lossSummary(total.loss, total.count, total.range));
    std::sort(losses.begin(), losses.end(), [](const auto& a, const auto& b) { return std::tie(a.place, a.reason) < std::tie(b.place, b.reason); });
    nlohmann::ordered_json json;
    json["schema"] = "binnacle.info/1";
    json["complete"] = info.complete;
    json["damaged"] = info.damaged;
    json["from_ns"] = ns(info.range.from);
    json["to_ns"] = ns(info.range.to);
    json["segments"] = info.segments;
    json["bytes"] = info.bytes;
    json["agents"] = agentsJson(info.agents);
    json["losses"] = lossesJson(losses);
    return json;
}

} // namespace binnacle::desktop
