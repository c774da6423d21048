// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/base/byte_view.h"
#include "core/base/result.h"
#include "core/session/session_types.h"
#include "core/telemetry/batch.h"
#include "core/telemetry/segment.h"

#include <chrono>
#include <filesystem>
#include <memory>

namespace binnacle::session {

struct WriterOptions {
    enum class IfExists {
        Refuse,
        Replace,  // when it is a session or empty; anything else is refused
        Continue, // goes on in a session that was not closed, or was
    };
    IfExists ifExists = IfExists::Refuse;
    /// How often the journal is moved into the file: what is lost when the journal is lost.
    std::chrono::milliseconds checkpointEvery{1000};
    std::string programVersion;
};

/// Writes telemetry into one session file while it may be read.
///
/// Owns the SQLite connection and the open segments (each at most 1 MiB).  Thread: the store thread only (asserted).
/// Each append() is durable against the end of this process when it returns: the batch is a row of the tail.  When a
/// segment of the agent is complete, its chunks are sealed here, bytes unchanged, and leave the tail.
/// Full disk: the call that does not fit fails with ErrorCode::Full and a sentence; the file stays consistent, all later
/// calls are refused the same way at once, refusedBytes() counts, and close() notes Loss::StoreDiskFull if there is room.
/// The live view does not depend on it.
class SessionWriter {
public:
    static Result<std::unique_ptr<SessionWriter>> create(const std::filesystem::path& file, WriterOptions options = {});
    ~SessionWriter(); // as after a crash, unless close() was called
    SessionWriter(const SessionWriter&) = delete;
    SessionWriter& operator=(const SessionWriter&) = delete;

    Result<void> addAgent(const telemetry::AgentIdentity& agent);

    /// The dictionary (bytes of a v1::Dictionary, not compressed) of a segment that is joined in the middle.
    void openDictionary(const EntityKey& agent, std::uint32_t epoch, telemetry::ChunkKind kind, std::uint64_t segment, std::string dictionary);
    /// A live chunk as it came.  A repeated one is ignored.
    Result<void> append(const telemetry::EncodedChunk& chunk);
    /// A batch that never was on a wire (imports, tests); one agent's batches in order.
    Result<void> append(const telemetry::Batch& batch);
    /// A sealed segment, from history; verified first.
    Result<void> appendSegment(ByteView segment);

    Result<void> addGap(const telemetry::Gap& gap);
    Result<void> addClockOffset(const ClockOffset& offset);
    /// Losses on the way into the file (Loss::StoreOverrun).
    Result<void> addLoss(Loss loss, std::uint64_t count);

    bool isFull() const;
    std::uint64_t refusedBytes() const;
    std::uint64_t writtenBytes() const; // of chunks and segments, before the file's own overhead

    /// Seals what is open and makes one file of it; afterwards only destruction is allowed.
    Result<void> close();

private:
    struct State;
    explicit SessionWriter(std::unique_ptr<State> state);
    std::unique_ptr<State> m_state;
};

/// A whole copy of a session, also of one that is being written.  `to` must not exist.
Result<void> copySession(const std::filesystem::path& from, const std::filesystem::path& to);

} // namespace binnacle::session
