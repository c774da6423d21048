// SPDX-License-Identifier: Apache-2.0
#include "core/kube/net/backoff.h"

#include <algorithm>
#include <random>

namespace binnacle::kube {

Backoff::Backoff(Duration first, Duration most, std::uint64_t seed) : m_first(first), m_most(most), m_random(seed) {}

std::uint64_t Backoff::randomSeed()
{
    std::random_device device;
    return std::uint64_t(device()) << 32 | device();
}

std::uint64_t Backoff::chance(std::uint64_t below) // splitmix64
{
    std::uint64_t z = (m_random += 0x9e3779b97f4a7c15u);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return below ? (z ^ (z >> 31)) % below : 0;
}

Backoff::Duration Backoff::next()
{
    const Duration whole = std::min(m_most, m_first * (std::int64_t(1) << std::min(m_tries, 20u)));
    ++m_tries;
    const auto half = static_cast<std::uint64_t>(whole.count() / 2);
    return std::max(std::min(m_first, m_most), whole - Duration(static_cast<std::int64_t>(chance(half + 1))));
}

} // namespace binnacle::kube
