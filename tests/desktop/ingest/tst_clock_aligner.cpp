// SPDX-License-Identifier: Apache-2.0
#include "desktop/ingest/clock_aligner.h"

#include <gtest/gtest.h>

namespace binnacle::desktop {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr EntityKey kA{0, 1}, kB{0, 2}, kC{0, 3};
constexpr UtcTime kUtc = utcTime(1'795'406'700'000'000'000);

/// A ping at `at` of our steady clock to a host whose UTC is `ahead` of kUtc then, with the answer given half way.
ClockPing ping(Nanoseconds at, Nanoseconds roundTrip, Nanoseconds ahead) { return {at, at + roundTrip, kUtc + at + roundTrip / 2 + ahead}; }

TEST(ClockAligner, takesTheMedianOfTheAgentsAsSessionTime)
{
    ClockAligner clocks;
    clocks.add(kA, ping(seconds(1), milliseconds(2), milliseconds(0)));
    clocks.add(kB, ping(seconds(1), milliseconds(2), milliseconds(40)));
    clocks.add(kC, ping(seconds(1), milliseconds(2), milliseconds(-300)));
    EXPECT_EQ(clocks.offsetOf(kA)->offset, milliseconds(0));
    EXPECT_EQ(clocks.offsetOf(kB)->offset, milliseconds(40));
    EXPECT_EQ(clocks.offsetOf(kC)->offset, milliseconds(-300));
}

TEST(ClockAligner, standsBetweenTwoAgents)
{
    ClockAligner clocks;
    clocks.add(kA, ping(seconds(1), milliseconds(2), milliseconds(0)));
    clocks.add(kB, ping(seconds(1), milliseconds(2), milliseconds(40)));
    EXPECT_EQ(clocks.offsetOf(kA)->offset, milliseconds(-20));
    EXPECT_EQ(clocks.offsetOf(kB)->offset, milliseconds(20));
}

TEST(ClockAligner, isWrongByNoMoreThanHalfTheRoundTripAndGetsBetterWithPings)
{
    ClockAligner clocks;
    clocks.add(kA, ping(seconds(1), milliseconds(10), milliseconds(0)));
    EXPECT_EQ(clocks.offsetOf(kA)->error, milliseconds(5));
    clocks.add(kA, ping(seconds(1), milliseconds(2), milliseconds(0)));
    EXPECT_EQ(clocks.offsetOf(kA)->error, milliseconds(1));
    clocks.add(kA, ping(seconds(1), milliseconds(50), milliseconds(0))); // says less than is known
    EXPECT_LT(clocks.offsetOf(kA)->error, milliseconds(1) + std::chrono::microseconds(5));
}

TEST(ClockAligner, trustsOldBoundsLessByTheDriftOfTwoQuartzes)
{
    ClockAligner clocks;
    clocks.add(kA, ping(seconds(0), milliseconds(2), milliseconds(0)));
    clocks.add(kA, ping(seconds(100), milliseconds(40), milliseconds(0)));
    const Nanoseconds error = clocks.offsetOf(kA)->error;
    EXPECT_GT(error, milliseconds(5)); // 100 s × 50 millionths on each side
    EXPECT_LT(error, milliseconds(7));
}

TEST(ClockAligner, startsAnewWhenAClockWasSet)
{
    ClockAligner clocks;
    clocks.add(kB, ping(seconds(1), milliseconds(2), milliseconds(0)));
    clocks.add(kC, ping(seconds(1), milliseconds(2), milliseconds(0)));
    clocks.add(kA, ping(seconds(1), milliseconds(2), milliseconds(0)));
    clocks.add(kA, ping(seconds(2), milliseconds(2), seconds(5)));
    EXPECT_EQ(clocks.offsetOf(kA)->offset, seconds(5));
}

TEST(ClockAligner, knowsNothingBeforeTheFirstPingAndAfterForgetting)
{
    ClockAligner clocks;
    EXPECT_TRUE(clocks.offsets().empty());
    clocks.add(kA, ping(seconds(1), milliseconds(2), milliseconds(0)));
    clocks.forget(kA);
    EXPECT_FALSE(clocks.offsetOf(kA).has_value());
    clocks.add(kA, {seconds(3), seconds(2), kUtc}); // received before it was sent: no ping at all
    EXPECT_TRUE(clocks.offsets().empty());
}

} // namespace
} // namespace binnacle::desktop
