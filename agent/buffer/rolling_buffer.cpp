// SPDX-License-Identifier: Apache-2.0
#include "agent/buffer/rolling_buffer.h"

#include "agent/buffer/internal/buffer_state.h"
#include "core/telemetry/batch_reader.h"

#include <algorithm>

namespace binnacle::agent {
namespace {

telemetry::SegmentLimits limitsFor(const BufferOptions& options)
{
    telemetry::SegmentLimits limits;
    limits.strings = options.stringBytes;
    limits.bytes = std::min<std::size_t>(limits.bytes, options.memoryBytes / 32); // ten open segments and the ring's copies must fit
    return limits;
}

std::array<telemetry::SegmentWriter, 4> writersFor(const BufferOptions& options)
{
    const telemetry::SegmentLimits limits = limitsFor(options);
    return {telemetry::SegmentWriter(telemetry::Level::Second, limits), telemetry::SegmentWriter(telemetry::Level::TenSeconds, limits),
            telemetry::SegmentWriter(telemetry::Level::Minute, limits), telemetry::SegmentWriter(telemetry::Level::TenMinutes, limits)};
}

std::uint64_t ringLimit(const BufferOptions& options) { return std::min(options.ringBytes, options.memoryBytes / 8) / 2; }

StoredSegment stored(telemetry::Segment&& segment)
{
    StoredSegment result;
    result.tier = tierOf(segment.header.kind, segment.header.level);
    result.epoch = segment.header.epoch;
    result.firstSequence = segment.header.firstSequence;
    result.lastSequence = segment.header.lastSequence;
    result.range = segment.header.range;
    result.size = segment.bytes.size();
    result.bytes = std::make_shared<const std::string>(std::move(segment.bytes));
    return result;
}

/// Seconds since 1970 fit until 2106 and rise with each start even when no folder keeps the last epoch.
std::uint32_t epochByClock() { return static_cast<std::uint32_t>(ns(utcNow()) / 1'000'000'000); }

} // namespace

RollingBuffer::Private::Private(const BufferOptions& options)
    : m_options(options), m_epoch(epochByClock()), m_store(options.folder, options.memoryBytes, options.diskBytes), m_writers(writersFor(options)),
      m_overview(ringLimit(options)), m_detail(ringLimit(options))
{
}

Result<void> RollingBuffer::Private::takeOverFolder()
{
    auto folder = BufferFolder::open(m_options.folder);
    if (!folder)
        return std::unexpected(std::move(folder).error());
    m_folder = std::move(*folder);
    m_store.load();
    for (telemetry::Segment& segment : m_folder->recoverTails()) {
        const StoredSegment left = stored(std::move(segment));
        const StoredSegment* known = m_store.findAfter(left.tier, {left.epoch, left.lastSequence - 1});
        if (!known || known->last() != left.last())
            noteDisk(m_store.add(left), left.size);
    }
    m_folder->removeOldTails();
    auto epoch = m_folder->takeEpoch(m_epoch);
    if (!epoch)
        return std::unexpected(std::move(epoch).error());
    m_epoch = *epoch;
    rebuildRollups();
    return {};
}

/// The roll-ups that were under way when an earlier run ended, folded anew from the finer batches that are left: the coarsest
/// first, so that what a finer window yields falls into a window that already has its beginning.
void RollingBuffer::Private::rebuildRollups()
{
    for (const Tier source : {Tier::Minutes, Tier::TenSeconds, Tier::Seconds})
        refeed(source);
    keepRollups(m_rollups.finish());
}

void RollingBuffer::Private::refeed(Tier source)
{
    const auto segments = m_store.tier(source); // a copy: keeping roll-ups may forget
    if (segments.empty())
        return;
    const auto level = levelOf(source);
    const auto coarser = telemetry::kLevels[static_cast<std::size_t>(level) + 1];
    const auto& rolled = m_store.tier(tierOf(telemetry::ChunkKind::Overview, coarser));
    const UtcTime last = segments.back().range.to;
    const UtcTime since = std::max(rolled.empty() ? UtcTime{} : rolled.back().range.to, last - 2 * telemetry::lengthOf(coarser));
    for (const StoredSegment& segment : segments) {
        const auto bytes = segment.range.to > since ? loadBytes(segment) : nullptr;
        const auto batches = bytes ? telemetry::readSegment(asBytes(*bytes)) : failure(ErrorCode::NotFound, {});
        for (const telemetry::Batch& batch : batches ? *batches : std::vector<telemetry::Batch>{}) {
            if (batch.range.from >= since)
                keepRollups(m_rollups.add(level, batch));
        }
    }
}

void RollingBuffer::Private::keepSecond(const telemetry::Batch& batch)
{
    keepAppended(writer(telemetry::Level::Second).append(batch), &batch.anchor);
    keepRollups(m_rollups.add(batch));
}

void RollingBuffer::Private::keepRollups(const Rollups::Finished& finished)
{
    for (const auto& [level, batch] : finished)
        keepAppended(writer(level).append(batch), nullptr);
}

void RollingBuffer::Private::keepAppended(telemetry::SegmentWriter::Appended&& appended, const ClockAnchor* anchor)
{
    for (telemetry::Segment& segment : appended.sealed)
        keepSegment(std::move(segment));
    for (auto* chunk : {&appended.overview, &appended.detail}) {
        if (*chunk)
            keepChunk(std::move(**chunk), anchor);
    }
}

void RollingBuffer::Private::keepChunk(telemetry::EncodedChunk&& chunk, const ClockAnchor* anchor)
{
    if (m_folder)
        noteDisk(m_folder->append(tierOf(chunk.kind, chunk.level), chunk), chunk.bytes.size());
    if (anchor) // only seconds are streamed live
        ring(chunk.kind).push(std::make_shared<const LiveChunk>(std::move(chunk), *anchor));
}

void RollingBuffer::Private::keepSegment(telemetry::Segment&& segment)
{
    const StoredSegment sealed = stored(std::move(segment));
    const Result<void> written = m_store.add(sealed);
    noteDisk(written, sealed.size);
    if (m_folder && written)
        m_folder->removeTail(sealed.tier);
}

void RollingBuffer::Private::noteDisk(const Result<void>& written, std::uint64_t bytes)
{
    m_diskFull = !written;
    if (written)
        return;
    const std::lock_guard lock(m_lossMutex);
    m_losses[Loss::BufferDiskFull] += bytes;
}

void RollingBuffer::Private::account()
{
    std::uint64_t open = 0;
    for (telemetry::SegmentWriter& writer : m_writers) {
        for (const telemetry::ChunkKind kind : telemetry::kChunkKinds) {
            for (const telemetry::EncodedChunk& chunk : writer.openChunks(kind))
                open += chunk.bytes.size();
        }
    }
    m_store.setOutside(open + m_overview.bytes() + m_detail.bytes(), m_folder ? m_folder->tailBytes() : 0);
    publishStats();
}

void RollingBuffer::Private::publishStats()
{
    m_memoryBytes = m_store.memoryBytes();
    m_peakMemoryBytes = m_store.peakMemoryBytes();
    m_diskBytes = m_store.diskBytes();
    m_diskInUse = m_folder && !m_diskFull;
}

RollingBuffer::RollingBuffer(std::unique_ptr<Private> state) : d(std::move(state)) {}

RollingBuffer::~RollingBuffer() { close(); }

Result<std::unique_ptr<RollingBuffer>> RollingBuffer::open(const BufferOptions& options)
{
    auto state = std::make_unique<Private>(options);
    if (!options.folder.empty())
        BN_TRY(state->takeOverFolder());
    state->account();
    return std::unique_ptr<RollingBuffer>(new RollingBuffer(std::move(state)));
}

std::uint32_t RollingBuffer::epoch() const { return d->m_epoch; }

telemetry::BatchKey RollingBuffer::append(telemetry::Batch batch)
{
    {
        const std::lock_guard lock(d->m_mutex);
        batch.key = {d->m_options.agent, d->m_epoch, ++d->m_sequence};
        d->keepSecond(batch);
        d->account();
        ++d->m_version;
    }
    d->m_news.notify_all();
    return batch.key;
}

std::vector<telemetry::LossRow> RollingBuffer::takeLosses()
{
    std::map<Loss, std::uint64_t> losses;
    {
        const std::lock_guard lock(d->m_lossMutex);
        losses.swap(d->m_losses);
    }
    std::vector<telemetry::LossRow> rows;
    for (const auto& [loss, count] : losses)
        rows.push_back({loss, count, telemetry::kNone});
    return rows;
}

void RollingBuffer::close()
{
    {
        const std::lock_guard lock(d->m_mutex);
        if (std::exchange(d->m_closed, true))
            return;
        d->keepRollups(d->m_rollups.finish());
        for (telemetry::SegmentWriter& writer : d->m_writers) {
            for (telemetry::Segment& segment : writer.sealAll())
                d->keepSegment(std::move(segment));
        }
        d->account();
        ++d->m_version;
    }
    d->m_news.notify_all();
}

void RollingBuffer::waitForNews(std::uint64_t seenVersion, std::chrono::milliseconds patience)
{
    std::unique_lock lock(d->m_mutex);
    d->m_news.wait_for(lock, patience, [&] { return d->m_version != seenVersion; });
}

std::uint64_t RollingBuffer::version() const { return d->m_version; }

void RollingBuffer::wakeReaders()
{
    {
        const std::lock_guard lock(d->m_mutex);
        ++d->m_version;
    }
    d->m_news.notify_all();
}

std::vector<telemetry::Gap> RollingBuffer::gaps() const
{
    std::vector<telemetry::Gap> result;
    const std::lock_guard lock(d->m_mutex);
    std::uint32_t epoch = 0;
    UtcTime end{};
    const auto step = [&](std::uint32_t next, TimeRange range) {
        if (epoch != 0 && next != epoch && range.from > end)
            result.push_back({d->m_options.agent, {end, range.from}, Loss::AgentGap, "the agent was not running"});
        epoch = next;
        end = range.to;
    };
    for (const StoredSegment& segment : d->m_store.tier(Tier::Seconds))
        step(segment.epoch, segment.range);
    if (const auto open = d->writer(telemetry::Level::Second).openChunks(telemetry::ChunkKind::Overview); !open.empty())
        step(d->m_epoch, open.front().range);
    return result;
}

std::vector<telemetry::BufferHorizon> RollingBuffer::horizons() const
{
    std::vector<telemetry::BufferHorizon> result;
    const std::lock_guard lock(d->m_mutex);
    for (const TierFacts& facts : kTiers) {
        telemetry::BufferHorizon horizon{d->m_options.agent, std::string(facts.name), {}, d->m_store.memoryBytes(facts.tier) + d->m_store.diskBytes(facts.tier)};
        const auto extend = [&](TimeRange range) {
            horizon.range.from = horizon.range.to == UtcTime{} ? range.from : std::min(horizon.range.from, range.from);
            horizon.range.to = std::max(horizon.range.to, range.to);
        };
        for (const StoredSegment& segment : d->m_store.tier(facts.tier))
            extend(segment.range);
        for (const telemetry::EncodedChunk& chunk : d->writer(levelOf(facts.tier)).openChunks(facts.kind)) {
            extend(chunk.range);
            horizon.bytes += chunk.bytes.size();
        }
        result.push_back(std::move(horizon));
    }
    std::ranges::sort(result, {}, &telemetry::BufferHorizon::signal);
    return result;
}

BufferStats RollingBuffer::stats() const { return {d->m_memoryBytes, d->m_peakMemoryBytes, d->m_diskBytes, d->m_diskInUse}; }

} // namespace binnacle::agent
