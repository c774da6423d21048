// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/base/result.h"
#include "core/session/session_types.h"
#include "core/telemetry/batch_source.h"

#include <filesystem>
#include <memory>
#include <vector>

namespace binnacle::session {

struct ReaderOptions {
    std::size_t cacheBytes = 64u << 20; // of decoded segments, about
};

/// Reads one session file: finished, being written, left by a crash, or damaged.
///
/// Owns a read-only SQLite connection, the index (about 200 bytes a segment) and a cache of decoded segments.  open() reads
/// the index only, whatever the size of the file.  Each read() first takes in what the writer has added since.
/// Thread: any one thread an object.
/// Damage: a segment that cannot be read is left out and becomes a gap of Loss::FileDamaged; when the file is cut or its
/// tree is broken, every page is searched for whole segments (Carver), so that all of them are found.
/// Batches of 10 s, 1 min and 10 min are given only for times where the agent has no finer ones.
class SessionReader final : public telemetry::BatchSource {
public:
    static Result<std::unique_ptr<SessionReader>> open(const std::filesystem::path& file, ReaderOptions options = {});
    ~SessionReader() override;

    std::vector<telemetry::AgentIdentity> agents() const override;
    TimeRange covered() const override;
    Result<void> read(TimeRange range, bool withDetail, const std::function<bool(const telemetry::Batch&)>& visit) const override;
    std::vector<telemetry::Gap> gaps() const override;

    std::vector<ClockOffset> clockOffsets() const; // by (agent, at)
    /// From the index; `Everything` reads and checks each segment.
    enum class Check { Index, Everything };
    SessionInfo info(Check check = Check::Index) const;
    /// Rises when the writer has added something; for pages that follow a recording.
    std::uint64_t revision() const;

private:
    struct State;
    explicit SessionReader(std::unique_ptr<State> state);
    std::unique_ptr<State> m_state;
};

} // namespace binnacle::session
