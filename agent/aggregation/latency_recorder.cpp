// SPDX-License-Identifier: Apache-2.0
#include "agent/aggregation/latency_recorder.h"

#include "core/base/fault.h"

#include <algorithm>
#include <utility>

namespace binnacle::agent {

void LatencyRecorder::spill(std::int32_t index, std::uint32_t count)
{
    if (!m_spilled)
        m_spilled = std::make_unique<std::map<std::int32_t, std::uint64_t>>();
    (*m_spilled)[index] += count;
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
    if (m_spilled) { // octaves of their own: those with a page never spill
        for (const auto& [index, count] : *m_spilled)
            buckets.push_back({index, count});
        std::ranges::sort(buckets, {}, &telemetry::Histogram::Bucket::index);
    }
    auto histogram = telemetry::Histogram::fromParts(m_zero, m_sum, m_count == 0 ? 0 : m_min, m_max, std::move(buckets));
    BN_ASSERT(histogram.has_value());
    *this = LatencyRecorder{};
    return histogram ? std::move(*histogram) : telemetry::Histogram{};
}

} // namespace binnacle::agent
