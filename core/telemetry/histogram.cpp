// SPDX-License-Identifier: Apache-2.0
#include "core/telemetry/histogram.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>

namespace binnacle::telemetry {
namespace {

constexpr int kSteps = 1 << Histogram::kScale; // buckets in a power of two
constexpr std::int32_t kLowest = -1;           // the bucket of 1
constexpr std::int32_t kHighest = 64 * kSteps - 1;

/// ⌊2^(63 + k/32)⌋.  Integers, because log2() differs in its last bit between machines and a bucket must not.
constexpr std::array<std::uint64_t, kSteps> kBounds{
    0x8000000000000000ULL, 0x82cd8698ac2ba1d7ULL, 0x85aac367cc487b14ULL, 0x88980e8092da8527ULL,
    0x8b95c1e3ea8bd6e6ULL, 0x8ea4398b45cd53c0ULL, 0x91c3d373ab11c336ULL, 0x94f4efa8fef70961ULL,
    0x9837f0518db8a96fULL, 0x9b8d39b9d54e5538ULL, 0x9ef5326091a111adULL, 0xa27043030c496818ULL,
    0xa5fed6a9b15138eaULL, 0xa9a15ab4ea7c0ef8ULL, 0xad583eea42a14ac6ULL, 0xb123f581d2ac258fULL,
    0xb504f333f9de6484ULL, 0xb8fbaf4762fb9ee9ULL, 0xbd08a39f580c36beULL, 0xc12c4cca66709456ULL,
    0xc5672a115506daddULL, 0xc9b9bd866e2f27a2ULL, 0xce248c151f8480e3ULL, 0xd2a81d91f12ae45aULL,
    0xd744fccad69d6af4ULL, 0xdbfbb797daf23755ULL, 0xe0ccdeec2a94e111ULL, 0xe5b906e77c8348a8ULL,
    0xeac0c6e7dd24392eULL, 0xefe4b99bdcdaf5cbULL, 0xf5257d152486cc2cULL, 0xfa83b2db722a033aULL,
};

} // namespace

std::int32_t Histogram::bucketIndex(std::uint64_t value)
{
    const int exponent = std::bit_width(value) - 1;
    const std::uint64_t mantissa = value << (63 - exponent); // 2^63 … 2^64 − 1
    const auto below = std::lower_bound(kBounds.begin(), kBounds.end(), mantissa) - kBounds.begin();
    return exponent * kSteps + static_cast<std::int32_t>(below) - 1;
}

double Histogram::bucketUpper(std::int32_t index)
{
    const std::int32_t next = index + 1;
    const std::int32_t step = ((next % kSteps) + kSteps) % kSteps;
    return std::ldexp(static_cast<double>(kBounds[static_cast<std::size_t>(step)]), (next - step) / kSteps - 63);
}

std::uint64_t Histogram::bucketMidpoint(std::int32_t index)
{
    return static_cast<std::uint64_t>(std::round((bucketUpper(index - 1) + bucketUpper(index)) / 2));
}

void Histogram::record(std::uint64_t value, std::uint64_t times)
{
    if (times == 0)
        return;
    m_min = empty() ? value : std::min(m_min, value);
    m_max = std::max(m_max, value);
    m_count += times;
    m_sum += value * times;
    if (value == 0) {
        m_zero += times;
        return;
    }
    const std::int32_t index = bucketIndex(value);
    const auto at = std::lower_bound(m_buckets.begin(), m_buckets.end(), index, [](const Bucket& b, std::int32_t i) { return b.index < i; });
    if (at != m_buckets.end() && at->index == index)
        at->count += times;
    else
        m_buckets.insert(at, Bucket{index, times});
}

namespace {

/// Adds where every bucket is there already, which is what a sum of many soon comes to; else touches nothing.
bool addInPlace(std::vector<Histogram::Bucket>& sum, const std::vector<Histogram::Bucket>& more)
{
    if (more.size() > sum.size())
        return false;
    auto at = sum.begin();
    for (const Histogram::Bucket& bucket : more) {
        while (at != sum.end() && at->index < bucket.index)
            ++at;
        if (at == sum.end() || at->index != bucket.index)
            return false;
    }
    at = sum.begin();
    for (const Histogram::Bucket& bucket : more) {
        while (at->index < bucket.index)
            ++at;
        at->count += bucket.count;
    }
    return true;
}

} // namespace

void Histogram::merge(const Histogram& other)
{
    if (other.empty())
        return;
    m_min = empty() ? other.m_min : std::min(m_min, other.m_min);
    m_max = std::max(m_max, other.m_max);
    m_count += other.m_count;
    m_sum += other.m_sum;
    m_zero += other.m_zero;
    if (addInPlace(m_buckets, other.m_buckets))
        return;
    std::vector<Bucket> merged;
    merged.reserve(m_buckets.size() + other.m_buckets.size());
    auto a = m_buckets.begin();
    for (const Bucket& b : other.m_buckets) {
        while (a != m_buckets.end() && a->index < b.index)
            merged.push_back(*a++);
        const bool same = a != m_buckets.end() && a->index == b.index;
        merged.push_back({b.index, b.count + (same ? (a++)->count : 0)});
    }
    merged.insert(merged.end(), a, m_buckets.end());
    m_buckets = std::move(merged);
}

std::optional<std::uint64_t> Histogram::quantile(double q) const
{
    if (empty())
        return std::nullopt;
    const double wanted = std::ceil(std::clamp(q, 0.0, 1.0) * static_cast<double>(m_count));
    const std::uint64_t rank = wanted >= static_cast<double>(m_count) ? m_count : std::max<std::uint64_t>(1, static_cast<std::uint64_t>(wanted));
    std::uint64_t seen = m_zero;
    if (rank <= seen)
        return 0;
    for (const Bucket& bucket : m_buckets) {
        seen += bucket.count;
        if (rank <= seen)
            return std::clamp(bucketMidpoint(bucket.index), m_min, m_max);
    }
    return m_max;
}

std::uint64_t Histogram::countAtMost(std::uint64_t limit) const
{
    if (limit >= m_max)
        return m_count;
    if (limit < m_min)
        return 0;
    std::uint64_t seen = m_zero;
    const std::int32_t last = limit == 0 ? kLowest - 1 : bucketIndex(limit);
    for (const Bucket& bucket : m_buckets) {
        if (bucket.index > last)
            break;
        seen += bucket.count;
    }
    return seen;
}

std::optional<Histogram> Histogram::fromParts(std::uint64_t zeroCount, std::uint64_t sum, std::uint64_t min, std::uint64_t max,
                                              std::vector<Bucket> buckets)
{
    Histogram h;
    h.m_count = h.m_zero = zeroCount;
    std::int32_t before = kLowest - 1;
    for (const Bucket& bucket : buckets) {
        if (bucket.index <= before || bucket.index > kHighest || bucket.count == 0 || h.m_count + bucket.count < h.m_count)
            return std::nullopt;
        before = bucket.index;
        h.m_count += bucket.count;
    }
    const bool minFits = zeroCount > 0 || buckets.empty() ? min == 0 : min > 0 && bucketIndex(min) == buckets.front().index;
    const bool maxFits = buckets.empty() ? max == 0 && sum == 0 : max > 0 && bucketIndex(max) == buckets.back().index;
    if (!minFits || !maxFits || min > max)
        return std::nullopt;
    h.m_sum = sum;
    h.m_min = min;
    h.m_max = max;
    h.m_buckets = std::move(buckets);
    return h;
}

} // namespace binnacle::telemetry
