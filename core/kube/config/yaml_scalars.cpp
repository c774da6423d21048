// SPDX-License-Identifier: Apache-2.0
// Which unquoted words are not text.  kubectl converts YAML to JSON by go-yaml v2, whose tables these are (resolve.go there).
#include "core/kube/config/yaml_value.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <locale>
#include <optional>
#include <sstream>

namespace binnacle::kube {

namespace {

constexpr std::array<std::string_view, 11> kTrue{"y", "Y", "yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON"};
constexpr std::array<std::string_view, 11> kFalse{"n", "N", "no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF"};
constexpr std::array<std::string_view, 5> kNull{"", "~", "null", "Null", "NULL"};
constexpr std::array<std::string_view, 12> kNotFinite{".nan", ".NaN", ".NAN", ".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF",
                                                      "-.inf", "-.Inf", "-.INF"};

template <std::size_t N>
bool isOneOf(std::string_view word, const std::array<std::string_view, N>& words)
{
    return std::find(words.begin(), words.end(), word) != words.end();
}

bool isDigit(char c) { return c >= '0' && c <= '9'; }

bool takeSign(std::string_view& word)
{
    const bool negative = word.starts_with('-');
    if (negative || word.starts_with('+'))
        word.remove_prefix(1);
    return negative;
}

int takeBase(std::string_view& digits)
{
    if (digits.size() < 2 || digits[0] != '0')
        return 10;
    const char letter = static_cast<char>(digits[1] | 0x20);
    const int base = letter == 'x' ? 16 : letter == 'o' ? 8 : letter == 'b' ? 2 : 0;
    digits.remove_prefix(base == 0 ? 1 : 2);
    return base == 0 ? 8 : base; // a leading zero alone is octal
}

std::optional<std::string> integerJson(std::string_view word)
{
    const bool negative = takeSign(word);
    std::string_view digits = word;
    const int base = takeBase(digits);
    std::uint64_t value = 0;
    const auto [end, problem] = std::from_chars(digits.data(), digits.data() + digits.size(), value, base);
    if (digits.empty() || problem != std::errc() || end != digits.data() + digits.size())
        return std::nullopt;
    if (negative && value > std::uint64_t{1} << 63)
        return std::nullopt;
    return (negative && value != 0 ? "-" : "") + std::to_string(value);
}

/// `[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?`
bool looksLikeFloat(std::string_view word)
{
    const auto takeDigits = [&word] {
        std::size_t count = 0;
        while (!word.empty() && isDigit(word.front())) {
            word.remove_prefix(1);
            ++count;
        }
        return count;
    };
    takeSign(word);
    const std::size_t before = takeDigits();
    std::size_t after = 0;
    if (word.starts_with('.')) {
        word.remove_prefix(1);
        after = takeDigits();
    }
    if (before + after == 0)
        return false;
    if (word.starts_with('e') || word.starts_with('E')) {
        word.remove_prefix(1);
        takeSign(word);
        return takeDigits() > 0 && word.empty();
    }
    return word.empty();
}

std::optional<std::string> floatJson(std::string_view word)
{
    if (!looksLikeFloat(word))
        return std::nullopt;
    if (word.starts_with('+'))
        word.remove_prefix(1);
    std::istringstream in{std::string(word)}; // libc++ has no from_chars for it
    in.imbue(std::locale::classic());
    double value = 0;
    if (!(in >> value) || !std::isfinite(value))
        return std::nullopt; // too large: text
    std::array<char, 64> text{};
    const auto written = std::to_chars(text.data(), text.data() + text.size(), value);
    return std::string(text.data(), written.ptr);
}

} // namespace

YamlValue typedScalar(std::string_view word)
{
    YamlValue value;
    if (isOneOf(word, kNull))
        return value;
    value.kind = YamlValue::Kind::Bool;
    value.boolean = isOneOf(word, kTrue);
    if (value.boolean || isOneOf(word, kFalse))
        return value;
    value.kind = YamlValue::Kind::Number;
    if (isOneOf(word, kNotFinite))
        return value;
    std::string plain(word);
    if (!word.starts_with('.'))
        std::erase(plain, '_');
    const bool mayBeNumber = isDigit(word[0]) || word[0] == '+' || word[0] == '-' || word[0] == '.';
    auto number = mayBeNumber ? integerJson(plain) : std::nullopt;
    if (mayBeNumber && !number)
        number = floatJson(plain);
    if (number) {
        value.text = std::move(*number);
        return value;
    }
    value.kind = YamlValue::Kind::String;
    value.text = word;
    return value;
}

} // namespace binnacle::kube
