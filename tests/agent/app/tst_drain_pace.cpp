// SPDX-License-Identifier: Apache-2.0
#include "agent/app/drain_pace.h"

#include <gtest/gtest.h>

namespace binnacle::agent {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;

/// The sleep to which a load comes that costs `perMillisecond` for each millisecond slept, after `before`.
milliseconds settled(DrainPace& pace, microseconds perMillisecond)
{
    for (int round = 0; round < 100; ++round)
        pace.note(pace.sleep().count() * perMillisecond);
    return pace.sleep();
}

TEST(DrainPace, sleepsLongWhereLittleHappens)
{
    DrainPace pace;
    EXPECT_EQ(pace.sleep(), DrainPace::kLongest);
    EXPECT_EQ(settled(pace, microseconds(1)), DrainPace::kLongest);
}

TEST(DrainPace, aBurstIsReadInShortRoundsAndLongSleepsComeBackSlowly)
{
    DrainPace pace;
    const auto after = [&](Nanoseconds took) {
        pace.note(took);
        return pace.sleep();
    };
    EXPECT_EQ(after(milliseconds(1)), milliseconds(7));
    EXPECT_EQ(after(milliseconds(1)), milliseconds(3));
    EXPECT_EQ(after(milliseconds(1)), milliseconds(1));
    EXPECT_EQ(after(milliseconds(1)), DrainPace::kShortest);
    EXPECT_EQ(after(microseconds(10)), milliseconds(2));
    EXPECT_EQ(after(microseconds(100)), milliseconds(2)) << "as wanted";
}

TEST(DrainPace, aSteadyLoadFindsRoundsOfTheWantedLength)
{
    DrainPace pace;
    for (const int load : {20, 40, 30, 90, 15}) {
        const auto took = settled(pace, microseconds(load)).count() * microseconds(load);
        EXPECT_GE(took, DrainPace::kBurst / 2) << load;
        EXPECT_LE(took, 2 * DrainPace::kBurst) << load;
    }
    EXPECT_EQ(settled(pace, microseconds(400)), DrainPace::kShortest) << "there is no shorter one";
}

} // namespace
} // namespace binnacle::agent
