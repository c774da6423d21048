// SPDX-License-Identifier: Apache-2.0
#include "core/analysis/frame_store.h"

#include "core/analysis/internal/assembly.h"
#include "core/analysis/internal/frame_levels.h"
#include "core/analysis/internal/tally.h"
#include "core/analysis/words.h"

#include <algorithm>
#include <array>
#include <map>
#include <mutex>

namespace binnacle::analysis {

using namespace internal;

namespace {

constexpr std::int64_t kSecond = 1'000'000'000;

/// A second's figures are final when it is this old: later knowledge of who is who changes a picture, not its timeline.
constexpr std::int64_t kSettled = 60;

/// Sequences that were added, as runs: what one agent said in one epoch is one run, mostly.
class SeenBatches {
public:
    bool insert(const telemetry::BatchKey& key)
    {
        Runs& runs = m_runs[{key.agent, key.epoch}];
        auto next = runs.upper_bound(key.sequence);
        if (next != runs.begin()) {
            const auto before = std::prev(next);
            if (key.sequence < before->second)
                return false;
            if (key.sequence == before->second) {
                ++before->second;
                join(runs, before, next);
                return true;
            }
        }
        const auto fresh = runs.emplace_hint(next, key.sequence, key.sequence + 1);
        join(runs, fresh, next);
        return true;
    }

private:
    using Runs = std::map<std::uint64_t, std::uint64_t>; // [first, end)

    static void join(Runs& runs, Runs::iterator run, Runs::iterator next)
    {
        if (next == runs.end() || run->second != next->first)
            return;
        run->second = next->second;
        runs.erase(next);
    }

    std::map<std::pair<EntityKey, std::uint32_t>, Runs> m_runs;
};

Health healthOf(std::uint64_t bad, std::uint64_t attempts)
{
    if (attempts == 0)
        return Health::Unknown;
    const double share = static_cast<double>(bad) / static_cast<double>(attempts);
    if (share >= 0.05 && bad >= 3)
        return Health::Critical;
    return bad > 0 && share >= 0.01 ? Health::Warning : Health::Ok;
}

} // namespace

struct FrameStore::Private {
    explicit Private(Options given)
        : options(given), levels(hands, given.maxBytes, [this](std::int64_t second, const Frame& frame) { settle(second, frame); })
    {
    }

    std::shared_ptr<const Resolution> resolve();
    Assembly gather(TimeRange range, const Resolution& resolution, std::size_t lastFrames);
    SnapshotPtr snapshot(TimeRange range);
    std::vector<Event> events(TimeRange range);
    std::vector<bool> edgesOf(std::string_view subject, const Resolution& resolution) const;
    std::vector<SeriesPoint> series(std::string_view subject, TimeRange range, std::size_t maxPoints);
    SecondSummary summaryOf(std::int64_t second, const Frame& frame, Tallies& tallies) const;
    std::vector<SecondSummary> seconds(TimeRange range);
    void settle(std::int64_t second, const Frame& frame);
    bool isGap(std::int64_t second, const Frame* frame) const;
    TimeRange covered() const;
    void forgetSummariesBefore(UtcTime at);

