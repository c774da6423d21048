// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/base/clocks.h"

#include <array>

namespace binnacle::desktop {

enum class TimeMode {
    Live,   // the range is the last `window` of the recording and moves with it
    Paused, // the range stands still
    Playing // the range moves by itself, at `speed`
};

/// What time all pages show.  A value; the rules how it moves are the pure functions below.
struct TimeSelection {
    TimeRange range;
    Nanoseconds window = std::chrono::minutes(1);
    TimeMode mode = TimeMode::Live;
    int speed = 1; // Playing: session seconds a second; negative plays backwards
    friend bool operator==(const TimeSelection&, const TimeSelection&) = default;
};

inline constexpr std::array<Nanoseconds, 4> kWindowLengths{std::chrono::seconds(30), std::chrono::minutes(1), std::chrono::minutes(5),
                                                          std::chrono::minutes(15)};

/// The recording now covers `covered`: live follows its end, the rest stays.
TimeSelection followed(TimeSelection time, TimeRange covered);
/// The last `window` of what is covered, following from now on.
TimeSelection live(TimeSelection time, TimeRange covered);
TimeSelection paused(TimeSelection time);
/// Range ends at `end`, kept inside what is covered; pauses.
TimeSelection movedTo(TimeSelection time, UtcTime end, TimeRange covered);
TimeSelection movedBy(TimeSelection time, Nanoseconds step, TimeRange covered);
/// A range chosen by hand, at least one second, whole seconds, inside what is covered; pauses.
TimeSelection selected(TimeSelection time, TimeRange range, TimeRange covered);
/// Another window length: the end stays.
TimeSelection withWindow(TimeSelection time, Nanoseconds window, TimeRange covered);
/// One tick of playing that took `elapsed`; at the end of a growing recording it becomes live, at either end it pauses.
TimeSelection played(TimeSelection time, Nanoseconds elapsed, TimeRange covered, bool grows);

} // namespace binnacle::desktop
