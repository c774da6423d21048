// SPDX-License-Identifier: Apache-2.0
#include "agent/buffer/segment_store.h"

#include "agent/buffer/tail_file.h"
#include "core/base/platform/files.h"

#include <algorithm>
#include <charconv>
#include <system_error>

namespace binnacle::agent {
namespace {

constexpr std::string_view kSuffix = ".segment";
constexpr std::size_t kMaxSegmentFile = 64u << 20;

/// What a file takes on the disk: whole blocks.
std::uint64_t onDisk(std::uint64_t size) { return (size + 4095) / 4096 * 4096; }

template <class Integer>
bool takeNumber(std::string_view& text, Integer& value)
{
    const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (problem != std::errc{})
        return false;
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    if (!text.empty() && text.front() == '-')
        text.remove_prefix(1);
    return true;
}

/// `<tier>-<epoch>-<first>-<last>-<from ns>-<to ns>.segment`
std::optional<StoredSegment> parseName(std::string_view name)
{
    if (!name.ends_with(kSuffix))
        return std::nullopt;
    name.remove_suffix(kSuffix.size());
    for (const TierFacts& facts : kTiers) {
        if (!name.starts_with(facts.name) || name.size() <= facts.name.size() || name[facts.name.size()] != '-')
            continue;
        name.remove_prefix(facts.name.size() + 1);
        StoredSegment segment;
        segment.tier = facts.tier;
        std::int64_t from = 0, to = 0;
        if (!takeNumber(name, segment.epoch) || !takeNumber(name, segment.firstSequence) || !takeNumber(name, segment.lastSequence)
            || !takeNumber(name, from) || !takeNumber(name, to) || !name.empty())
            return std::nullopt;
        segment.range = {utcTime(from), utcTime(to)};
        return segment;
    }
    return std::nullopt;
}

bool isEarlier(const StoredSegment& a, const StoredSegment& b) { return a.last() < b.last(); }

std::size_t oldestInMemory(const std::deque<StoredSegment>& tier)
{
    return static_cast<std::size_t>(std::ranges::find_if(tier, [](const StoredSegment& s) { return s.bytes != nullptr; }) - tier.begin());
}

std::size_t oldestOnDisk(const std::deque<StoredSegment>& tier)
{
    return static_cast<std::size_t>(std::ranges::find_if(tier, [](const StoredSegment& s) { return !s.file.empty(); }) - tier.begin());
}

} // namespace

std::shared_ptr<const std::string> loadBytes(const StoredSegment& segment)
{
    if (segment.bytes)
        return segment.bytes;
    auto read = platform::readFile(segment.file, kMaxSegmentFile);
    if (!read || read->size() != segment.size)
        return nullptr;
    return std::make_shared<const std::string>(std::move(*read));
}

SegmentStore::SegmentStore(std::filesystem::path folder, std::uint64_t memoryCap, std::uint64_t diskCap)
    : m_folder(std::move(folder)), m_memoryCap(memoryCap), m_diskCap(diskCap)
{
}

std::filesystem::path SegmentStore::fileOf(const StoredSegment& segment) const
{
    std::string name(factsOf(segment.tier).name);
    for (const std::string& part : {std::to_string(segment.epoch), std::to_string(segment.firstSequence), std::to_string(segment.lastSequence),
                                    std::to_string(ns(segment.range.from)), std::to_string(ns(segment.range.to))})
        name += '-' + part;
    return m_folder / (name += kSuffix);
}

void SegmentStore::load()
{
    std::error_code problem;
    for (const auto& entry : std::filesystem::directory_iterator(m_folder, problem)) {
        auto segment = parseName(entry.path().filename().string());
        std::error_code unreadable;
        if (!segment || (segment->size = entry.file_size(unreadable), unreadable))
            continue;
        segment->file = entry.path();
        insert(std::move(*segment));
    }
    makeRoomOnDisk(0); // the cap may be smaller than last time
}

void SegmentStore::insert(StoredSegment segment)
{
    const std::size_t t = index(segment.tier);
    if (segment.bytes) {
        m_memory += segment.size;
        m_memoryOf[t] += segment.size;
        m_peakMemory = std::max(m_peakMemory, memoryBytes());
    }
    if (!segment.file.empty()) {
        m_disk += onDisk(segment.size);
        m_diskOf[t] += onDisk(segment.size);
    }
    auto& tier = m_tiers[t];
    tier.insert(std::ranges::upper_bound(tier, segment, isEarlier), std::move(segment));
}

Result<void> SegmentStore::add(StoredSegment segment)
{
    Result<void> written;
    if (!m_folder.empty() && onDisk(segment.size) <= m_diskCap) {
        makeRoomOnDisk(onDisk(segment.size));
        const std::filesystem::path file = fileOf(segment);
        written = replaceFile(file, asBytes(*segment.bytes));
        if (written)
            segment.file = file;
    }
    makeRoomInMemory(segment.size);
    if (memoryBytes() + segment.size > m_memoryCap)
        segment.bytes = nullptr; // larger than all there is
    if (segment.bytes || !segment.file.empty())
        insert(std::move(segment));
    return written;
}

void SegmentStore::setOutside(std::uint64_t memory, std::uint64_t disk)
{
    m_outsideMemory = memory;
    m_outsideDisk = disk;
    makeRoomInMemory(0);
    makeRoomOnDisk(0);
    m_peakMemory = std::max(m_peakMemory, memoryBytes());
}

const StoredSegment* SegmentStore::findAfter(Tier tier, Cursor after) const
{
    const auto& segments = m_tiers[index(tier)];
    const auto found = std::ranges::upper_bound(segments, after, {}, &StoredSegment::last);
    return found == segments.end() ? nullptr : &*found;
}

void SegmentStore::makeRoomInMemory(std::uint64_t extra)
{
    while (memoryBytes() + extra > m_memoryCap) {
        if (dropCopyThatIsOnDisk())
            continue;
        const auto tier = tierToForget(m_memoryOf, m_memoryCap);
        if (!tier)
            return;
        auto& segments = m_tiers[index(*tier)];
        dropFromMemory(segments, oldestInMemory(segments));
    }
}

bool SegmentStore::dropCopyThatIsOnDisk()
{
    for (auto& segments : m_tiers) {
        const auto copy = std::ranges::find_if(segments, [](const StoredSegment& s) { return s.bytes && !s.file.empty(); });
        if (copy != segments.end()) {
            dropFromMemory(segments, static_cast<std::size_t>(copy - segments.begin()));
            return true;
        }
    }
    return false;
}

void SegmentStore::makeRoomOnDisk(std::uint64_t extra)
{
    while (diskBytes() + extra > m_diskCap) {
        const auto tier = tierToForget(m_diskOf, m_diskCap);
        if (!tier)
            return;
        auto& segments = m_tiers[index(*tier)];
        dropFromDisk(segments, oldestOnDisk(segments));
    }
}

void SegmentStore::dropFromMemory(std::deque<StoredSegment>& tier, std::size_t at)
{
    StoredSegment& segment = tier[at];
    m_memory -= segment.size;
    m_memoryOf[index(segment.tier)] -= segment.size;
    segment.bytes = nullptr;
    if (segment.file.empty())
        tier.erase(tier.begin() + static_cast<std::ptrdiff_t>(at));
}

/// What leaves the disk leaves memory too: else old copies would outlive what came after them.
void SegmentStore::dropFromDisk(std::deque<StoredSegment>& tier, std::size_t at)
{
    StoredSegment& segment = tier[at];
    m_disk -= onDisk(segment.size);
    m_diskOf[index(segment.tier)] -= onDisk(segment.size);
    std::error_code ignored;
    std::filesystem::remove(segment.file, ignored);
    segment.file.clear();
    if (segment.bytes)
        dropFromMemory(tier, at);
    else
        tier.erase(tier.begin() + static_cast<std::ptrdiff_t>(at));
}

} // namespace binnacle::agent
