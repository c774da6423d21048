// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <string_view>

#if defined(__SSE2__) || defined(_M_X64)
#define BN_LINE_FEEDS_SSE2 1
#include <emmintrin.h>
#endif

namespace binnacle::protocols {

/// The line feeds of a text, one after the other.  Heads have many short lines: thirty-two bytes are looked at at once and all their line feeds
/// remembered, where a search for each would begin anew.  Never reads past the end.
class LineFeeds {
public:
    explicit LineFeeds(std::string_view text) : m_next(text.data()), m_end(text.data() + text.size()) {}

    /// Null after the last one.
    const char* next()
    {
#ifdef BN_LINE_FEEDS_SSE2
        while (m_found == 0) {
            if (m_next == m_end)
                return nullptr;
            lookAtBlock();
        }
        const char* feed = m_block + std::countr_zero(m_found);
        m_found &= m_found - 1;
        return feed;
#else
        const auto* feed = m_next == m_end ? nullptr : static_cast<const char*>(std::memchr(m_next, '\n', static_cast<std::size_t>(m_end - m_next)));
        m_next = feed ? feed + 1 : m_end;
        return feed;
#endif
    }

private:
#ifdef BN_LINE_FEEDS_SSE2
    static constexpr std::size_t kHalf = 16, kBlock = 2 * kHalf;

    static std::uint32_t feedsIn(const char* half)
    {
        const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(half));
        return static_cast<std::uint32_t>(_mm_movemask_epi8(_mm_cmpeq_epi8(bytes, _mm_set1_epi8('\n'))));
    }

    void lookAtBlock()
    {
        m_block = m_next;
        const auto left = static_cast<std::size_t>(m_end - m_next);
        if (left >= kBlock) [[likely]] {
            m_found = feedsIn(m_next) | feedsIn(m_next + kHalf) << kHalf;
            m_next += kBlock;
            return;
        }
        char padded[kBlock] = {};
        std::memcpy(padded, m_next, left);
        m_found = feedsIn(padded) | feedsIn(padded + kHalf) << kHalf;
        m_next = m_end;
    }

    const char* m_block = nullptr; // what `m_found` is about
    std::uint32_t m_found = 0;     // a bit for each line feed not yet told of
#endif
    const char* m_next;            // not yet looked at
    const char* m_end;
};

} // namespace binnacle::protocols
