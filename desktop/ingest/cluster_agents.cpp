// SPDX-License-Identifier: GPL-3.0-or-later
#include "desktop/ingest/cluster_agents.h"

#include <algorithm>
#include <thread>

namespace binnacle::desktop {
namespace {

constexpr auto kLook = std::chrono::milliseconds(20);
constexpr auto kListPatience = std::chrono::seconds(3); // with the inventory, where agents answer

/// Nothing while it may still come.
std::optional<Result<void>> outcomeOf(const ClusterStatus& status, bool isLate)
{
    const bool isDecided = status.state == ClusterState::Watching || status.state == ClusterState::Refused || isLate;
    if (!isDecided)
        return std::nullopt;
    if (status.trouble)
        return std::unexpected(*status.trouble);
    if (status.state == ClusterState::Watching)
        return Result<void>();
    return failure(ErrorCode::Unavailable, "context " + status.context + " did not say in time which agents there are; `binnacle diagnose --context " + status.context
                                               + "` shows which step takes so long");
}

/// Whether there is something to show by then, and best of all everything.
bool isThere(InventoryWatch& watch, std::chrono::steady_clock::time_point end)
{
    while (!watch.isSettled() && std::chrono::steady_clock::now() < end) {
        watch.tick();
        std::this_thread::sleep_for(kLook);
    }
    return watch.hasPods();
}

} // namespace

Result<std::unique_ptr<ClusterAgents>> ClusterAgents::find(std::shared_ptr<KubeRuntime> runtime, const std::vector<ClusterWish>& wishes, Inventory inventory,
                                                           std::chrono::seconds patience)
{
    std::unique_ptr<ClusterAgents> agents(new ClusterAgents);
    for (const ClusterWish& wish : wishes) {
        auto link = ClusterLink::create(runtime, wish, [] {});
        if (!link)
            return std::unexpected(std::move(link).error());
        if (inventory == Inventory::Take)
            agents->m_watches.push_back(std::make_unique<InventoryWatch>((*link)->client(), kube::WatchOptions()));
        agents->m_links.push_back(std::move(*link));
    }
    const auto end = std::chrono::steady_clock::now() + patience;
    for (std::size_t i = 0; i < agents->m_links.size(); ++i) {
        ClusterLink& link = *agents->m_links[i];
        std::optional<Result<void>> outcome;
        while (!(outcome = outcomeOf(link.status(), std::chrono::steady_clock::now() >= end)))
            std::this_thread::sleep_for(kLook);
        const bool isListed = inventory == Inventory::Take && isThere(*agents->m_watches[i], *outcome ? std::min(end, std::chrono::steady_clock::now() + kListPatience) : end);
        if (!*outcome && !isListed)
            return std::unexpected(outcome->error());
        if (!*outcome && !agents->m_nobody)
            agents->m_nobody = outcome->error();
        for (Target& target : link.refresh())
            agents->m_targets.push_back(std::move(target));
    }
    return agents;
}

std::vector<InventoryLook> ClusterAgents::inventories(std::optional<UtcTime> to) const
{
    std::vector<InventoryLook> looks;
    for (std::size_t i = 0; i < m_watches.size(); ++i) {
        if (!m_watches[i]->hasPods())
            continue;
        const auto offset = m_watches[i]->serverOffset();
        const UtcTime now = offset ? UtcTime(std::chrono::steady_clock::now().time_since_epoch() + *offset) : utcNow();
        const UtcTime end = std::chrono::floor<std::chrono::seconds>(to.value_or(now));
        InventoryBatches batches(*m_watches[i], m_links[i]->status().context, 1);
        telemetry::Batch batch = batches.next({end - std::chrono::seconds(1), end});
        looks.push_back({batches.identity(), std::move(batch)});
    }
    return looks;
}

std::string ClusterAgents::names() const
{
    std::string names;
    for (const auto& link : m_links)
        names += (names.empty() ? "" : ",") + link->status().context;
    return names;
}

std::vector<std::string> ClusterAgents::leftOut() const
{
    std::vector<std::string> sentences;
    for (const auto& link : m_links) {
        if (std::string sentence = link->status().leftOut; !sentence.empty())
            sentences.push_back(std::move(sentence));
    }
    return sentences;
}

std::optional<Error> ClusterAgents::whyAway(const Target& target) const
{
    for (const auto& link : m_links) {
        if (auto why = link->whyAway(target))
            return why;
    }
    return std::nullopt;
}

} // namespace binnacle::desktop
