// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/analysis/frame_store.h"
#include "core/analysis/snapshot.h"
#include "desktop/workspace/frame_source.h"

#include <atomic>
#include <mutex>

namespace binnacle::desktop {

/// A recording made by hand: a small shop with an incident in it.  What pages show of it can be asserted to the digit.
///
///   internet → web (nginx, 2) → api (python, 3) → cache (redis, 1), api → external:10.9.0.7:5432 (TCP, not understood)
/// From second 180 to 210 `api` answers half of its requests with 503 and has one of three instances; second 240 is a gap;
/// second 200 has losses.
class SampleSource : public FrameSource {
public:
    explicit SampleSource(int seconds = 300, bool grows = false);

    static UtcTime begin();
    /// One more second is recorded.
    void grow();
    void setOrigins(std::vector<Origin> origins);
    void setRecording(RecordingState recording);
    /// Further services around the shop, for large maps.
    void setExtraServices(int count) { m_extra = count; }
    /// The same shop as workloads of a cluster: `cache` in namespace data, the rest in shop, on two hosts; `api` is scaled to one and back.
    void moveIntoCluster() { m_inCluster = true; }
    int snapshotsAsked() const { return m_asked; }
    int retries() const { return m_retries; }

    std::uint64_t revision() const override { return m_revision; }
    TimeRange covered() const override;
    bool grows() const override { return m_grows; }
    std::vector<Origin> origins() const override;
    RecordingState recording() const override;
    analysis::SnapshotPtr snapshot(TimeRange range) const override;
    std::vector<analysis::SecondSummary> seconds(TimeRange range) const override;
    std::vector<analysis::Event> events(TimeRange range) const override;
    std::vector<analysis::SeriesPoint> series(const std::string& subject, TimeRange range, std::size_t maxPoints) const override;
    void retry() override { ++m_retries; }
    Result<void> saveAs(const std::string& file) override;

private:
    std::atomic<int> m_seconds;
    bool m_grows;
    int m_extra = 0;
    bool m_inCluster = false;
    std::atomic<std::uint64_t> m_revision{1};
    mutable std::atomic<int> m_asked{0};
    std::atomic<int> m_retries{0};
    mutable std::mutex m_mutex;
    std::vector<Origin> m_origins; // guarded by m_mutex
    RecordingState m_recording;    // guarded by m_mutex
};

/// A source that has answered nothing yet.
class EmptySource : public SampleSource {
public:
    EmptySource() : SampleSource(0) {}
};

} // namespace binnacle::desktop
