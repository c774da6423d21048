// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>

namespace binnacle::kube {

/// How long to wait before the next try: doubles from `first` to `most`, each time shortened by chance by up to a half, so that
/// many clients of one server that comes back do not come back together.
class Backoff {
public:
    using Duration = std::chrono::milliseconds;
    explicit Backoff(Duration first = std::chrono::seconds(1), Duration most = std::chrono::seconds(30), std::uint64_t seed = randomSeed());

    Duration next();
    void reset() { m_tries = 0; }
    unsigned tries() const { return m_tries; }
    /// A number from [0, below).
    std::uint64_t chance(std::uint64_t below);

private:
    static std::uint64_t randomSeed();
    Duration m_first;
    Duration m_most;
    std::uint64_t m_random;
    unsigned m_tries = 0;
};

} // namespace binnacle::kube