    const Options options;
    mutable std::mutex mutex; // guards all below
    Directory directory;
    Hands hands{directory};
    FrameLevels levels;
    SeenBatches seen;
    std::vector<telemetry::Gap> gaps, silent;
    std::uint64_t version = 0;
    std::shared_ptr<const Resolution> resolution;
    std::uint64_t batches = 0, resolvedAt = 0; // added; when the resolution was made
    std::map<std::int64_t, SecondSummary> summaries; // stay when their seconds are forgotten
};

std::shared_ptr<const Resolution> FrameStore::Private::resolve()
{
    const bool holds = resolution && resolution->version() == directory.version() && (!resolution->changesWithTime() || resolvedAt == batches);
    if (!holds)
        resolution = std::make_shared<const Resolution>(directory, hands);
    resolvedAt = batches;
    return resolution;
}

/// `resolution` is lent for as long as the result is used.
Assembly FrameStore::Private::gather(TimeRange range, const Resolution& resolution, std::size_t lastFrames)
{
    FrameLevels::Cover cover = levels.cover(range);
    std::vector<const Frame*> last = levels.lastBefore(cover.range.to, lastFrames);
    std::erase_if(last, [&](const Frame* frame) { return frame->range().to <= cover.range.from; });
    return {directory, resolution, cover.range, std::move(cover.frames), std::move(last), gaps, options.snapshot};
}

std::vector<Event> FrameStore::Private::events(TimeRange range)
{
    const auto resolved = resolve();
    return assembleEvents(gather(range, *resolved, 0));
}

SnapshotPtr FrameStore::Private::snapshot(TimeRange range)
{
    const auto resolved = resolve();
    Snapshot snapshot = assemble(gather(range, *resolved, kLastFrames));
    for (const telemetry::Gap& gap : silent) { // no loss: nothing is gone as long as the agent may still have it
        if (gap.range.intersects(snapshot.range))
            snapshot.gaps.push_back(gap);
    }
    return std::make_shared<const Snapshot>(std::move(snapshot));
}

TimeRange FrameStore::Private::covered() const
{
    TimeRange all = levels.range();
    for (const telemetry::Gap& gap : silent)
        all.to = levels.empty() ? all.to : std::max(all.to, gap.range.to);
    return all;
}

std::vector<bool> FrameStore::Private::edgesOf(std::string_view subject, const Resolution& resolved) const
{
    std::vector<bool> wanted(resolved.edges().size(), false);
    for (std::size_t i = 0; i < wanted.size(); ++i) {
        const ResolvedEdge& edge = resolved.edges()[i];
        Edge named;
        named.to = resolved.nodes()[edge.to].id;
        named.from = resolved.nodes()[edge.from].id;
        named.port = edge.port;
        named.protocol = edge.protocol;
        named.tls = edge.tls;
        wanted[i] = named.to == subject || edgeId(named) == subject;
    }
    return wanted;
}

/// Widths that charts read well; each is a multiple of the frames it is made of.
constexpr std::array<std::int64_t, 15> kWidths{1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1200, 3600, 7200, 21600, 86400};

std::int64_t widthFor(std::int64_t seconds, std::size_t maxPoints, std::int64_t atLeast)
{
    const auto points = static_cast<std::int64_t>(std::max<std::size_t>(maxPoints, 1));
    for (const std::int64_t width : kWidths) {
        // A range that does not begin on a multiple touches one more.
        if (width >= atLeast && (seconds + width - 1) / width + (width > 1 ? 1 : 0) <= points)
            return width;
    }
    return kWidths.back() * ((seconds + kWidths.back() - 1) / kWidths.back() + 1);
}

std::size_t levelFor(std::int64_t width)
{
    std::size_t level = 0;
    while (level + 1 < kLevelSeconds.size() && width % kLevelSeconds[level + 1] == 0)
        ++level;
    return level;
}

SeriesPoint pointOf(const Tallies& tallies, std::int64_t at, std::int64_t width)
{
    SeriesPoint point;
    point.at = utcTime(at * kSecond);
    point.width = Nanoseconds(width * kSecond);
    Histogram latency;
    for (const Tallies::EdgeTally& edge : tallies.edges()) {
        point.requests += edge.chosen.requests;
        point.errors += edge.chosen.errors;
        latency.merge(edge.chosen.latency);
    }
    point.p50 = quantileOf(latency, 0.50);
    point.p90 = quantileOf(latency, 0.90);
    point.p95 = quantileOf(latency, 0.95);
    point.p99 = quantileOf(latency, 0.99);
    if (!latency.empty())
        point.max = Nanoseconds(static_cast<std::int64_t>(latency.max()));
    return point;
}

std::vector<SeriesPoint> FrameStore::Private::series(std::string_view subject, TimeRange range, std::size_t maxPoints)
{
    std::vector<SeriesPoint> points;
    if (levels.empty() || !range.intersects(levels.range()))
        return points;
    const std::int64_t from = std::max(floorSecond(range.from), floorSecond(levels.range().from));
    const std::int64_t to = std::min(ceilSecond(range.to), ceilSecond(levels.range().to));
    const std::int64_t width = widthFor(to - from, maxPoints, kLevelSeconds[levels.finestLevelAt(from)]);
    const auto resolved = resolve();
    Tallies tallies(*resolved, Tallies::Latency::Take);
    std::vector<bool> wanted = edgesOf(subject, *resolved);
    if (std::find(wanted.begin(), wanted.end(), true) == wanted.end())
        return points;
    tallies.restrictTo(std::move(wanted));
    for (std::int64_t at = alignDown(from, width); at < to; at += width) {
        tallies.clear();
        const Frame* last = nullptr;
        levels.visit(levelFor(width), at, at + width, [&](const Frame& frame) {
            tallies.add(frame);
            last = &frame;
        });
        if (!last)
            continue;
        points.push_back(pointOf(tallies, at, width));
        tallies.clear();
        tallies.add(*last); // a gauge is the last frame's
        for (const Tallies::EdgeTally& edge : tallies.edges())
            points.back().inFlight += edge.chosen.open;
    }
    return points;
}

SecondSummary FrameStore::Private::summaryOf(std::int64_t second, const Frame& frame, Tallies& tallies) const
{
    tallies.clear();
    tallies.add(frame);
    SecondSummary summary;
    summary.from = utcTime(second * kSecond);
    summary.losses = tallies.losses();
    for (const Tallies::EdgeTally& edge : tallies.edges()) {
        summary.requests += edge.chosen.requests;
        summary.errors += edge.chosen.errors;
        summary.failedConnects += edge.failedConnects;
        const std::uint64_t succeeded = edge.chosen.requests > 0 ? edge.chosen.requests : edge.chosen.opened;
        const Health health = healthOf(edge.chosen.errors + edge.failedConnects, succeeded + edge.failedConnects);
        const bool worse = summary.worst == Health::Unknown || (health != Health::Unknown && severity(health) > severity(summary.worst));
        summary.worst = worse ? health : summary.worst;
    }
    return summary;
}

bool FrameStore::Private::isGap(std::int64_t second, const Frame* frame) const
{
    if (!frame || !frame->gaps().empty())
        return true;
    const TimeRange range{utcTime(second * kSecond), utcTime((second + 1) * kSecond)};
    for (const auto* list : {&gaps, &silent}) {
        if (std::any_of(list->begin(), list->end(), [&](const telemetry::Gap& gap) { return gap.range.intersects(range); }))
            return true;
    }
    // Hosts that spoke before and spoke again are missing in between.
    for (std::uint32_t i = 0; i < directory.agents().size(); ++i) {
        const Seen& agent = directory.agents()[i].seen;
        const bool expected = agent.first <= range.from && agent.last >= range.to && !directory.agents()[i].lists;
        const auto spoke = [&](const AgentPart& part) { return part.agent == i; };
        if (expected && std::none_of(frame->agents().begin(), frame->agents().end(), spoke))
            return true;
    }
    return false;
}

std::vector<SecondSummary> FrameStore::Private::seconds(TimeRange range)
{
    std::vector<SecondSummary> all;
    if (levels.empty() || !range.intersects(covered()))
        return all;
    const std::int64_t from = std::max(floorSecond(range.from), floorSecond(covered().from));
    const std::int64_t to = std::min(ceilSecond(range.to), ceilSecond(covered().to));
    const std::int64_t settled = floorSecond(levels.range().to) - kSettled;
    const auto resolved = resolve();
    Tallies tallies(*resolved, Tallies::Latency::Skip);
    for (std::int64_t second = from; second < to; ++second) {
        const Frame* frame = levels.findSecond(second);
        const auto known = summaries.find(second);
        SecondSummary summary;
        summary.from = utcTime(second * kSecond);
        if (frame && (known == summaries.end() || second >= settled))
            summary = summaries[second] = summaryOf(second, *frame, tallies);
        else if (known != summaries.end())
            summary = known->second;
        const bool forgotten = !frame && known != summaries.end();
        summary.gap = !forgotten && isGap(second, frame);
        all.push_back(summary);
    }
    return all;
}

/// The last chance to sum up a second that is going to be forgotten.
void FrameStore::Private::settle(std::int64_t second, const Frame& frame)
{
    if (summaries.contains(second))
        return;
    // Sums over all edges: one that was right a moment ago is good enough, and making one for each batch of a long file is not cheap.
    const auto resolved = resolution && resolution->version() == directory.version() ? resolution : resolve();
    Tallies tallies(*resolved, Tallies::Latency::Skip);
    summaries[second] = summaryOf(second, frame, tallies);
}

void FrameStore::Private::forgetSummariesBefore(UtcTime at)
{
    summaries.erase(summaries.begin(), summaries.lower_bound(floorSecond(at)));
}

FrameStore::FrameStore() : FrameStore(Options{}) {}
FrameStore::FrameStore(Options options) : d(std::make_unique<Private>(options)) {}
FrameStore::~FrameStore() = default;

void FrameStore::addAgent(const telemetry::AgentIdentity& agent)
{
    const std::lock_guard lock(d->mutex);
    d->directory.describeAgent(agent);
    ++d->version;
}

void FrameStore::add(const telemetry::Batch& batch)
{
    if (!batch.overview)
        return;
    const std::lock_guard lock(d->mutex);
    if (!d->seen.insert(batch.key))
        return;
    ++d->batches;
    d->summaries.erase(floorSecond(batch.range.from));
    d->levels.add(Frame::of(batch, d->directory));
    d->forgetSummariesBefore(d->levels.range().from);
    ++d->version;
}

void FrameStore::addGap(const telemetry::Gap& gap)
{
    const std::lock_guard lock(d->mutex);
    const auto same = [&](const telemetry::Gap& known) {
        return known.agent == gap.agent && known.range == gap.range && known.reason == gap.reason;
    };
    if (std::any_of(d->gaps.begin(), d->gaps.end(), same))
        return;
    d->gaps.push_back(gap);
    ++d->version;
}

void FrameStore::setSilent(std::vector<telemetry::Gap> gaps)
{
    const std::lock_guard lock(d->mutex);
    d->silent = std::move(gaps);
    ++d->version;
}

Result<void> FrameStore::load(const telemetry::BatchSource& source, const std::function<bool(UtcTime)>& keepOn)
{
    for (const telemetry::AgentIdentity& agent : source.agents())
        addAgent(agent);
    bool stopped = false;
    const auto visit = [&](const telemetry::Batch& batch) {
        add(batch);
        stopped = keepOn && !keepOn(batch.range.to);
        return !stopped;
    };
    BN_TRY(source.read(source.covered(), false, visit));
    if (stopped)
        return failure(ErrorCode::Cancelled, "loading was cancelled");
    for (const telemetry::Gap& gap : source.gaps())
        addGap(gap);
    return {};
}

TimeRange FrameStore::covered() const
{
    const std::lock_guard lock(d->mutex);
    return d->covered();
}

std::uint64_t FrameStore::version() const
{
    const std::lock_guard lock(d->mutex);
    return d->version;
}

std::size_t FrameStore::bytes() const
{
    const std::lock_guard lock(d->mutex);
    return d->levels.bytes() + d->directory.bytes() + d->summaries.size() * (sizeof(SecondSummary) + 48);
}

SnapshotPtr FrameStore::snapshot(TimeRange range) const
{
    const std::lock_guard lock(d->mutex);
    return d->snapshot(range);
}

std::vector<Event> FrameStore::events(TimeRange range) const
{
    const std::lock_guard lock(d->mutex);
    return d->events(range);
}

std::vector<SeriesPoint> FrameStore::series(std::string_view subject, TimeRange range, std::size_t maxPoints) const
{
    const std::lock_guard lock(d->mutex);
    return d->series(subject, range, maxPoints);
}

std::vector<SecondSummary> FrameStore::seconds(TimeRange range) const
{
    const std::lock_guard lock(d->mutex);
    return d->seconds(range);
}

} // namespace binnacle::analysis
