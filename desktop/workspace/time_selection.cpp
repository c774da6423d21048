// SPDX-License-Identifier: GPL-3.0-or-later
#include "desktop/workspace/time_selection.h"

#include <algorithm>

namespace binnacle::desktop {

namespace {

constexpr Nanoseconds kSecond = std::chrono::seconds(1);

UtcTime wholeSecond(UtcTime t)
{
    return UtcTime(std::chrono::floor<std::chrono::seconds>(t.time_since_epoch()));
}

bool isEmpty(TimeRange range) { return range.to <= range.from; }

/// Frames are whole seconds: a range between them would show less than it says.
TimeRange endingAt(UtcTime end, Nanoseconds length, TimeRange covered)
{
    if (isEmpty(covered))
        return {};
    const UtcTime last = covered.to;
    const UtcTime first = std::min(covered.from + kSecond, last);
    const UtcTime to = std::clamp(wholeSecond(end), first, last);
    return {std::max(to - length, covered.from), to};
}

} // namespace

TimeSelection followed(TimeSelection time, TimeRange covered)
{
    return time.mode == TimeMode::Live ? live(time, covered) : time;
}

TimeSelection live(TimeSelection time, TimeRange covered)
{
    time.mode = TimeMode::Live;
    time.speed = 1;
    time.range = endingAt(covered.to, time.window, covered);
    return time;
}

TimeSelection paused(TimeSelection time)
{
    time.mode = TimeMode::Paused;
    time.speed = 1;
    return time;
}

TimeSelection movedTo(TimeSelection time, UtcTime end, TimeRange covered)
{
    const Nanoseconds length = isEmpty(time.range) ? time.window : std::max(time.range.length(), kSecond);
    // Near the beginning the range is cut short; what the user set as window comes back on the way forward.
    const Nanoseconds wanted = length < time.window && time.range.from <= covered.from ? time.window : length;
    time = paused(time);
    time.range = endingAt(end, wanted, covered);
    return time;
}

TimeSelection movedBy(TimeSelection time, Nanoseconds step, TimeRange covered)
{
    return movedTo(time, time.range.to + step, covered);
}

TimeSelection selected(TimeSelection time, TimeRange range, TimeRange covered)
{
    if (isEmpty(covered))
        return paused(time);
    if (range.to < range.from)
        std::swap(range.from, range.to);
    const UtcTime from = std::clamp(wholeSecond(range.from), covered.from, std::max(covered.from, covered.to - kSecond));
    const UtcTime to = std::clamp(wholeSecond(range.to + kSecond - Nanoseconds(1)), std::min(from + kSecond, covered.to), covered.to);
    time = paused(time);
    time.range = {from, to};
    return time;
}

TimeSelection withWindow(TimeSelection time, Nanoseconds window, TimeRange covered)
{
    time.window = window;
    if (time.mode == TimeMode::Live)
        return live(time, covered);
    time.range = endingAt(time.range.to, window, covered);
    return time;
}

TimeSelection played(TimeSelection time, Nanoseconds elapsed, TimeRange covered, bool grows)
{
    if (time.mode != TimeMode::Playing)
        return time;
    const int speed = time.speed;
    const UtcTime to = time.range.to + elapsed * speed;
    if (to >= covered.to && speed > 0) {
        time.range = endingAt(covered.to, time.range.length(), covered);
        return grows ? live(time, covered) : paused(time);
    }
    const Nanoseconds length = time.range.length();
    if (to - length <= covered.from && speed < 0) {
        time.range = {covered.from, std::min(covered.from + length, covered.to)};
        return paused(time);
    }
    time.range = {to - length, to};
    return time;
}

} // namespace binnacle::desktop
