// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace binnacle {

/// Recognises bytes that came before without keeping them: their length and 64 bits of XXH3 under a secret drawn anew by each process, so
/// that nothing outside can be prepared to look the same.  Two different texts are taken for one with a chance of 2^-64 a pair: at a million
/// new heads a second, once in half a million years.
/// Bytes that keep changing soon cost nothing: after kPatience texts that were never seen again only every kPatience-th is remembered.
/// Thread: any one at a time.
class SeenBytes {
public:
    static constexpr std::size_t kMost = 1'024; // longer ones are not remembered: hashing costs as much as reading them
    static constexpr std::uint8_t kPatience = 16;

    /// The length of what was remembered if `text` begins with it, else 0.
    std::size_t beginning(std::string_view text);
    /// Whether to remember() what has just been read.
    bool isWorthIt(std::string_view bytes)
    {
        return bytes.size() <= kMost && (m_misses < kPatience || m_passedOver++ % kPatience == 0);
    }
    void remember(std::string_view bytes);

private:
    std::uint64_t m_digest = 0;
    std::uint16_t m_size = 0; // 0: nothing
    std::uint8_t m_misses = 0; // in a row, up to kPatience
    std::uint8_t m_passedOver = 0;
};

} // namespace binnacle
