// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/base/clocks.h"

#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

namespace binnacle::telemetry {

/// How many values fell into which range: base-2 exponential buckets of OpenTelemetry at fixed scale 5
/// (bucket i holds (2^(i/32), 2^((i+1)/32)], relative error of a midpoint ≤ 1.1 %), sparse, delta.
/// Values are nanoseconds or bytes, integers ≥ 0; 0 has a bucket of its own.  Histograms only add: merge() is associative
/// and commutative to the last bit (all members are integers).
/// Source: OpenTelemetry metrics data model, "ExponentialHistogram".
class Histogram {
public:
    static constexpr int kScale = 5;

    struct Bucket {
        std::int32_t index = 0;
        std::uint64_t count = 0;
        friend bool operator==(const Bucket&, const Bucket&) = default;
    };

    void record(std::uint64_t value, std::uint64_t times = 1);
    void merge(const Histogram& other);

    bool empty() const { return m_count == 0; }
    std::uint64_t count() const { return m_count; }
    std::uint64_t sum() const { return m_sum; }
    std::uint64_t min() const { return m_min; } // of what was recorded, exact; 0 when empty
    std::uint64_t max() const { return m_max; } // exact
    std::uint64_t zeroCount() const { return m_zero; }
    const std::vector<Bucket>& buckets() const { return m_buckets; } // ascending, none empty

    /// Nearest rank (⌈q·count⌉-th smallest), as the midpoint of its bucket, kept within [min, max].  Nothing when empty.
    std::optional<std::uint64_t> quantile(double q) const;

    /// How many values are ≤ `limit`, at the resolution of the buckets.
    std::uint64_t countAtMost(std::uint64_t limit) const;

    static std::int32_t bucketIndex(std::uint64_t value); // value > 0
    static double bucketUpper(std::int32_t index);
    static std::uint64_t bucketMidpoint(std::int32_t index);

    /// For readers of a wire or a file; `buckets` must be ascending and consistent with the count, else nothing.
    static std::optional<Histogram> fromParts(std::uint64_t zeroCount, std::uint64_t sum, std::uint64_t min, std::uint64_t max,
                                              std::vector<Bucket> buckets);

    friend bool operator==(const Histogram&, const Histogram&) = default;

private:
    friend class HistogramSum; // makes one of its own sound figures

    std::uint64_t m_count = 0, m_sum = 0, m_min = 0, m_max = 0, m_zero = 0;
    std::vector<Bucket> m_buckets;
};

} // namespace binnacle::telemetry
