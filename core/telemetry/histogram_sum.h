// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/telemetry/histogram.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace binnacle::telemetry {

/// Adds up many histograms at the cost of their buckets: the same as merging one after the other, bit by bit, in any order.
/// Holds a place for every bucket there can be (16 KiB); to be used again and again.
class HistogramSum {
public:
    void add(const Histogram& histogram);
    /// What was added since the last take().
    Histogram take();

private:
    std::vector<Histogram::Bucket> takeBuckets(); // and the places are empty again

    static constexpr std::int32_t kFirst = -1;                                             // the bucket of 1
    static constexpr std::size_t kPlaces = 64 * (std::size_t{1} << Histogram::kScale) + 1; // up to that of 2^64

    std::uint64_t m_count = 0, m_sum = 0, m_min = 0, m_max = 0, m_zero = 0;
    std::size_t m_lowest = kPlaces, m_end = 0; // places in use: from the first to behind the last
    std::array<std::uint64_t, kPlaces> m_counts{};
};

} // namespace binnacle::telemetry
