// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/analysis/model.h"
#include "desktop/workspace/frame_source.h"

#include <QString>

#include <optional>
#include <vector>

namespace binnacle::desktop {

/// Why there is nothing to see, and what to do about it.
struct EmptyReason {
    enum class Action { None, Connect, Retry, JumpToLive, ClearFilter };

    QString title, sentence;
    QString command; // to copy into a terminal; may be empty
    Action action = Action::None;
    friend bool operator==(const EmptyReason&, const EmptyReason&) = default;
};

/// What a page knows when it has no rows.
struct EmptyQuestion {
    bool hasSource = false;
    std::vector<Origin> origins;
    TimeRange covered, range;
    bool snapshotIsThere = false;
    QString filter;
    std::size_t rowsBeforeFilter = 0;
    QString noRowsTitle, noRowsSentence; // of the page: the data are there and have none of these
    bool anythingTalks = false;          // the snapshot has nodes
};

EmptyReason whyEmpty(const EmptyQuestion& question);

/// The sentence for the banner when a part of what should be there is not; nothing when all is well.
struct Notice {
    QString sentence;
    bool canRetry = false;
    friend bool operator==(const Notice&, const Notice&) = default;
};
std::optional<Notice> noticeFor(const std::vector<Origin>& origins, const RecordingState& recording);

} // namespace binnacle::desktop
