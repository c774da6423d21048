// SPDX-License-Identifier: Apache-2.0
#include "core/base/clocks.h"

#include <gtest/gtest.h>

namespace binnacle {
namespace {

constexpr UtcTime kNow = utcTime(1'700'000'000'000'000'000);

TEST(ClockAnchor, convertsThereAndBack)
{
    const ClockAnchor anchor{hostTime(5'000), kNow, Nanoseconds(10)};
    EXPECT_EQ(anchor.toUtc(hostTime(5'007)), kNow + Nanoseconds(7));
    EXPECT_EQ(anchor.toUtc(hostTime(4'000)), kNow - Nanoseconds(1'000));
    EXPECT_EQ(anchor.toHost(anchor.toUtc(hostTime(123'456))), hostTime(123'456));
}

TEST(TimeRange, isHalfOpen)
{
    const TimeRange range{kNow, kNow + Nanoseconds(10)};
    EXPECT_TRUE(range.contains(kNow));
    EXPECT_FALSE(range.contains(kNow + Nanoseconds(10)));
    EXPECT_FALSE(range.intersects({range.to, range.to + Nanoseconds(5)}));
    EXPECT_TRUE(range.intersects({range.to - Nanoseconds(1), range.to}));
    EXPECT_EQ(range.length(), Nanoseconds(10));
}

TEST(Rfc3339, writesAndReadsTheSameMoment)
{
    for (const std::int64_t moment : {std::int64_t{0}, std::int64_t{1'700'000'000'000'000'000}, std::int64_t{1'700'000'000'123'456'789},
                                      std::int64_t{951'782'400'000'000'000}, std::int64_t{1'709'164'800'500'000'000}}) {
        const std::string text = toRfc3339(utcTime(moment));
        EXPECT_EQ(parseTime(text, kNow), utcTime(moment)) << text;
    }
}

TEST(Rfc3339, leavesOutTrailingZeros)
{
    EXPECT_EQ(toRfc3339(utcTime(0)), "1970-01-01T00:00:00Z");
    EXPECT_EQ(toRfc3339(utcTime(1'500'000'000)), "1970-01-01T00:00:01.5Z");
    EXPECT_EQ(toRfc3339(utcTime(951'782'400'000'000'000)), "2000-02-29T00:00:00Z");
}

TEST(ParseTime, takesOffsetsOfTheClock)
{
    EXPECT_EQ(parseTime("1970-01-01T02:00:00+02:00", kNow), utcTime(0));
    EXPECT_EQ(parseTime("9999-12-31T23:59:60Z", kNow), UtcTime::max()) << "never, as some write it";
    EXPECT_EQ(parseTime("2262-01-01T00:00:00Z", kNow), UtcTime::max());
    EXPECT_EQ(parseTime("0001-01-01T00:00:00Z", kNow), UtcTime::min()) << "Kubernetes' zero";
    EXPECT_LT(parseTime("2261-12-31T23:59:59Z", kNow), UtcTime::max());
}

TEST(ParseTime, takesUnixNanosecondsAndTimesBeforeNow)
{
    EXPECT_EQ(parseTime("1700000000000000001", kNow), kNow + Nanoseconds(1));
    EXPECT_EQ(parseTime("-30s", kNow), kNow - std::chrono::seconds(30));
    EXPECT_EQ(parseTime("-200ms", kNow), kNow - std::chrono::milliseconds(200));
    EXPECT_EQ(parseTime("-5m", kNow), kNow - std::chrono::minutes(5));
    EXPECT_EQ(parseTime("-1h", kNow), kNow - std::chrono::hours(1));
}

TEST(ParseTime, refusesTheRest)
{
    for (const char* text : {"", "12", "2024-13-01T00:00:00Z", "2024-01-32T00:00:00Z", "2024-01-01T00:00:00", "2024-01-01", "-30", "-s",
                             "2024-01-01T25:00:00Z", "2024-01-01T00:00:00Zx"})
        EXPECT_EQ(parseTime(text, kNow), std::nullopt) << text;
}

TEST(ParseDuration, takesOneOrSeveralParts)
{
    EXPECT_EQ(parseDuration("30s"), std::chrono::seconds(30));
    EXPECT_EQ(parseDuration("1h30m"), std::chrono::minutes(90));
    EXPECT_EQ(parseDuration("200ms"), std::chrono::milliseconds(200));
    for (const char* text : {"", "30", "s", "30x", "1h30", "-5s", "99999999999999999999h"})
        EXPECT_EQ(parseDuration(text), std::nullopt) << text;
}

} // namespace
} // namespace binnacle
