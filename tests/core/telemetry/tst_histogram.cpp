// SPDX-License-Identifier: Apache-2.0
#include "core/telemetry/histogram.h"
#include "core/telemetry/histogram_sum.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>
#include <vector>

using binnacle::telemetry::Histogram;
using binnacle::telemetry::HistogramSum;

TEST(Histogram, boundsFollowOpenTelemetry)
{
    // Upper bounds belong to their bucket, lower ones do not.
    EXPECT_EQ(Histogram::bucketIndex(1), -1);
    EXPECT_EQ(Histogram::bucketIndex(2), 31);
    EXPECT_EQ(Histogram::bucketIndex(3), static_cast<int>(std::ceil(std::log2(3.0) * 32)) - 1);
    EXPECT_EQ(Histogram::bucketIndex(4), 63);
    EXPECT_EQ(Histogram::bucketIndex(5), static_cast<int>(std::ceil(std::log2(5.0) * 32)) - 1);
    EXPECT_EQ(Histogram::bucketIndex(std::uint64_t{1} << 63), 63 * 32 - 1);
    EXPECT_EQ(Histogram::bucketIndex((std::uint64_t{1} << 63) + 1), 63 * 32);
    EXPECT_EQ(Histogram::bucketIndex(~std::uint64_t{0}), 64 * 32 - 1);
    EXPECT_DOUBLE_EQ(Histogram::bucketUpper(31), 2.0);
    EXPECT_DOUBLE_EQ(Histogram::bucketUpper(-1), 1.0);
    EXPECT_NEAR(Histogram::bucketUpper(32), std::exp2(33.0 / 32), 1e-12);
}

TEST(Histogram, everyValueLiesInItsBucketAndTheMidpointIsNear)
{
    std::mt19937_64 random(5);
    for (int i = 0; i < 200'000; ++i) {
        const std::uint64_t value = (random() >> (random() % 50) >> 13) + 1; // ≤ 2^51: exact in a double
        const std::int32_t index = Histogram::bucketIndex(value);
        const auto exact = static_cast<double>(value);
        ASSERT_LE(exact, Histogram::bucketUpper(index)) << value;
        ASSERT_GT(exact, Histogram::bucketUpper(index - 1)) << value;
        ASSERT_LE(std::abs(static_cast<double>(Histogram::bucketMidpoint(index)) - exact), exact * 0.011 + 0.5) << value;
    }
}

TEST(Histogram, mergeIsAssociativeAndCommutative)
{
    std::mt19937_64 random(6);
    const auto any = [&] {
        Histogram h;
        for (auto n = random() % 40; n > 0; --n)
            h.record(random() % 4 ? random() >> (random() % 60) : 0, random() % 5);
        return h;
    };
    for (int i = 0; i < 500; ++i) {
        const Histogram a = any(), b = any(), c = any();
        Histogram ab = a, ba = b, left, right = b;
        ab.merge(b);
        ba.merge(a);
        EXPECT_EQ(ab, ba);
        left = ab;
        left.merge(c);
        right.merge(c);
        Histogram aRight = a;
        aRight.merge(right);
        EXPECT_EQ(left, aRight);
    }
}

TEST(Histogram, quantilesAreNearestRank)
{
    std::mt19937_64 random(8);
    std::vector<std::uint64_t> values;
    Histogram h;
    EXPECT_FALSE(h.quantile(0.5));
    for (int i = 0; i < 997; ++i) {
        values.push_back(random() % 3 ? random() % 5'000'000 : random() % 900'000'000);
        h.record(values.back());
    }
    std::ranges::sort(values);
    for (const double q : {0.0, 0.01, 0.5, 0.9, 0.95, 0.99, 0.999, 1.0}) {
        const auto rank = std::max(1.0, std::ceil(q * 997));
        const auto exact = static_cast<double>(values[static_cast<std::size_t>(rank) - 1]);
        EXPECT_NEAR(static_cast<double>(*h.quantile(q)), exact, exact * 0.011 + 0.5) << q;
    }
    EXPECT_EQ(h.max(), values.back());
    EXPECT_EQ(h.min(), values.front());
}

TEST(Histogram, quantileStaysWithinWhatWasRecorded)
{
    Histogram h;
    h.record(1'000'003, 7);
    for (const double q : {0.0, 0.5, 1.0})
        EXPECT_EQ(h.quantile(q), 1'000'003u);
    h.record(0, 7);
    EXPECT_EQ(h.quantile(0.5), 0u);
    EXPECT_EQ(h.zeroCount(), 7u);
    EXPECT_EQ(h.count(), 14u);
}

TEST(Histogram, thresholdsCanBeAskedAfterTheFact)
{
    Histogram h;
    h.record(0);
    h.record(100, 10);
    h.record(1'000'000, 5);
    EXPECT_EQ(h.countAtMost(0), 1u);
    EXPECT_EQ(h.countAtMost(50), 1u);
    EXPECT_EQ(h.countAtMost(200), 11u);
    EXPECT_EQ(h.countAtMost(2'000'000), 16u);
}

TEST(Histogram, foreignPartsMustAgree)
{
    Histogram h;
    h.record(0, 2);
    h.record(77, 3);
    h.record(900'000, 4);
    const auto parts = [&](auto change) {
        std::uint64_t zero = h.zeroCount(), sum = h.sum(), min = h.min(), max = h.max();
        auto buckets = h.buckets();
        change(zero, sum, min, max, buckets);
        return Histogram::fromParts(zero, sum, min, max, buckets);
    };
    EXPECT_EQ(parts([](auto&...) {}), h);
    EXPECT_FALSE(parts([](auto&, auto&, auto& min, auto&, auto&) { min = 1; }));
    EXPECT_FALSE(parts([](auto&, auto&, auto&, auto& max, auto&) { max *= 2; }));
    EXPECT_FALSE(parts([](auto&, auto&, auto&, auto&, auto& b) { std::swap(b[0], b[1]); }));
    EXPECT_FALSE(parts([](auto&, auto&, auto&, auto&, auto& b) { b[0].count = 0; }));
    EXPECT_FALSE(parts([](auto&, auto&, auto&, auto&, auto& b) { b[0].count = b[1].count = ~std::uint64_t{0}; }));
    EXPECT_FALSE(parts([](auto&, auto&, auto&, auto&, auto& b) { b[1].index = 5000; }));
    EXPECT_EQ(Histogram::fromParts(0, 0, 0, 0, {}), Histogram());
}

TEST(HistogramSum, isTheSameAsMergingWhateverTheOrder)
{
    std::vector<Histogram> parts(40);
    for (std::uint64_t i = 0; i < parts.size(); ++i) {
        for (std::uint64_t k = 0; k < i % 7; ++k)
            parts[i].record((i * 977 + k * 104'729) % 5 == 0 ? 0 : (i + 1) * (k * k * 7919 + 1), k + 1);
    }
    parts[11].record(1);
    parts[23].record(~std::uint64_t{0});
    Histogram merged;
    for (const Histogram& part : parts)
        merged.merge(part);
    HistogramSum sum;
    for (int round = 0; round < 2; ++round) { // it is used again
        for (const Histogram& part : parts)
            sum.add(part);
        EXPECT_EQ(sum.take(), merged);
        std::ranges::reverse(parts);
    }
    EXPECT_TRUE(sum.take().empty());
}

TEST(HistogramSum, ofZerosAloneHasNoBuckets)
{
    Histogram zeros, both;
    zeros.record(0, 3);
    both.record(0, 6);
    HistogramSum sum;
    sum.add(zeros);
    sum.add(zeros);
    EXPECT_EQ(sum.take(), both);
}
