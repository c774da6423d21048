// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

namespace binnacle {

/// Bytes that several SeenBytes remember are kept once, for as long as one of them does; no more than kMostBytes in all.
/// Thread: any one at a time, with all that remember through it.
class SharedBytes {
public:
    static constexpr std::size_t kMostBytes = 1u << 20;
    using Bytes = std::shared_ptr<const char[]>;

    /// `bytes`, as others have them if they came lately.  Null when there is no room.
    Bytes keep(std::string_view bytes, std::uint64_t digest);

private:
    struct Slot {
        std::uint64_t digest = 0;
        std::size_t size = 0;
        Bytes bytes;
    };
    std::array<Slot, 128> m_slots; // what came lately
    std::shared_ptr<std::size_t> m_kept = std::make_shared<std::size_t>(0); // bytes, of all that somebody holds
};

/// Recognises bytes that came before, by comparing them where they are kept (SharedBytes: read again and again, they stay in the caches);
/// else without keeping them, by their length and 64 bits of XXH3 under a secret drawn anew by each process: two different texts are
/// taken for one with a chance of 2^-64 a pair, at a million new heads a second once in half a million years.
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
    void remember(std::string_view bytes, SharedBytes* shared = nullptr);

private:
    SharedBytes::Bytes m_bytes; // else m_digest
    std::uint64_t m_digest = 0;
    std::uint16_t m_size = 0; // 0: nothing
    std::uint8_t m_misses = 0; // in a row, up to kPatience
    std::uint8_t m_passedOver = 0;
};

} // namespace binnacle
