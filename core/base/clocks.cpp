// SPDX-License-Identifier: Apache-2.0
#include "core/base/clocks.h"

#include <array>
#include <charconv>
#include <cstdio>
#include <limits>

namespace binnacle {
namespace {

constexpr std::int64_t kSecond = 1'000'000'000;

std::optional<int> fixedDigits(std::string_view& text, std::size_t count)
{
    if (text.size() < count)
        return std::nullopt;
    int value = 0;
    for (const char c : text.substr(0, count)) {
        if (c < '0' || c > '9')
            return std::nullopt;
        value = value * 10 + (c - '0');
    }
    text.remove_prefix(count);
    return value;
}

bool skip(std::string_view& text, std::string_view oneOf)
{
    if (text.empty() || oneOf.find(text.front()) == std::string_view::npos)
        return false;
    text.remove_prefix(1);
    return true;
}

std::optional<std::int64_t> fraction(std::string_view& text)
{
    std::int64_t value = 0;
    std::int64_t unit = kSecond / 10;
    std::size_t digits = 0;
    for (; digits < text.size() && text[digits] >= '0' && text[digits] <= '9'; ++digits) {
        value += (text[digits] - '0') * unit;
        unit /= 10;
    }
    if (digits == 0)
        return std::nullopt;
    text.remove_prefix(digits);
    return value;
}

std::optional<std::int64_t> zoneOffset(std::string_view& text)
{
    if (skip(text, "Zz"))
        return 0;
    const bool west = !text.empty() && text.front() == '-';
    if (!skip(text, "+-"))
        return std::nullopt;
    const auto hours = fixedDigits(text, 2);
    if (!hours || !skip(text, ":"))
        return std::nullopt;
    const auto minutes = fixedDigits(text, 2);
    if (!minutes || *hours > 23 || *minutes > 59)
        return std::nullopt;
    return (west ? -1 : 1) * (*hours * 3600 + *minutes * 60) * kSecond;
}

std::optional<UtcTime> parseRfc3339(std::string_view text)
{
    const auto year = fixedDigits(text, 4);
    if (!year || !skip(text, "-"))
        return std::nullopt;
    const auto month = fixedDigits(text, 2);
    if (!month || !skip(text, "-"))
        return std::nullopt;
    const auto day = fixedDigits(text, 2);
    if (!day || !skip(text, "Tt "))
        return std::nullopt;
    const auto hour = fixedDigits(text, 2);
    if (!hour || !skip(text, ":"))
        return std::nullopt;
    const auto minute = fixedDigits(text, 2);
    if (!minute || !skip(text, ":"))
        return std::nullopt;
    const auto second = fixedDigits(text, 2);
    if (!second)
        return std::nullopt;
    std::int64_t part = 0;
    if (skip(text, ".")) {
        const auto read = fraction(text);
        if (!read)
            return std::nullopt;
        part = *read;
    }
    const auto offset = zoneOffset(text);
    if (!offset || !text.empty())
        return std::nullopt;
    const std::chrono::year_month_day date{std::chrono::year(*year), std::chrono::month(static_cast<unsigned>(*month)),
                                           std::chrono::day(static_cast<unsigned>(*day))};
    if (!date.ok() || *hour > 23 || *minute > 59 || *second > 60)
        return std::nullopt;
    // 64 bits of nanoseconds reach from 1677 to 2262; what lies beyond ("9999-12-31", "never") is the end that it is nearest to.
    if (*year < 1678)
        return UtcTime::min();
    if (*year > 2261)
        return UtcTime::max();
    const std::int64_t days = std::chrono::sys_days(date).time_since_epoch().count();
    return utcTime(((days * 24 + *hour) * 60 + *minute) * 60 * kSecond + *second * kSecond + part - *offset);
}

} // namespace

UtcTime utcNow()
{
    return UtcTime(std::chrono::duration_cast<Nanoseconds>(std::chrono::system_clock::now().time_since_epoch()));
}

std::string toRfc3339(UtcTime t)
{
    const auto day = std::chrono::floor<std::chrono::days>(t.time_since_epoch());
    const std::chrono::year_month_day date{std::chrono::sys_days(day)};
    const std::chrono::hh_mm_ss clock(t.time_since_epoch() - day);
    std::array<char, 48> text{};
    std::snprintf(text.data(), text.size(), "%04d-%02u-%02uT%02d:%02d:%02d.%09lld", static_cast<int>(date.year()),
                  static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()), static_cast<int>(clock.hours().count()),
                  static_cast<int>(clock.minutes().count()), static_cast<int>(clock.seconds().count()),
                  static_cast<long long>(clock.subseconds().count()));
    std::string result(text.data());
    result.erase(result.find_last_not_of('0') + 1);
    if (result.back() == '.')
        result.pop_back();
    return result + 'Z';
}

std::optional<Nanoseconds> parseDuration(std::string_view text)
{
    struct Unit {
        std::string_view name;
        std::int64_t ns;
    };
    static constexpr std::array kUnits{Unit{"ns", 1},          Unit{"us", 1'000},          Unit{"ms", 1'000'000},      Unit{"s", kSecond},
                                       Unit{"m", 60 * kSecond}, Unit{"h", 3600 * kSecond}, Unit{"d", 86400 * kSecond}};
    if (text.empty())
        return std::nullopt;
    std::int64_t total = 0;
    while (!text.empty()) {
        double amount = 0;
        const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), amount, std::chars_format::fixed);
        if (problem != std::errc{} || amount < 0)
            return std::nullopt;
        text.remove_prefix(static_cast<std::size_t>(end - text.data()));
        const std::size_t letters = std::min(text.find_first_of("0123456789."), text.size());
        std::int64_t unit = 0;
        for (const Unit& candidate : kUnits) {
            if (candidate.name == text.substr(0, letters))
                unit = candidate.ns;
        }
        if (unit == 0 || amount * static_cast<double>(unit) > static_cast<double>(std::numeric_limits<std::int64_t>::max() / 4))
            return std::nullopt;
        total += static_cast<std::int64_t>(amount * static_cast<double>(unit));
        text.remove_prefix(letters);
    }
    return Nanoseconds(total);
}

std::optional<UtcTime> parseTime(std::string_view text, UtcTime now)
{
    if (text == "now")
        return now;
    if (text.starts_with('-')) {
        const auto before = parseDuration(text.substr(1));
        return before ? std::optional(now - *before) : std::nullopt;
    }
    std::int64_t unix = 0;
    const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), unix);
    if (problem == std::errc{} && end == text.data() + text.size() && text.size() >= 10)
        return utcTime(unix);
    return parseRfc3339(text);
}

} // namespace binnacle
