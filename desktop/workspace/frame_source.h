// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/analysis/model.h"
#include "core/base/result.h"

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

namespace binnacle::desktop {

/// A node of the map: analysis::Node::id.
struct NodeId {
    std::string value;
    friend bool operator==(const NodeId&, const NodeId&) = default;
};

/// An edge: analysis::edgeId().
struct EdgeId {
    std::string value;
    friend bool operator==(const EdgeId&, const EdgeId&) = default;
};

/// What the user points at: nothing, a node or an edge.  All pages share it.
using Selection = std::variant<std::monostate, NodeId, EdgeId>;

enum class OriginKind { Agent, File, Cluster };
enum class OriginState { Connecting, Live, Away, Reading, Whole, Damaged, Failed };

/// One place the data come from, in words for the source menu and the banner.
struct Origin {
    OriginKind kind = OriginKind::File;
    OriginState state = OriginState::Whole;
    std::string name;     // target or file name
    std::string sentence; // what is wrong and what to do; empty when nothing is
    std::string context;  // of the cluster that it is, or is in; empty: none
    friend bool operator==(const Origin&, const Origin&) = default;
};

/// What becomes of the recording on disk.
struct RecordingState {
    bool recording = false;
    bool temporary = false;  // the file goes when the window closes, unless it is saved
    std::string file;
    std::uint64_t bytes = 0;
    std::string trouble;     // e.g. the disk is full; empty when all is well
    friend bool operator==(const RecordingState&, const RecordingState&) = default;
};

/// A recording that can be asked about any time in it: one that still grows (live) or a file.  Pages never learn which.
/// Thread: any; every call but revision(), covered(), origins() and recording() may take long and belongs on the pool.
class FrameSource {
public:
    virtual ~FrameSource() = default;

    /// Rises with everything that was added.  Cheap.
    virtual std::uint64_t revision() const = 0;
    /// From the first batch's begin to the last one's end.  Cheap.
    virtual TimeRange covered() const = 0;
    /// True while more is to come at the end.  Cheap.
    virtual bool grows() const = 0;
    virtual std::vector<Origin> origins() const = 0;
    virtual RecordingState recording() const = 0;

    /// Never null.
    virtual analysis::SnapshotPtr snapshot(TimeRange range) const = 0;
    virtual std::vector<analysis::SecondSummary> seconds(TimeRange range) const = 0;
    /// What to mark on the timeline, by time.
    virtual std::vector<analysis::Event> events(TimeRange range) const = 0;
    /// `subject` is a node's id or an edge's.
    virtual std::vector<analysis::SeriesPoint> series(const std::string& subject, TimeRange range, std::size_t maxPoints) const = 0;

    /// Connects again at once to what is away.  Returns immediately.
    virtual void retry() {}
    /// Copies everything recorded so far to `file` and, when it was temporary, makes that the recording.
    virtual Result<void> saveAs(const std::string& file) = 0;
};

} // namespace binnacle::desktop
