// SPDX-License-Identifier: Apache-2.0
#include "agent/aggregation/latency_recorder.h"

#include "core/base/fault.h"

#include <utility>

namespace binnacle::agent {

void LatencyRecorder::recordNear(std::size_t octave, CounterPages& pages)
{
    for (std::size_t distance = 1; distance < kOctaves; ++distance) {
        if (octave >= distance && m_pages[octave - distance] != 0) {
            ++pages[m_pages[octave - distance]][31];
            return;
        }
        if (octave + distance < kOctaves && m_pages[octave + distance] != 0) {
            ++pages[m_pages[octave + distance]][0];
            return;
        }
    }
    ++m_zero; // no page at all: the count stays right, the value is lost to its sum and extremes
}

telemetry::Histogram LatencyRecorder::drain(CounterPages& pages)
{
    std::vector<telemetry::Histogram::Bucket> buckets;
    for (std::size_t octave = 0; octave < kOctaves; ++octave) {
        if (m_pages[octave] == 0)
            continue;
        const CounterPages::Page& page = pages[m_pages[octave]];
        for (std::size_t i = 0; i < page.size(); ++i) {
            if (page[i] > 0)
                buckets.push_back({static_cast<std::int32_t>(octave * 32 + i), page[i]});
        }
        pages.giveBack(m_pages[octave]);
    }
    auto histogram = telemetry::Histogram::fromParts(m_zero, m_sum, m_min, m_max, std::move(buckets));
    BN_ASSERT(histogram.has_value());
    *this = LatencyRecorder{};
    return histogram ? std::move(*histogram) : telemetry::Histogram{};
}

} // namespace binnacle::agent
