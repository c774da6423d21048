// SPDX-License-Identifier: Apache-2.0
#include "core/analysis/merge.h"

#include "core/analysis/internal/merged_rows.h"

#include <chrono>
#include <map>
#include <optional>

namespace binnacle::analysis {

using namespace internal;

namespace {

constexpr Nanoseconds kGeneration = std::chrono::hours(1);
constexpr Nanoseconds kOverlap = std::chrono::minutes(10); // of two generations: all that holds is said again in it
constexpr Nanoseconds kMissed = std::chrono::minutes(10);  // an end that was not seen for longer is not waited for

/// What was learnt since a moment.
struct Knowledge {
    explicit Knowledge(UtcTime begin) : since(begin) {}

    const Resolution& resolve()
    {
        if (!resolution || resolution->version() != directory.version() || resolution->changesWithTime())
            resolution.emplace(directory, hands);
        return *resolution;
    }

    UtcTime since;
    Directory directory;
    Hands hands{directory};
    std::optional<Resolution> resolution;
};

} // namespace

struct FleetMerge::Private {
    void turn(UtcTime now);
    std::vector<std::uint32_t> learnMissing(const std::vector<MissingHost>& missing);
    void markMissing(const std::vector<std::uint32_t>& missing, TimeRange second, MergedRows& rows);

    std::map<EntityKey, telemetry::AgentIdentity> agents;
    std::unique_ptr<Knowledge> now, next; // next: learns beside it, before it takes over
};

void FleetMerge::Private::turn(UtcTime at)
{
    const auto begin = [&] {
        auto fresh = std::make_unique<Knowledge>(at);
        for (const auto& [key, agent] : agents)
            fresh->directory.describeAgent(agent);
        return fresh;
    };
    if (!now)
        now = begin();
    if (!next && at - now->since >= kGeneration)
        next = begin();
    if (next && at - next->since >= kOverlap)
        now = std::move(next);
}

std::vector<std::uint32_t> FleetMerge::Private::learnMissing(const std::vector<MissingHost>& missing)
{
    std::vector<std::uint32_t> numbers;
    for (const MissingHost& host : missing)
        numbers.push_back(now->directory.agent(host.agent));
    return numbers;
}

void FleetMerge::Private::markMissing(const std::vector<std::uint32_t>& missing, TimeRange second, MergedRows& rows)
{
    if (missing.empty())
        return;
    const std::vector<KnownEnd>& ends = now->directory.ends();
    for (std::uint32_t i = 0; i < ends.size(); ++i) {
        const bool isMissed = std::find(missing.begin(), missing.end(), ends[i].place.agent) != missing.end();
        if (isMissed && ends[i].seen.last + kMissed >= second.from)
            rows.addMissing(i, lastMoment(second));
    }
}

FleetMerge::FleetMerge() : d(std::make_unique<Private>()) {}
FleetMerge::~FleetMerge() = default;

void FleetMerge::addAgent(const telemetry::AgentIdentity& agent)
{
    telemetry::AgentIdentity& known = d->agents[agent.agent];
    if (known == agent)
        return;
    known = agent;
    for (Knowledge* knowledge : {d->now.get(), d->next.get()}) {
        if (knowledge)
            knowledge->directory.describeAgent(agent);
    }
}

telemetry::Batch FleetMerge::merge(TimeRange second, const std::vector<BatchPtr>& batches, const std::vector<MissingHost>& missing)
{
    d->turn(second.from);
    std::vector<Frame> frames;
    frames.reserve(batches.size());
    for (const BatchPtr& batch : batches) {
        frames.push_back(Frame::of(*batch, d->now->directory));
        if (d->next)
            Frame::of(*batch, d->next->directory);
    }
    const std::vector<std::uint32_t> numbers = d->learnMissing(missing);
    MergedRows rows(d->now->directory, d->now->resolve(), second);
    for (const Frame& frame : frames)
        rows.add(frame);
    d->markMissing(numbers, second, rows);
    return rows.finish(missing);
}

} // namespace binnacle::analysis
