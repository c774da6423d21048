// SPDX-License-Identifier: Apache-2.0
#include "core/telemetry/histogram_sum.h"

#include "core/base/fault.h"

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
    if (m_count == 0)
        return {};
    const auto used = [this](std::size_t place) { return m_counts[place] > 0; };
    std::vector<Histogram::Bucket> buckets;
    std::size_t many = 0;
    for (std::size_t place = m_lowest; place < m_end; ++place)
        many += used(place);
    buckets.reserve(many);
    for (std::size_t place = m_lowest; place < m_end; ++place) {
        if (used(place))
            buckets.push_back({static_cast<std::int32_t>(place) + kFirst, std::exchange(m_counts[place], 0)});
    }
    auto sum = Histogram::fromParts(m_zero, m_sum, m_min, m_max, std::move(buckets));
    BN_ASSERT(sum); // what was added was sound
    m_count = m_sum = m_min = m_max = m_zero = 0;
    m_lowest = kPlaces;
    m_end = 0;
    return sum ? std::move(*sum) : Histogram();
}

} // namespace binnacle::telemetry
