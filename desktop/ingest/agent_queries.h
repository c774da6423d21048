// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/base/clocks.h"
#include "core/base/result.h"
#include "core/telemetry/batch_source.h"
#include "core/telemetry/buffer_horizon.h"
#include "desktop/ingest/target.h"

#include <memory>
#include <optional>
#include <string>
#include <vector>

/// Questions to agents that are asked once and answered whole.  All block; each fails with a sentence and a next step.
namespace binnacle::desktop {

/// Half-open, as in `--from --to`: RFC 3339, Unix ns, or `-30s` before the agents' own now.  Without both: the last 60 s.
struct HistoryQuery {
    std::optional<std::string> from;
    std::optional<std::string> to;
    bool detail = false;
};

/// What agents still have of a range, in memory, with the agents' gaps.
struct AgentSnapshot {
    std::unique_ptr<telemetry::BatchSource> source;
    TimeRange range; // as asked, in session time
};

/// `binnacle show … --agent`: one source over all targets.
Result<AgentSnapshot> snapshotAgents(const std::vector<Target>& targets, const HistoryQuery& query);

inline Result<AgentSnapshot> snapshotAgent(const Target& target, const HistoryQuery& query) { return snapshotAgents({target}, query); }

/// Who is there: one handshake.
Result<telemetry::AgentIdentity> identityOf(const Target& target);

/// Horizon of each signal in the agent's rolling buffer.
Result<std::vector<telemetry::BufferHorizon>> bufferOf(const Target& target);

} // namespace binnacle::desktop
