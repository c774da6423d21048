// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace binnacle::protocols {

/// Text of at most `Limit` bytes held in place; what is longer is cut.
template <std::uint8_t Limit>
class BoundedText {
public:
    BoundedText() = default;
    explicit BoundedText(std::string_view text) { append(text); }
    BoundedText(const BoundedText& other) { copy(other); }
    BoundedText& operator=(const BoundedText& other)
    {
        if (this != &other)
            copy(other);
        return *this;
    }

    void append(std::string_view text)
    {
        const std::size_t count = std::min<std::size_t>(text.size(), Limit - m_size);
        std::memcpy(m_text + m_size, text.data(), count);
        m_size = static_cast<std::uint8_t>(m_size + count);
    }
    void append(char c) { append(std::string_view(&c, 1)); }
    void clear() { m_size = 0; }
    void shrinkTo(std::size_t size) { m_size = static_cast<std::uint8_t>(std::min<std::size_t>(size, m_size)); }

    std::string_view view() const { return {m_text, m_size}; }
    std::size_t size() const { return m_size; }
    std::size_t room() const { return Limit - m_size; }
    bool empty() const { return m_size == 0; }

private:
    static constexpr std::size_t kBlock = 16;

    /// In whole blocks: moves of a known size are two instructions where others are a call.
    void copy(const BoundedText& other)
    {
        m_size = other.m_size;
        for (std::size_t at = 0; at < m_size; at += kBlock)
            std::memcpy(m_text + at, other.m_text + at, kBlock);
    }

    std::uint8_t m_size = 0;
    char m_text[(Limit + kBlock - 1) / kBlock * kBlock]; // only the first m_size are set
};

} // namespace binnacle::protocols
