// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/base/clocks.h"
#include "core/base/result.h"
#include "core/telemetry/batch.h"
#include "desktop/ingest/agent_status.h"
#include "desktop/ingest/cluster_wish.h"
#include "desktop/ingest/target.h"

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

namespace binnacle::desktop {

class KubeRuntime;
class SshLinks;

struct RecorderOptions {
    std::vector<Target> targets; // none by ssh: the local ends of `ssh` instead
    std::filesystem::path file; // empty: a temporary session file, removed with the recorder unless saved
    Nanoseconds last{};         // what the agents still have before now is put before it
    bool detail = true;         // spans too
    std::vector<ClusterWish> clusters; // whose agents are targets too, as they come and go
    std::shared_ptr<KubeRuntime> kube; // not null when there are clusters
    std::shared_ptr<SshLinks> ssh;     // null when no target is reached by it
};

struct RecorderStatus {
    std::filesystem::path file;
    bool temporary = false;
    std::vector<AgentStatus> agents;   // in the order of the targets
    std::vector<ClusterStatus> clusters; // in the order that they were asked for
    TimeRange covered;                 // of what is in the file
    std::uint64_t batches = 0;
    std::uint64_t bytes = 0;           // written
    std::uint64_t detailDropped = 0;
    std::optional<Error> storeTrouble; // e.g. disk full: recording stopped, the live view goes on
};

/// Called on the recorder's store thread, after the batch is in the file (or after the file has failed).  Return soon.
struct RecorderListeners {
    std::function<void(const telemetry::AgentIdentity&)> identity; // before the first batch of that agent or inventory
    std::function<void(const std::shared_ptr<const telemetry::Batch>&)> batch; // overview and detail may come as two batches of one key
    std::function<void(const telemetry::Gap&)> gap;
    /// Agents from which nothing comes at the moment, and since when: all of them each second while there are any, and once more when
    /// there are none.  What is missing may come yet.
    std::function<void(const std::vector<telemetry::Gap>&)> silent;
    std::function<void(const RecorderStatus&)> status; // on change, and once a second
};

/// Reads one or many agents and writes a session: live is only the tail of this recording.
///
/// Owns a reading thread an agent, the store thread with its session::SessionWriter, and one bounded queue between them.
/// Thread: start, stop, addTarget, removeTarget, saveAs from the owner's one thread; status() from any.
/// Too slow a disk: detail is dropped up to the next segment and counted (Loss::StoreOverrun); overviews are held back by the
/// stream's flow control, and the agent lets a slow reader lag and then read history.  An agent that went away is asked again
/// with pauses from 0.2 to 5 s and resumes from the last batch written; what cannot be had any more is a Gap.
/// With clusters: one more thread opens and closes the ways to their agents (ClusterTargets), and one a cluster tells what is in it
/// (ClusterInventory): its batches are as good as an agent's.
class Recorder {
public:
    static Result<std::unique_ptr<Recorder>> start(RecorderOptions options, RecorderListeners listeners);
    ~Recorder(); // stop()

    void addTarget(Target target);
    /// The time from its last batch to the end of what is recorded becomes a Gap.
    void removeTarget(const Target& target);
    /// Connects again at once to what is away.  Returns immediately.
    void retry();
    RecorderStatus status() const;
    /// Puts the detail of what is recorded into the file where a gateway's stream, which has overviews only, left it out.  Blocks.
    Result<void> fetchDetail();

    /// Path of the session file, which session::SessionReader may open while it grows.
    std::filesystem::path file() const;

    /// Copies what is recorded so far to `path`, whole and closed; recording goes on where it was.  Blocks.
    Result<void> saveAs(const std::filesystem::path& path);

    /// Ends the streams and closes the file to one file.  Afterwards only status(), file(), saveAs() and destruction.
    Result<void> stop();

private:
    class Private;
    explicit Recorder(std::unique_ptr<Private> d);
    std::unique_ptr<Private> d;
};

struct RecordJob {
    std::vector<Target> targets;
    Nanoseconds duration{}; // of session time, from the batch that is open when it connects
    Nanoseconds last{};     // put before it
    std::filesystem::path file;
    bool detail = true;
    std::vector<ClusterWish> clusters;
    std::shared_ptr<KubeRuntime> kube; // not null when there are clusters
    std::shared_ptr<SshLinks> ssh;     // null when no target is reached by it
};

/// `binnacle record`: begins with the batch that is open when it connects and ends after the batch that covers the end.
/// Fails when no agent answers within 10 s (of a cluster: 30 s, since credentials may take a person; at once when it has none), when all agents refuse, or when the file cannot be written.  Blocks; `progress` is
/// called about once a second on the calling thread; `cancel` ends early with what there is.
Result<RecorderStatus> recordFor(const RecordJob& job, const std::function<void(const RecorderStatus&)>& progress,
                                 const std::atomic<bool>& cancel);

} // namespace binnacle::desktop
