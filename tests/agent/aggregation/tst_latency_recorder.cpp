// SPDX-License-Identifier: Apache-2.0
#include "agent/aggregation/latency_recorder.h"

#include <gtest/gtest.h>
#include <utility>
#include <random>

namespace binnacle::agent {
namespace {

TEST(LatencyRecorderTest, bucketsAreThoseOfTheHistogram)
{
    std::mt19937_64 random(7);
    for (int bits = 2; bits <= 47; ++bits) {
        for (int i = 0; i < 2'000; ++i) {
            const std::uint64_t value = std::max<std::uint64_t>(2, random() >> (64 - bits));
            ASSERT_EQ(fastBucketIndex(value), telemetry::Histogram::bucketIndex(value)) << value;
        }
        for (const std::uint64_t value : {(1ull << bits) - 1, 1ull << bits, (1ull << bits) + 1})
            ASSERT_EQ(fastBucketIndex(value), telemetry::Histogram::bucketIndex(value)) << value;
    }
}

TEST(LatencyRecorderTest, drainsWhatWasRecorded)
{
    CounterPages pages;
    LatencyRecorder recorder;
    telemetry::Histogram expected;
    std::mt19937_64 random(11);
    for (int i = 0; i < 10'000; ++i) {
        const std::uint64_t value = i % 100 == 0 ? 0 : 2 + random() % 50'000'000;
        recorder.record(value, pages);
        expected.record(value);
    }
    EXPECT_EQ(recorder.drain(pages), expected);
    EXPECT_EQ(recorder.count(), 0u);
    EXPECT_TRUE(recorder.drain(pages).empty());
}

TEST(LatencyRecorderTest, manyAtOnceAreAsManyTimesOne)
{
    CounterPages pages;
    LatencyRecorder together, apart;
    for (const auto& [value, count] : {std::pair{0ull, 3u}, std::pair{1ull, 2u}, std::pair{70'000ull, 16u}, std::pair{~0ull, 2u}, std::pair{70'000ull, 1u}}) {
        together.record(Latency(value), count, pages);
        for (std::uint32_t i = 0; i < count; ++i)
            apart.record(value, pages);
    }
    EXPECT_EQ(together.drain(pages), apart.drain(pages));
}

TEST(LatencyRecorderTest, pagesAreUsedAgainAndClean)
{
    CounterPages pages;
    for (int second = 0; second < 3; ++second) {
        LatencyRecorder one, two;
        one.record(1'000, pages);
        two.record(1'000'000, pages);
        two.record(1'000'001, pages);
        EXPECT_EQ(one.drain(pages).count(), 1u);
        EXPECT_EQ(two.drain(pages).count(), 2u);
    }
    EXPECT_LE(pages.take(), 3u);
}

TEST(LatencyRecorderTest, extremesAreHeldInRange)
{
    CounterPages pages;
    LatencyRecorder recorder;
    recorder.record(1, pages);
    recorder.record(~0ull >> 1, pages);
    const telemetry::Histogram histogram = recorder.drain(pages);
    EXPECT_EQ(histogram.count(), 2u);
    EXPECT_EQ(histogram.min(), 2u);
    EXPECT_EQ(histogram.max(), (1ull << 47) - 1);
}

TEST(LatencyRecorderTest, countsStayRightWhenPagesRunOut)
{
    CounterPages pages;
    LatencyRecorder first;
    first.record(1'000, pages);
    while (pages.take() != 0) {
    }
    first.record(1'000'000'000, pages);
    LatencyRecorder second;
    second.record(5'000, pages);
    first.record(3'000'000'000, pages);
    const telemetry::Histogram histogram = first.drain(pages);
    EXPECT_EQ(histogram.count(), 3u);
    EXPECT_EQ(histogram.buckets().size(), 3u);
    EXPECT_EQ(histogram.max(), 3'000'000'000u);
    EXPECT_EQ(second.drain(pages).count(), 1u);
}

} // namespace
} // namespace binnacle::agent
