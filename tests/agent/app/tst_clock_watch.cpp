// SPDX-License-Identifier: Apache-2.0
#include "agent/app/clock_watch.h"

#include <gtest/gtest.h>

namespace binnacle::agent {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr ClockAnchor kStart{hostTime(1'000'000'000'000), utcTime(1'795'406'700'500'000'000), Nanoseconds(100)};

ClockAnchor after(Nanoseconds passed, Nanoseconds moved) { return {kStart.host + passed, kStart.utc + passed + moved, Nanoseconds(100)}; }

TEST(ClockWatch, tellsAClockThatWasSetFromOneThatIsSteered)
{
    struct Case {
        Nanoseconds passed, moved;
        bool isStep;
    };
    for (const Case& c : {Case{milliseconds(15), Nanoseconds(0), false}, Case{seconds(1), microseconds(500), false}, Case{milliseconds(15), milliseconds(9), false},
                          Case{milliseconds(15), milliseconds(11), true}, Case{milliseconds(15), milliseconds(-11), true}, Case{milliseconds(15), seconds(3600), true},
                          Case{milliseconds(15), seconds(-3600), true}, Case{seconds(60), milliseconds(35), false}, Case{seconds(60), milliseconds(45), true}}) {
        ClockWatch watch(kStart);
        const auto step = watch.look(after(c.passed, c.moved));
        EXPECT_EQ(step.has_value(), c.isStep) << c.passed.count() << " ns, moved " << c.moved.count();
        if (step) {
            EXPECT_EQ(*step, c.moved);
        }
    }
}

TEST(ClockWatch, tellsAStepOnceAndGoesOnWithTheNewClock)
{
    ClockWatch watch(kStart);
    EXPECT_TRUE(watch.look(after(milliseconds(15), seconds(5))).has_value());
    EXPECT_FALSE(watch.look(after(milliseconds(30), seconds(5))).has_value());
    EXPECT_EQ(watch.anchor(), after(milliseconds(30), seconds(5)));
}

TEST(ClockWatch, followsSteeringForAsLongAsItGoes)
{
    ClockWatch watch(kStart);
    for (int i = 1; i <= 1000; ++i)
        ASSERT_FALSE(watch.look(after(seconds(i), microseconds(500 * i))).has_value()) << i;
}

TEST(ClockWatch, endsTheSecondAtTheNextWholeOne)
{
    EXPECT_EQ(secondFrom(kStart.utc), (TimeRange{kStart.utc, utcTime(1'795'406'701'000'000'000)}));
    const UtcTime whole = utcTime(1'795'406'701'000'000'000);
    EXPECT_EQ(secondFrom(whole), (TimeRange{whole, whole + seconds(1)}));
}

TEST(ReadClocks, bracketsUtcByTwoReadingsOfTheMonotonicClock)
{
    const ClockAnchor first = readClocks();
    const ClockAnchor second = readClocks();
    EXPECT_LE(first.host, second.host);
    EXPECT_GT(first.error, Nanoseconds(0));
}

} // namespace
} // namespace binnacle::agent
