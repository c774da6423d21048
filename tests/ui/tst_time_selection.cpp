// SPDX-License-Identifier: Apache-2.0
#include "desktop/workspace/time_selection.h"

#include <gtest/gtest.h>

namespace binnacle::desktop {
namespace {

UtcTime at(int seconds) { return utcTime(std::int64_t{1'000'000'000} * (1'000 + seconds)); }
TimeRange span(int from, int to) { return {at(from), at(to)}; }
constexpr auto kMinute = std::chrono::minutes(1);

TEST(TimeSelection, liveEndsWhereTheRecordingEnds)
{
    const TimeSelection time = live({}, span(0, 300));
    EXPECT_EQ(time.mode, TimeMode::Live);
    EXPECT_EQ(time.range, span(240, 300));
}

TEST(TimeSelection, liveFollowsAndPausedStays)
{
    const TimeSelection first = live({}, span(0, 300));
    EXPECT_EQ(followed(first, span(0, 301)).range, span(241, 301));
    EXPECT_EQ(followed(paused(first), span(0, 301)).range, span(240, 300));
}

TEST(TimeSelection, movingKeepsTheLengthAndPauses)
{
    const TimeSelection time = movedTo(live({}, span(0, 300)), at(200), span(0, 300));
    EXPECT_EQ(time.mode, TimeMode::Paused);
    EXPECT_EQ(time.range, span(140, 200));
}

TEST(TimeSelection, movingStopsAtBothEnds)
{
    const TimeSelection start = live({}, span(0, 300));
    EXPECT_EQ(movedTo(start, at(9999), span(0, 300)).range, span(240, 300));
    EXPECT_EQ(movedTo(start, at(-50), span(0, 300)).range, span(0, 1));
}

TEST(TimeSelection, theWindowComesBackAfterTheBeginningCutIt)
{
    TimeSelection time = movedTo(live({}, span(0, 300)), at(20), span(0, 300));
    EXPECT_EQ(time.range, span(0, 20));
    time = movedTo(time, at(200), span(0, 300));
    EXPECT_EQ(time.range, span(140, 200));
}

TEST(TimeSelection, rangeChosenByHandIsWholeSecondsInsideTheRecording)
{
    const TimeRange covered = span(0, 300);
    const TimeRange wanted{at(10) + std::chrono::milliseconds(300), at(12) + std::chrono::milliseconds(100)};
    EXPECT_EQ(selected({}, wanted, covered).range, span(10, 13));
    EXPECT_EQ(selected({}, span(-20, 9999), covered).range, covered);
    EXPECT_EQ(selected({}, {at(12), at(10)}, covered).range, span(10, 12)) << "drawn from right to left";
    EXPECT_EQ(selected({}, span(50, 50), covered).range.length(), std::chrono::seconds(1)) << "never empty";
}

TEST(TimeSelection, anotherWindowKeepsTheEnd)
{
    const TimeSelection time = withWindow(movedTo(live({}, span(0, 900)), at(500), span(0, 900)), std::chrono::minutes(5), span(0, 900));
    EXPECT_EQ(time.range, span(200, 500));
}

TEST(TimeSelection, playingReachesLiveOfAGrowingRecordingAndEndsInAFile)
{
    TimeSelection time = movedTo(live({}, span(0, 300)), at(298), span(0, 300));
    time.mode = TimeMode::Playing;
    EXPECT_EQ(played(time, std::chrono::seconds(1), span(0, 300), true).range, span(239, 299));
    EXPECT_EQ(played(time, std::chrono::seconds(5), span(0, 300), true).mode, TimeMode::Live);
    EXPECT_EQ(played(time, std::chrono::seconds(5), span(0, 300), false).mode, TimeMode::Paused);
    EXPECT_EQ(played(time, std::chrono::seconds(5), span(0, 300), false).range, span(240, 300));
}

TEST(TimeSelection, playingBackwardsStopsAtTheBeginning)
{
    TimeSelection time = movedTo(live({}, span(0, 300)), at(62), span(0, 300));
    time.mode = TimeMode::Playing;
    time.speed = -4;
    time = played(time, std::chrono::seconds(1), span(0, 300), true);
    EXPECT_EQ(time.range, span(0, 60));
    EXPECT_EQ(time.mode, TimeMode::Paused);
}

TEST(TimeSelection, nothingRecordedHasNoRange)
{
    EXPECT_EQ(live({.window = kMinute}, {}).range, TimeRange{});
    EXPECT_EQ(movedTo({}, at(5), {}).range, TimeRange{});
}

} // namespace
} // namespace binnacle::desktop
