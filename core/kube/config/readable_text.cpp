// SPDX-License-Identifier: Apache-2.0
#include "core/kube/config/internal/readable_text.h"

#include <algorithm>

namespace binnacle::kube {

namespace {

bool isPrintable(char32_t c)
{
    return c == '\t' || c == '\n' || c == '\r' || (c >= 0x20 && c <= 0x7e) || c == 0x85 || (c >= 0xa0 && c <= 0xd7ff)
           || (c >= 0xe000 && c <= 0xfffd && c != 0xfeff) || (c >= 0x10000 && c <= 0x10ffff);
}

} // namespace

std::size_t utf8Length(std::string_view text, std::size_t at, char32_t& character)
{
    const auto byte = static_cast<unsigned char>(text[at]);
    const std::size_t length = byte < 0x80 ? 1 : (byte >> 5) == 6 ? 2 : (byte >> 4) == 14 ? 3 : (byte >> 3) == 30 ? 4 : 0;
    if (length == 0 || at + length > text.size())
        return 0;
    character = length == 1 ? byte : byte & (0x7fu >> length);
    for (std::size_t i = 1; i < length; ++i) {
        const auto next = static_cast<unsigned char>(text[at + i]);
        if ((next & 0xc0) != 0x80)
            return 0;
        character = character << 6 | (next & 0x3f);
    }
    constexpr char32_t kSmallest[] = {0, 0, 0x80, 0x800, 0x10000};
    const bool surrogate = character >= 0xd800 && character <= 0xdfff;
    return character < kSmallest[length] || surrogate || character > 0x10ffff ? 0 : length;
}

bool isHeaderValue(std::string_view text)
{
    return std::ranges::none_of(text, [](unsigned char c) { return (c < 0x20 && c != '\t') || c == 0x7f; });
}

std::optional<Unreadable> findUnreadable(std::string_view text)
{
    if (text.starts_with("\xff\xfe") || text.starts_with("\xfe\xff"))
        return std::nullopt;
    int line = 1;
    for (std::size_t at = text.starts_with("\xef\xbb\xbf") ? 3 : 0; at < text.size();) {
        char32_t character = 0;
        const std::size_t length = utf8Length(text, at, character);
        if (length == 0)
            return Unreadable{line, "the text is not UTF-8"};
        if (!isPrintable(character))
            return Unreadable{line, "there is a control character that YAML does not allow"};
        line += character == '\n';
        at += length;
    }
    return std::nullopt;
}

} // namespace binnacle::kube
