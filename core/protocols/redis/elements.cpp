// SPDX-License-Identifier: Apache-2.0
#include "core/protocols/redis/elements.h"

#include <algorithm>
#include <optional>

namespace binnacle::protocols::redis_elements {
namespace {

constexpr std::size_t kMaxNumber = 20;

} // namespace

LineState longNumberLine(std::string_view text, std::int64_t& value, std::size_t& next)
{
    std::size_t i = 1;
    const bool negative = i < text.size() && text[i] == '-';
    i += negative;
    const std::size_t firstDigit = i;
    value = 0;
    for (; i < text.size() && isDigit(text[i]); ++i) {
        if (i - firstDigit >= kMaxNumber - 2)
            return LineState::Broken;
        value = value * 10 + (text[i] - '0');
    }
    if (i == text.size())
        return LineState::Unfinished;
    if (i == firstDigit || text[i] != '\r' || (i + 1 < text.size() && text[i + 1] != '\n'))
        return LineState::Broken;
    if (i + 1 == text.size())
        return LineState::Unfinished;
    value = negative ? -value : value;
    next = i + 2;
    return LineState::Whole;
}

std::optional<Line> textLine(std::string_view text, LaneState& lane)
{
    const std::size_t end = text.find('\n', std::min<std::size_t>(lane.scanned, text.size()));
    if (end == std::string_view::npos) {
        lane.scanned = static_cast<std::uint32_t>(text.size());
        return std::nullopt;
    }
    lane.scanned = 0;
    return Line{text.substr(0, end > 0 && text[end - 1] == '\r' ? end - 1 : end), end + 1};
}

} // namespace binnacle::protocols::redis_elements
