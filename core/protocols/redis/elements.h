// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/protocols/redis/frames.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <optional>

/// What requests and replies of Redis are made of: lines, numbers, bulk strings and names.  For commands.cpp, replies.cpp and parser.cpp only,
/// which keep their own functions in this namespace too, since other protocols have functions of the same names.
namespace binnacle::protocols::redis_elements {

/// More than a server takes (proto-max-bulk-len is 512 MB, arrays are limited to 2^31); far from where sums could wrap.
inline constexpr std::int64_t kMaxLength = std::int64_t{1} << 40;
inline constexpr std::int64_t kMaxElements = std::int64_t{1} << 31;

constexpr bool isDigit(char c) { return c >= '0' && c <= '9'; }
constexpr bool isLetter(char c) { return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z'); }
constexpr char upper(char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c; }

/// What a character of a command's name becomes in upper case; 0 = it is in no name.
inline constexpr auto kNameCharacters = [] {
    std::array<char, 256> upperCase{};
    for (int c = 0; c < 128; ++c) {
        const char character = static_cast<char>(c);
        if (isLetter(character) || character == '.' || character == '_' || character == '-')
            upperCase[static_cast<std::size_t>(c)] = upper(character);
    }
    return upperCase;
}();

/// `text` in upper case when it has the shape of a command's name.
template <std::uint8_t Limit>
void takeName(std::string_view text, BoundedText<Limit>& out)
{
    char name[Limit];
    out.clear();
    if (text.empty() || text.size() > Limit || !isLetter(text[0]))
        return;
    for (std::size_t i = 0; i < text.size(); ++i) {
        name[i] = kNameCharacters[static_cast<unsigned char>(text[i])];
        if (name[i] == 0)
            return;
    }
    out.append({name, text.size()});
}

template <std::size_t Count>
bool contains(const std::array<std::string_view, Count>& list, std::string_view word)
{
    return std::find(list.begin(), list.end(), word) != list.end();
}

/// A line up to CR LF; `next` is behind it.
struct Line {
    std::string_view text;
    std::size_t next;
};

enum class LineState : std::uint8_t { Whole, Unfinished, Broken };

/// As numberLine(), for numbers of any length.
LineState longNumberLine(std::string_view text, std::int64_t& value, std::size_t& next);

/// The number behind a type byte: "$16\r\n".  Written by hand, with the numbers of one and two digits first: it is most of what there is to
/// parse.
inline LineState numberLine(std::string_view text, std::int64_t& value, std::size_t& next)
{
    if (text.size() >= 5 && isDigit(text[1])) {
        const bool two = isDigit(text[2]);
        const std::size_t end = two ? 3 : 2;
        if (text[end] == '\r' && text[end + 1] == '\n') {
            value = two ? 10 * (text[1] - '0') + (text[2] - '0') : text[1] - '0';
            next = end + 2;
            return LineState::Whole;
        }
    }
    return longNumberLine(text, value, next);
}

/// Eight bytes at once: what is compared here is too short for a call to be worth it.
inline bool beginsWith(std::string_view text, std::string_view beginning)
{
    const std::size_t size = beginning.size();
    if (text.size() < size)
        return false;
    const auto differsAt = [&](std::size_t at) {
        std::uint64_t a = 0, b = 0;
        std::memcpy(&a, text.data() + at, sizeof a);
        std::memcpy(&b, beginning.data() + at, sizeof b);
        return a != b;
    };
    std::size_t at = 0;
    for (; at + 8 <= size; at += 8) {
        if (differsAt(at))
            return false;
    }
    if (size >= 8)
        return at == size || !differsAt(size - 8);
    while (at < size && text[at] == beginning[at])
        ++at;
    return at == size;
}

/// "$5\r\nhello\r\n" at the beginning: how many bytes it has; 0 when it is not here whole or not one.  `least` is the smallest length allowed:
/// -1 stands for no value at all.
inline std::size_t wholeBulk(std::string_view text, std::int64_t least)
{
    std::int64_t length = 0;
    std::size_t next = 0;
    if (text.empty() || text[0] != '$' || numberLine(text, length, next) != LineState::Whole || length < least || length > kMaxLength)
        return 0;
    const std::uint64_t data = length < 0 ? 0 : static_cast<std::uint64_t>(length) + 2;
    return text.size() - next < data ? 0 : next + static_cast<std::size_t>(data);
}

/// Up to the line feed; a bare one ends an inline command too.
std::optional<Line> textLine(std::string_view text, LaneState& lane);

/// What reading one element came to.
enum class Element : std::uint8_t { Read, NeedMore, Broken };

/// Keeps the promise of Step: what was consumed of a message stays consumed.
inline Step partly(const ByteReader& in, std::size_t begin, LaneState& lane)
{
    if (in.position() == begin)
        return Step::NeedMore;
    lane.inMessage = true;
    return Step::Skip;
}

/// The data of a bulk string and its CR LF: passed over now as far as they are here, the rest by the frame.
inline void passOver(ByteReader& in, std::uint64_t length, LaneState& lane)
{
    lane.skip = length - in.skip(static_cast<std::size_t>(std::min<std::uint64_t>(length, in.left())));
}

/// The size of a whole command that begins as the one before did; else 0.
inline std::size_t sizeIfAlike(std::string_view text, std::string_view head, std::uint32_t arguments)
{
    if (head.empty() || !beginsWith(text, head))
        return 0;
    std::size_t size = head.size();
    for (; arguments > 0; --arguments) {
        const std::size_t bulk = wholeBulk(text.substr(size), 0);
        if (bulk == 0)
            return 0;
        size += bulk;
    }
    return size;
}

} // namespace binnacle::protocols::redis_elements
