// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/telemetry/histogram.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <map>
#include <memory>
#include <vector>

namespace binnacle::agent {

/// Upper bounds of the 32 buckets of one octave, for values shifted until their highest bit is bit 63: ⌊2^63 · 2^((k+1)/32)⌋.
inline constexpr std::array<std::uint64_t, 32> kBucketBounds{
    0x82cd8698ac2ba1d7ull, 0x85aac367cc487b14ull, 0x88980e8092da8527ull, 0x8b95c1e3ea8bd6e6ull,
    0x8ea4398b45cd53c0ull, 0x91c3d373ab11c336ull, 0x94f4efa8fef70961ull, 0x9837f0518db8a96full,
    0x9b8d39b9d54e5538ull, 0x9ef5326091a111adull, 0xa27043030c496818ull, 0xa5fed6a9b15138eaull,
    0xa9a15ab4ea7c0ef8ull, 0xad583eea42a14ac6ull, 0xb123f581d2ac258full, 0xb504f333f9de6484ull,
    0xb8fbaf4762fb9ee9ull, 0xbd08a39f580c36beull, 0xc12c4cca66709456ull, 0xc5672a115506daddull,
    0xc9b9bd866e2f27a2ull, 0xce248c151f8480e3ull, 0xd2a81d91f12ae45aull, 0xd744fccad69d6af4ull,
    0xdbfbb797daf23755ull, 0xe0ccdeec2a94e111ull, 0xe5b906e77c8348a8ull, 0xeac0c6e7dd24392eull,
    0xefe4b99bdcdaf5cbull, 0xf5257d152486cc2cull, 0xfa83b2db722a033aull, 0xffffffffffffffffull,
};

/// For the 6 bits below the highest one: the first bucket that can hold such a value.
inline constexpr std::array<std::uint8_t, 64> kBucketGuess = [] {
    std::array<std::uint8_t, 64> guess{};
    for (std::uint64_t bits = 0; bits < 64; ++bits) {
        const std::uint64_t lowest = (1ull << 63) | (bits << 57);
        std::uint8_t bucket = 0;
        while (lowest > kBucketBounds[bucket])
            ++bucket;
        guess[bits] = bucket;
    }
    return guess;
}();

/// telemetry::Histogram::bucketIndex() without a logarithm; a test holds them equal.
constexpr std::int32_t fastBucketIndex(std::uint64_t value)
{
    const int octave = std::bit_width(value) - 1;
    const std::uint64_t shifted = value << (63 - octave);
    if (shifted == 1ull << 63)
        return 32 * octave - 1; // a power of two is the inclusive bound of the bucket below
    std::int32_t bucket = kBucketGuess[(shifted >> 57) & 63];
    while (shifted > kBucketBounds[static_cast<std::size_t>(bucket)])
        ++bucket;
    return 32 * octave + bucket;
}

/// Pages of 32 counters, one octave of one recorder each; used again every second, so that recording does not allocate.
class CounterPages {
public:
    using Page = std::array<std::uint32_t, 32>;

    CounterPages() { m_pages.emplace_back(); } // number 0 stands for "none"

    std::uint16_t take()
    {
        if (!m_free.empty()) {
            const std::uint16_t page = m_free.back();
            m_free.pop_back();
            return page;
        }
        if (m_pages.size() >= kMaxPages)
            return 0;
        m_pages.emplace_back();
        return static_cast<std::uint16_t>(m_pages.size() - 1);
    }
    void giveBack(std::uint16_t page)
    {
        m_pages[page].fill(0);
        m_free.push_back(page);
    }
    Page& operator[](std::uint16_t page) { return m_pages[page]; }

private:
    static constexpr std::size_t kMaxPages = 65'535; // 8 MiB
    std::vector<Page> m_pages;
    std::vector<std::uint16_t> m_free;
};

/// A latency with its bucket, which both recorders of a row need.  Counts as at least 2 ns and less than 2^47 ns (39 hours), or as nothing.
struct Latency {
    static constexpr std::uint64_t kMax = (1ull << 47) - 1;

    explicit Latency(std::uint64_t ns) : value(ns == 0 ? 0 : std::clamp<std::uint64_t>(ns, 2, kMax)), bucket(value == 0 ? 0 : fastBucketIndex(value)) {}

    std::uint64_t value; // ns
    std::int32_t bucket; // without meaning for 0
};

/// Counts latencies of one second in the buckets of telemetry::Histogram, at a few nanoseconds a value.
/// When all pages are taken, a recorder goes on in a slower way.
class LatencyRecorder {
public:
    void record(std::uint64_t value, CounterPages& pages) { record(Latency(value), 1, pages); }

    /// `count` times the same, at least once.
    void record(Latency latency, std::uint32_t count, CounterPages& pages)
    {
        const std::uint64_t value = latency.value;
        m_min = std::min(m_min, value);
        m_max = std::max(m_max, value);
        m_sum += value * count;
        m_count += count;
        if (value == 0) {
            m_zero += count;
            return;
        }
        const auto octave = static_cast<std::size_t>(latency.bucket) / 32;
        if (m_pages[octave] == 0) [[unlikely]]
            m_pages[octave] = pages.take();
        if (m_pages[octave] == 0) [[unlikely]] {
            spill(latency.bucket, count);
            return;
        }
        pages[m_pages[octave]][static_cast<std::size_t>(latency.bucket) % 32] += count;
    }

    std::uint64_t count() const { return m_count; }

    /// What was recorded; empties the recorder and gives its pages back.
    telemetry::Histogram drain(CounterPages& pages);

private:
    static constexpr std::size_t kOctaves = 47;
    static_assert(Latency::kMax == (1ull << kOctaves) - 1);

    void spill(std::int32_t index, std::uint32_t count);

    std::uint64_t m_count = 0, m_sum = 0, m_max = 0, m_zero = 0;
    std::uint64_t m_min = ~0ull; // of nothing
    std::array<std::uint16_t, kOctaves> m_pages{};
    std::unique_ptr<std::map<std::int32_t, std::uint64_t>> m_spilled; // bucket → count
};

} // namespace binnacle::agent
