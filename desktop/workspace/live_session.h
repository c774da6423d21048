// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "desktop/ingest/recorder.h"
#include "desktop/workspace/frame_store_source.h"

#include <atomic>
#include <filesystem>
#include <memory>
#include <vector>

namespace binnacle::desktop {

/// What to record: agents by address, and the agents of clusters.
struct LiveWish {
    std::vector<Target> targets; // as RecorderOptions has them
    std::vector<ClusterWish> clusters;
    std::shared_ptr<KubeRuntime> kube; // not null when there are clusters
    std::shared_ptr<SshLinks> ssh;     // null when no target is reached by it
};

/// Agents being recorded, as a FrameSource.
///
/// Owns the Recorder, which writes the file and hands each batch on to the frames.  Destruction ends the recording on the pool and
/// does not wait for it.  Thread: the UI thread creates, retries and destroys; the rest is for any.
class LiveSession : public FrameStoreSource {
public:
    /// `file` empty: a temporary one.  Returns at once; an agent that does not answer is an origin's sentence.
    static Result<std::shared_ptr<LiveSession>> start(LiveWish wish, const std::filesystem::path& file);
    ~LiveSession() override;

    bool grows() const override { return true; }
    RecordingState recording() const override;
    void retry() override;
    Result<void> saveAs(const std::string& file) override;

private:
    LiveSession() = default;

    std::shared_ptr<Recorder> m_recorder; // null until started
    std::atomic<std::uint64_t> m_savedBatches{0};
};

} // namespace binnacle::desktop
