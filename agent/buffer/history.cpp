// SPDX-License-Identifier: Apache-2.0
#include "agent/buffer/internal/buffer_state.h"
#include "agent/buffer/rolling_buffer.h"
#include "core/telemetry/batch_reader.h"

#include <algorithm>
#include <utility>

namespace binnacle::agent {
namespace {

/// A segment that answers a part of the range, and the times for which it is asked.
struct Part {
    StoredSegment segment;
    TimeRange wanted;
};

/// The batches of a segment that lie in `wanted`, encoded anew; the bytes as they are when all do, null when none does.
std::shared_ptr<const std::string> cutTo(std::shared_ptr<const std::string> bytes, const Part& part)
{
    const TimeRange& has = part.segment.range;
    if (part.wanted.from <= has.from && has.to <= part.wanted.to)
        return bytes;
    const auto batches = telemetry::readSegment(asBytes(*bytes));
    telemetry::SegmentWriter writer(levelOf(part.segment.tier));
    bool any = false;
    for (const telemetry::Batch& batch : batches ? *batches : std::vector<telemetry::Batch>{}) {
        if (batch.range.from < part.wanted.from || batch.range.to > part.wanted.to)
            continue;
        writer.append(batch);
        any = true;
    }
    return any ? std::make_shared<const std::string>(writer.seal(factsOf(part.segment.tier).kind)->bytes) : nullptr;
}

StoredSegment asStored(Tier tier, telemetry::Segment&& open)
{
    StoredSegment segment;
    segment.tier = tier;
    segment.epoch = open.header.epoch;
    segment.firstSequence = open.header.firstSequence;
    segment.lastSequence = open.header.lastSequence;
    segment.range = open.header.range;
    segment.size = open.bytes.size();
    segment.bytes = std::make_shared<const std::string>(std::move(open.bytes));
    return segment;
}

/// What one tier has, newest first.
std::vector<StoredSegment> newestFirst(const TierFacts& facts, std::optional<telemetry::Segment> open, const std::deque<StoredSegment>& sealed)
{
    std::vector<StoredSegment> segments;
    if (open)
        segments.push_back(asStored(facts.tier, std::move(*open)));
    segments.insert(segments.end(), sealed.rbegin(), sealed.rend());
    return segments;
}

/// The end of the batch of that length in which `at` lies; `at` itself when it lies between two.
UtcTime roundUp(UtcTime at, Nanoseconds length)
{
    const Nanoseconds over = at.time_since_epoch() % length;
    return over == Nanoseconds{} ? at : at + (length - over);
}

/// Joins the tiers of one kind, finest first: each answers for the times before the finer ones' first batch.  Where a coarse
/// batch reaches over that point, the finer ones begin at its end.
class Joiner {
public:
    explicit Joiner(TimeRange wanted) : m_wanted(wanted), m_end(UtcTime::max()) {}

    void add(const TierFacts& facts, const std::vector<StoredSegment>& segments)
    {
        if (segments.empty() || segments.back().range.from >= m_end)
            return;
        if (m_end != UtcTime::max()) {
            m_end = roundUp(m_end, facts.batch);
            for (Part& part : m_parts)
                part.wanted.from = std::max(part.wanted.from, m_end);
        }
        for (const StoredSegment& segment : segments) {
            if (segment.range.from < m_end && segment.range.intersects(m_wanted))
                m_parts.push_back({segment, {UtcTime::min(), m_end}});
        }
        m_end = std::min(m_end, segments.back().range.from);
    }

    /// Oldest first.
    std::vector<Part> take()
    {
        std::erase_if(m_parts, [](const Part& part) { return part.segment.range.to <= part.wanted.from; });
        std::ranges::sort(m_parts, {}, [](const Part& part) { return std::pair(part.segment.range.from, part.segment.last()); });
        return std::move(m_parts);
    }

private:
    TimeRange m_wanted;
    UtcTime m_end; // from here on a finer level answers
    std::vector<Part> m_parts;
};

} // namespace

void RollingBuffer::readHistory(telemetry::ChunkKind kind, TimeRange range, std::span<const telemetry::Level> levels,
                                const std::function<bool(const SealedBytes&)>& visit) const
{
    Joiner joiner(range);
    {
        const std::lock_guard lock(d->m_mutex);
        for (const TierFacts& facts : kTiers) {
            const telemetry::Level level = levelOf(facts.tier);
            if (facts.kind == kind && std::ranges::find(levels, level) != levels.end())
                joiner.add(facts, newestFirst(facts, d->writer(level).peek(kind), d->m_store.tier(facts.tier)));
        }
    }
    for (const Part& part : joiner.take()) {
        auto bytes = loadBytes(part.segment);
        bytes = bytes && telemetry::verifySegment(asBytes(*bytes)) ? cutTo(std::move(bytes), part) : nullptr;
        if (bytes && !visit({kind, part.segment.range, std::move(bytes)}))
            return;
    }
}

} // namespace binnacle::agent
