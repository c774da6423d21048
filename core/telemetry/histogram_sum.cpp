// SPDX-License-Identifier: Apache-2.0
#include "core/telemetry/histogram_sum.h"

#include <algorithm>
#include <utility>
#include <vector>

namespace binnacle::telemetry {

void HistogramSum::add(const Histogram& histogram)
{
    if (histogram.empty())
        return;
    m_min = m_count == 0 ? histogram.min() : std::min(m_min, histogram.min());
    m_max = std::max(m_max, histogram.max());
    m_count += histogram.count();
    m_sum += histogram.sum();
    m_zero += histogram.zeroCount();
    if (histogram.buckets().empty())
        return;
    m_lowest = std::min(m_lowest, static_cast<std::size_t>(histogram.buckets().front().index - kFirst));
    m_end = std::max(m_end, static_cast<std::size_t>(histogram.buckets().back().index - kFirst) + 1);
    for (const Histogram::Bucket& bucket : histogram.buckets())
        m_counts[static_cast<std::size_t>(bucket.index - kFirst)] += bucket.count;
}

Histogram HistogramSum::take()
{
    Histogram sum;
    if (m_count == 0)
        return sum;
    sum.m_count = std::exchange(m_count, 0);
    sum.m_sum = std::exchange(m_sum, 0);
    sum.m_min = std::exchange(m_min, 0);
    sum.m_max = std::exchange(m_max, 0);
    sum.m_zero = std::exchange(m_zero, 0);
    sum.m_buckets = takeBuckets();
    return sum;
}

std::vector<Histogram::Bucket> HistogramSum::takeBuckets()
{
    std::size_t used = 0;
    for (std::size_t place = m_lowest; place < m_end; ++place)
        used += m_counts[place] > 0;
    // Used and unused places come in no order that a processor could foresee: each is written, and an unused one written over.
    std::vector<Histogram::Bucket> buckets(used + 1);
    std::size_t at = 0;
    for (std::size_t place = m_lowest; place < m_end; ++place) {
        const std::uint64_t count = std::exchange(m_counts[place], 0);
        buckets[at] = {static_cast<std::int32_t>(place) + kFirst, count};
        at += count > 0;
    }
    buckets.pop_back();
    m_lowest = kPlaces;
    m_end = 0;
    return buckets;
}

} // namespace binnacle::telemetry
