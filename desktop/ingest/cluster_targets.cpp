// SPDX-License-Identifier: GPL-3.0-or-later
#include "desktop/ingest/cluster_targets.h"

#include <algorithm>
#include <utility>

namespace binnacle::desktop {
namespace {

constexpr auto kBeat = std::chrono::seconds(1); // for what happens with time alone: nodes whose pod has been gone for long

} // namespace

void ClusterTargets::Bell::ring()
{
    {
        const std::lock_guard lock(mutex);
        isRung = true;
    }
    rung.notify_all();
}

ClusterTargets::ClusterTargets(std::shared_ptr<KubeRuntime> runtime, std::vector<ClusterWish> wishes, Sink sink, ClusterLinkOptions options)
    : m_runtime(std::move(runtime)), m_sink(std::move(sink)), m_options(options)
{
    for (ClusterWish& wish : wishes)
        m_clusters.push_back({.wish = std::move(wish)});
}

void ClusterTargets::start()
{
    m_runtime->credentials().forgetAnswers(); // a person connects anew: what was refused may be asked about again
    m_thread = std::thread([this] { run(); });
}

ClusterTargets::~ClusterTargets() { stop(); }

void ClusterTargets::stop()
{
    {
        const std::lock_guard lock(m_bell->mutex);
        m_bell->isOver = true;
    }
    m_bell->ring();
    if (m_thread.joinable())
        m_thread.join();
    for (const auto& link : links())
        link->endInventory();
}

void ClusterTargets::retry()
{
    m_runtime->credentials().forgetAnswers();
    {
        const std::lock_guard lock(m_bell->mutex);
        m_bell->retry = true;
    }
    m_bell->ring();
}

void ClusterTargets::run()
{
    bool retry = true;
    while (true) {
        for (Cluster& cluster : m_clusters) {
            if (!cluster.link && retry)
                open(cluster);
            else if (cluster.link && retry)
                cluster.link->retry();
            reconcile(cluster);
        }
        if (m_sink.changed)
            m_sink.changed();
        std::unique_lock lock(m_bell->mutex);
        m_bell->rung.wait_for(lock, kBeat, [this] { return m_bell->isRung; });
        m_bell->isRung = false;
        retry = std::exchange(m_bell->retry, false);
        if (m_bell->isOver)
            return;
    }
}

void ClusterTargets::open(Cluster& cluster)
{
    auto link = ClusterLink::create(m_runtime, cluster.wish, [bell = m_bell] { bell->ring(); }, m_options);
    if (link && m_sink.inventory.item)
        (*link)->beginInventory(m_sink.inventory);
    const std::lock_guard lock(m_mutex);
    cluster.trouble = link ? std::nullopt : std::optional(link.error());
    if (link)
        cluster.link = std::move(*link);
}

void ClusterTargets::reconcile(Cluster& cluster)
{
    if (!cluster.link)
        return;
    std::vector<Target> now = cluster.link->refresh();
    for (const Target& target : cluster.known) {
        if (std::ranges::find(now, target) == now.end())
            m_sink.gone(target);
    }
    for (const Target& target : now) {
        if (std::ranges::find(cluster.known, target) == cluster.known.end())
            m_sink.found(target);
    }
    cluster.known = std::move(now);
}

std::vector<ClusterStatus> ClusterTargets::status() const
{
    std::vector<ClusterStatus> all;
    const std::lock_guard lock(m_mutex);
    for (const Cluster& cluster : m_clusters) {
        if (cluster.link) {
            all.push_back(cluster.link->status());
            continue;
        }
        ClusterStatus& status = all.emplace_back();
        status.wish = cluster.wish;
        status.context = cluster.wish.context;
        status.trouble = cluster.trouble;
        status.state = cluster.trouble ? ClusterState::Refused : ClusterState::Opening;
    }
    return all;
}

std::vector<std::shared_ptr<ClusterLink>> ClusterTargets::links() const
{
    std::vector<std::shared_ptr<ClusterLink>> links;
    const std::lock_guard lock(m_mutex);
    for (const Cluster& cluster : m_clusters) {
        if (cluster.link)
            links.push_back(cluster.link);
    }
    return links;
}

std::optional<Error> ClusterTargets::whyAway(const Target& target) const
{
    for (const auto& link : links()) {
        if (auto why = link->whyAway(target))
            return why;
    }
    return std::nullopt;
}

} // namespace binnacle::desktop
