// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/base/byte_view.h"

#include <algorithm>
#include <cstring>
#include <optional>

namespace binnacle {

/// A cursor over foreign bytes that cannot run past the end: every read says whether it got what it asked for.
class ByteReader {
public:
    explicit ByteReader(ByteView bytes) : m_bytes(bytes) {}

    std::size_t position() const { return m_position; }
    std::size_t left() const { return m_bytes.size() - m_position; }
    bool atEnd() const { return left() == 0; }
    ByteView rest() const { return m_bytes.subspan(m_position); }
    std::string_view restAsText() const { return asText(rest()); }
    std::optional<std::uint8_t> peek() const { return atEnd() ? std::nullopt : std::optional(m_bytes[m_position]); }

    /// Moves on by at most `count`; returns how far it went.
    std::size_t skip(std::size_t count)
    {
        const std::size_t step = std::min(count, left());
        m_position += step;
        return step;
    }

    /// Goes back to a position() taken earlier.
    void rewind(std::size_t position) { m_position = std::min(position, m_bytes.size()); }

    std::optional<ByteView> take(std::size_t count)
    {
        if (left() < count)
            return std::nullopt;
        const ByteView taken = m_bytes.subspan(m_position, count);
        m_position += count;
        return taken;
    }

    /// The text up to `\r\n`, which is consumed too.  Nothing consumed when there is no line end yet.
    std::optional<std::string_view> takeLine()
    {
        const std::string_view text = restAsText();
        const std::size_t end = text.find("\r\n");
        if (end == std::string_view::npos)
            return std::nullopt;
        m_position += end + 2;
        return text.substr(0, end);
    }

    template <class Integer>
    std::optional<Integer> takeBigEndian()
    {
        const auto bytes = take(sizeof(Integer));
        if (!bytes)
            return std::nullopt;
        Integer value = 0;
        for (const std::uint8_t byte : *bytes)
            value = static_cast<Integer>((value << 8) | byte);
        return value;
    }

    template <class Integer>
    std::optional<Integer> takeLittleEndian()
    {
        const auto bytes = take(sizeof(Integer));
        if (!bytes)
            return std::nullopt;
        Integer value = 0;
        for (std::size_t i = sizeof(Integer); i-- > 0;)
            value = static_cast<Integer>((value << 8) | (*bytes)[i]);
        return value;
    }

private:
    ByteView m_bytes;
    std::size_t m_position = 0;
};

} // namespace binnacle
