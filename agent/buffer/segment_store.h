// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "agent/buffer/chunk_reader.h"
#include "agent/buffer/forgetting.h"
#include "core/base/result.h"

#include <array>
#include <cstdint>
#include <deque>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace binnacle::agent {

/// A sealed segment and where its bytes are: in memory, in a file, or both.
struct StoredSegment {
    Tier tier = Tier::Seconds;
    std::uint32_t epoch = 0;
    std::uint64_t firstSequence = 0, lastSequence = 0;
    TimeRange range;
    std::uint64_t size = 0;
    std::shared_ptr<const std::string> bytes; // null: on disk only
    std::filesystem::path file;               // empty: in memory only

    Cursor last() const { return {epoch, lastSequence}; }
};

/// Bytes of a segment from memory or disk; null when the file was forgotten in the meantime or is damaged.  Needs no lock.
std::shared_ptr<const std::string> loadBytes(const StoredSegment& segment);

/// Sealed segments by tier, under a cap of memory and one of disk.  With a folder, the disk decides how far back they reach and
/// memory is a copy of the newest; without one, or while the disk is full, memory is all there is.  Names of files carry what an index would, so that a start
/// reads the folder and no file.  Thread: none of its own; RollingBuffer locks.
class SegmentStore {
public:
    SegmentStore(std::filesystem::path folder, std::uint64_t memoryCap, std::uint64_t diskCap);

    /// Finds what earlier runs left.
    void load();

    /// Keeps a sealed segment (bytes set, file not).  An error is the disk's; the segment is in memory then.
    Result<void> add(StoredSegment segment);

    /// Bytes held elsewhere (ring, open segments; tail files) count against the caps too.
    void setOutside(std::uint64_t memory, std::uint64_t disk);

    const std::deque<StoredSegment>& tier(Tier tier) const { return m_tiers[index(tier)]; }
    /// The first that holds anything after `after`.
    const StoredSegment* findAfter(Tier tier, Cursor after) const;

    std::uint64_t memoryBytes() const { return m_memory + m_outsideMemory; }
    std::uint64_t diskBytes() const { return m_disk + m_outsideDisk; }
    std::uint64_t memoryBytes(Tier tier) const { return m_memoryOf[index(tier)]; }
    std::uint64_t diskBytes(Tier tier) const { return m_diskOf[index(tier)]; }
    std::uint64_t peakMemoryBytes() const { return m_peakMemory; }
    std::filesystem::path fileOf(const StoredSegment& segment) const;

private:
    static std::size_t index(Tier tier) { return static_cast<std::size_t>(tier); }
    void makeRoomInMemory(std::uint64_t extra);
    void makeRoomOnDisk(std::uint64_t extra);
    bool dropCopyThatIsOnDisk();
    void dropFromMemory(std::deque<StoredSegment>& tier, std::size_t at);
    void dropFromDisk(std::deque<StoredSegment>& tier, std::size_t at);
    void insert(StoredSegment segment);

    std::filesystem::path m_folder;
    std::uint64_t m_memoryCap, m_diskCap;
    std::array<std::deque<StoredSegment>, kTierCount> m_tiers;
    TierBytes m_memoryOf{}, m_diskOf{};
    std::uint64_t m_memory = 0, m_disk = 0, m_outsideMemory = 0, m_outsideDisk = 0, m_peakMemory = 0;
};

} // namespace binnacle::agent
