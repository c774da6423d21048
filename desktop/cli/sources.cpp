// SPDX-License-Identifier: GPL-3.0-or-later
#include "desktop/cli/sources.h"

#include "core/analysis/words.h"
#include "core/session/memory_session.h"
#include "core/session/session_reader.h"
#include "desktop/ingest/agent_queries.h"
#include "desktop/ingest/cluster_agents.h"
#include "desktop/ingest/ssh_links.h"

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

std::string textOf(const std::vector<Target>& targets)
{
    std::string text;
    for (const Target& target : targets)
        text += (text.empty() ? "" : ",") + target.toText();
    return text;
}

} // namespace

Result<std::vector<Target>> targetsOf(const std::vector<std::string>& agents, FleetReading fleet)
{
    std::vector<Target> targets;
    for (const std::string& text : agents) {
        auto target = Target::parse(text);
        if (!target)
            return std::unexpected(std::move(target).error());
        target->fleet = fleet;
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
        wishes.push_back({context, agentNamespace, kubeconfig, fleet});
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

/// What the clusters' own APIs list, beside what agents said of the same time; an inventory knows the present alone.
Result<OpenedSource> withInventories(OpenedSource opened, const std::vector<InventoryLook>& looks)
{
    auto session = std::make_unique<session::MemorySession>();
    if (opened.source) {
        for (const telemetry::AgentIdentity& agent : opened.source->agents())
            session->addAgent(agent);
        BN_TRY(opened.source->read(opened.source->covered(), true, [&](const telemetry::Batch& batch) {
            session->append(batch);
            return true;
        }));
        for (const telemetry::Gap& gap : opened.source->gaps())
            session->addGap(gap);
    }
    for (const InventoryLook& look : looks) {
        session->addAgent(look.identity);
        session->append(look.batch);
    }
    opened.source = std::move(session);
    return opened;
}

/// What a list leaves out is said beside it.
void sayLimits(const std::vector<InventoryLook>& looks)
{
    for (const InventoryLook& look : looks) {
        for (const telemetry::CoverageRow& row : look.batch.overview->coverage)
            std::fprintf(stderr, "binnacle: %s\n", look.batch.dictionary->strings[row.advice].c_str());
    }
}

/// No agent answers: the clusters' lists are all there is.
Result<OpenedSource> openInventories(const std::vector<InventoryLook>& looks, ShowSource about, const RangeWish& wish)
{
    sayLimits(looks);
    UtcTime now{};
    for (const InventoryLook& look : looks)
        now = std::max(now, look.batch.range.to);
    const auto range = rangeOf(wish, {now - kDefaultWindow, now}, now);
    if (!range)
        return std::unexpected(range.error());
    return withInventories({std::move(about), nullptr, *range}, looks);
}

/// What was asked for, with the ways to it, which are open as long as this lives.
struct Reached {
    std::unique_ptr<ClusterAgents> clusters; // null: none was named
    SshLinks ssh{SshPrompts::Terminal};
    std::vector<Target> targets;
    ShowSource about;

    /// What lies between knows better than the last hop.
    Error explained(Error trouble) const
    {
        if (trouble.code != ErrorCode::Unavailable)
            return trouble;
        for (const Target& target : targets) {
            auto why = ssh.whyAway(target);
            if (!why && clusters)
                why = clusters->whyAway(target);
            if (why)
                return target.context.empty() ? *why : std::move(*why).within(target.toWords());
        }
        return trouble;
    }
};

Result<std::unique_ptr<Reached>> reach(const std::vector<std::string>& agents, const ClusterOptions& clusters,
                                       ClusterAgents::Inventory inventory = ClusterAgents::Inventory::Leave)
{
    auto reached = std::make_unique<Reached>();
    if (!clusters.contexts.empty()) {
        auto found = ClusterAgents::find(terminalRuntime(), clusters.wishes(), inventory);
        if (!found)
            return std::unexpected(std::move(found).error());
        reached->clusters = std::move(*found);
        reached->targets = reached->clusters->targets();
        reached->about = {"cluster", reached->clusters->names()};
        for (const std::string& sentence : reached->clusters->leftOut())
            std::fprintf(stderr, "binnacle: %s\n", sentence.c_str());
        if (agents.empty())
            return reached;
    }
    const auto named = targetsOf(agents, clusters.fleet);
    if (!named)
        return std::unexpected(named.error());
    if (!reached->clusters)
        reached->about = {"agent", textOf(*named)};
    auto opened = reached->ssh.openAndWait(*named);
    if (!opened)
        return std::unexpected(std::move(opened).error());
    reached->targets.insert(reached->targets.end(), opened->begin(), opened->end());
    return reached;
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

Result<OpenedSource> openAgents(const std::vector<std::string>& agents, const ClusterOptions& clusters, const RangeWish& wish)
{
    const auto opened = reach(agents, clusters, ClusterAgents::Inventory::Take);
    if (!opened)
        return std::unexpected(opened.error());
    const Reached& reached = **opened;
    if (reached.clusters && reached.clusters->nobody())
        std::fprintf(stderr, "binnacle: %s\n", reached.clusters->nobody()->what.c_str());
    if (reached.clusters && reached.targets.empty())
        return openInventories(reached.clusters->inventories({}), reached.about, wish);
    auto source = openTargets(reached.targets, reached.about, wish);
    if (!source)
        return std::unexpected(reached.explained(source.error()));
    if (!reached.clusters || wish.to)
        return source;
    return withInventories(std::move(*source), reached.clusters->inventories(source->range.to));
}

Result<std::vector<telemetry::BufferHorizon>> horizonsOfAgents(const std::vector<std::string>& agents, const ClusterOptions& clusters)
{
    const auto reached = reach(agents, clusters);
    if (!reached)
        return std::unexpected(reached.error());
    auto horizons = horizonsOf((*reached)->targets);
    return horizons ? std::move(horizons) : std::unexpected((*reached)->explained(horizons.error()));
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
        horizon.host = agent.host;
        horizon.isMerged = telemetry::isMerged(agent);
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
    std::vector<telemetry::AgentIdentity> agents = info.agents;
    std::erase_if(agents, telemetry::isInventory);
    json["agents"] = agentsJson(agents);
    json["losses"] = lossesJson(losses);
    return json;
}

} // namespace binnacle::desktop
