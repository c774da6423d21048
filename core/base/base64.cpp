// SPDX-License-Identifier: Apache-2.0
#include "core/base/base64.h"

#include <array>
#include <cstdint>

namespace binnacle {

namespace {

constexpr std::string_view kStandard = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::string_view kUrl = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
enum class Padding { Required, Optional };

class Decoder {
public:
    Decoder(std::string_view text, std::string_view alphabet, Padding padding) : m_text(text), m_padding(padding)
    {
        m_values.fill(-1);
        for (std::size_t i = 0; i < alphabet.size(); ++i)
            m_values[static_cast<unsigned char>(alphabet[i])] = static_cast<std::int8_t>(i);
    }

    std::expected<std::string, std::size_t> decode()
    {
        for (skipLineEnds(); m_at < m_text.size() && m_text[m_at] != '='; skipLineEnds()) {
            const std::int8_t value = m_values[static_cast<unsigned char>(m_text[m_at])];
            if (value < 0)
                return std::unexpected(m_at);
            take(static_cast<std::uint32_t>(value));
            ++m_at;
        }
        return end();
    }

private:
    void skipLineEnds()
    {
        while (m_at < m_text.size() && (m_text[m_at] == '\n' || m_text[m_at] == '\r'))
            ++m_at;
    }

    void take(std::uint32_t sixBits)
    {
        m_bits = m_bits << 6 | sixBits;
        if (++m_digits % 4 == 0) {
            for (const int shift : {16, 8, 0})
                m_out.push_back(static_cast<char>(m_bits >> shift & 0xff));
            m_bits = 0;
        }
    }

    std::expected<std::string, std::size_t> end()
    {
        const std::size_t rest = m_digits % 4, missing = rest == 0 ? 0 : 4 - rest;
        std::size_t padding = 0;
        for (; m_at < m_text.size() && m_text[m_at] == '=' && padding < missing; skipLineEnds()) {
            ++padding;
            ++m_at;
        }
        const bool padded = padding == missing || (padding == 0 && m_padding == Padding::Optional);
        if (rest == 1 || !padded || m_at != m_text.size())
            return std::unexpected(m_at);
        if (rest >= 2)
            m_out.push_back(static_cast<char>(m_bits >> (rest == 2 ? 4 : 10) & 0xff));
        if (rest == 3)
            m_out.push_back(static_cast<char>(m_bits >> 2 & 0xff));
        return std::move(m_out);
    }

    std::string_view m_text;
    Padding m_padding;
    std::array<std::int8_t, 256> m_values{};
    std::size_t m_at = 0, m_digits = 0;
    std::uint32_t m_bits = 0;
    std::string m_out;
};

} // namespace

std::string toBase64(std::string_view bytes)
{
    std::string out;
    out.reserve((bytes.size() + 2) / 3 * 4);
    for (std::size_t at = 0; at < bytes.size(); at += 3) {
        const std::size_t here = std::min<std::size_t>(3, bytes.size() - at);
        std::uint32_t bits = 0;
        for (std::size_t i = 0; i < 3; ++i)
            bits = bits << 8 | (i < here ? static_cast<unsigned char>(bytes[at + i]) : 0u);
        for (std::size_t digit = 0; digit < 4; ++digit)
            out.push_back(digit <= here ? kStandard[bits >> (18 - 6 * digit) & 63] : '=');
    }
    return out;
}

std::expected<std::string, std::size_t> fromBase64(std::string_view text)
{
    return Decoder(text, kStandard, Padding::Required).decode();
}

std::expected<std::string, std::size_t> fromBase64Url(std::string_view text)
{
    return Decoder(text, kUrl, Padding::Optional).decode();
}

} // namespace binnacle
