// SPDX-License-Identifier: GPL-3.0-or-later
#include "desktop/ingest/cluster_agents.h"

#include <thread>

namespace binnacle::desktop {
namespace {

constexpr auto kLook = std::chrono::milliseconds(20);

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

} // namespace

Result<std::unique_ptr<ClusterAgents>> ClusterAgents::find(std::shared_ptr<KubeRuntime> runtime, const std::vector<ClusterWish>& wishes,
                                                           std::chrono::seconds patience)
{
    std::unique_ptr<ClusterAgents> agents(new ClusterAgents);
    for (const ClusterWish& wish : wishes) {
        auto link = ClusterLink::create(runtime, wish, [] {});
        if (!link)
            return std::unexpected(std::move(link).error());
        agents->m_links.push_back(std::move(*link));
    }
    const auto end = std::chrono::steady_clock::now() + patience;
    for (const auto& link : agents->m_links) {
        std::optional<Result<void>> outcome;
        while (!(outcome = outcomeOf(link->status(), std::chrono::steady_clock::now() >= end)))
            std::this_thread::sleep_for(kLook);
        if (!*outcome)
            return std::unexpected(outcome->error());
        for (Target& target : link->refresh())
            agents->m_targets.push_back(std::move(target));
    }
    return agents;
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
