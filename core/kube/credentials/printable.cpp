// SPDX-License-Identifier: Apache-2.0
#include "core/kube/credentials/printable.h"

#include "core/kube/config/internal/readable_text.h"

#include <algorithm>
#include <array>
#include <cstdio>

namespace binnacle::kube {

namespace {

bool isControl(char32_t c) { return c < 0x20 || (c >= 0x7f && c <= 0x9f); }

/// Invisible, direction-changing, private and tag characters.
bool misleads(char32_t c)
{
    return c == 0xad || (c >= 0x200b && c <= 0x200f) || (c >= 0x2028 && c <= 0x202e) || (c >= 0x2060 && c <= 0x206f) || c == 0xfeff
           || (c >= 0xe000 && c <= 0xf8ff) || (c >= 0xfff9 && c <= 0xfffb) || c >= 0xe0000;
}

enum class LineEnds { Kept, Escaped };

std::string escaped(std::string_view text, LineEnds lineEnds)
{
    std::string out;
    for (std::size_t at = 0; at < text.size();) {
        char32_t character = 0;
        const std::size_t length = utf8Length(text, at, character);
        const bool space = character >= 0x09 && character <= 0x0d && lineEnds == LineEnds::Kept;
        if (length == 0) {
            out += "\xef\xbf\xbd";
        } else if ((isControl(character) && !space) || misleads(character)) {
            std::array<char, 16> code{};
            std::snprintf(code.data(), code.size(), "U+%04X", static_cast<unsigned>(character));
            out += code.data();
        } else {
            out += text.substr(at, length);
        }
        at += std::max<std::size_t>(length, 1);
    }
    return out;
}

std::string shellWord(std::string_view word)
{
    constexpr std::string_view kPlain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./=:,@%+";
    const std::string safe = escaped(word, LineEnds::Escaped);
    if (!word.empty() && word.find_first_not_of(kPlain) == std::string_view::npos)
        return safe;
    std::string quoted = "'";
    for (const char c : safe)
        quoted += c == '\'' ? "'\\''" : std::string(1, c);
    return quoted + "'";
}

} // namespace

std::string printable(std::string_view text) { return escaped(text, LineEnds::Kept); }

std::string commandLineText(const std::vector<std::string>& words)
{
    std::string line;
    for (const std::string& word : words)
        line += (line.empty() ? "" : " ") + shellWord(word);
    return line;
}

} // namespace binnacle::kube
