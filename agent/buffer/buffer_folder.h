// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "agent/buffer/forgetting.h"
#include "agent/buffer/tail_file.h"
#include "core/base/result.h"
#include "core/telemetry/segment.h"

#include <array>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <vector>

namespace binnacle::agent {

/// The folder under `--buffer`: who uses it, the epoch, and the tails of the open segments.  Sealed segments lie beside them
/// (SegmentStore).  Thread: one.
class BufferFolder {
public:
    /// Makes the folder (mode 0700) and locks it until destruction; the lock goes with the process, however it ends.
    static Result<std::unique_ptr<BufferFolder>> open(const std::filesystem::path& path);
    ~BufferFolder();

    /// One more than the last, never less than `atLeast`; on disk before it returns.
    Result<std::uint32_t> takeEpoch(std::uint32_t atLeast);

    /// What the tails of an earlier run hold, as segments.  The files stay until removeOldTails(), when the segments are safe.
    std::vector<telemetry::Segment> recoverTails() const;
    void removeOldTails();

    /// Adds to the tail of the chunk's tier; index 0 begins a new one.  After an error the tail is given up until the next
    /// segment: a reader needs all chunks from the first on.
    Result<void> append(Tier tier, const telemetry::EncodedChunk& chunk);
    void removeTail(Tier tier);
    std::uint64_t tailBytes() const;

private:
    explicit BufferFolder(std::filesystem::path path) : m_path(std::move(path)) {}
    std::filesystem::path tailPath(Tier tier) const;

    std::filesystem::path m_path;
    int m_lock = -1;
    std::array<TailFile, kTierCount> m_tails;
};

Tier tierOf(telemetry::ChunkKind kind, telemetry::Level level);
telemetry::Level levelOf(Tier tier);

} // namespace binnacle::agent
