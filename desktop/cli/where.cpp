// SPDX-License-Identifier: GPL-3.0-or-later
#include "desktop/cli/where.h"

#include <algorithm>
#include <charconv>
#include <optional>

namespace binnacle::desktop {

namespace {

std::string_view trimmed(std::string_view text)
{
    while (!text.empty() && text.front() == ' ')
        text.remove_prefix(1);
    while (!text.empty() && text.back() == ' ')
        text.remove_suffix(1);
    return text;
}

/// Splits at ` and ` outside of double quotes.
std::vector<std::string_view> conditionsOf(std::string_view text)
{
    std::vector<std::string_view> parts;
    bool quoted = false;
    std::size_t begin = 0;
    for (std::size_t i = 0; i < text.size(); ++i) {
        quoted = text[i] == '"' ? !quoted : quoted;
        if (quoted || text.substr(i, 5) != " and ")
            continue;
        parts.push_back(trimmed(text.substr(begin, i - begin)));
        begin = i + 5;
        i += 4;
    }
    parts.push_back(trimmed(text.substr(begin)));
    return parts;
}

std::string listOf(const std::vector<std::string>& fields)
{
    std::string text;
    for (const std::string& field : fields)
        text += (text.empty() ? "" : ", ") + field;
    return text;
}

std::optional<double> numberOf(std::string_view text)
{
    double value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size())
        return std::nullopt;
    return value;
}

std::string textOf(const nlohmann::ordered_json& value) { return value.is_string() ? value.get<std::string>() : value.dump(); }

} // namespace

bool globMatches(std::string_view pattern, std::string_view text)
{
    std::size_t p = 0, t = 0, star = std::string_view::npos, from = 0;
    while (t < text.size()) {
        if (p < pattern.size() && pattern[p] == '*') {
            star = p++;
            from = t;
        } else if (p < pattern.size() && (pattern[p] == '?' || pattern[p] == text[t])) {
            ++p;
            ++t;
        } else if (star != std::string_view::npos) {
            p = star + 1;
            t = ++from;
        } else {
            return false;
        }
    }
    while (p < pattern.size() && pattern[p] == '*')
        ++p;
    return p == pattern.size();
}

Result<Where> Where::parse(std::string_view text, const std::vector<std::string>& fields)
{
    Where where;
    if (trimmed(text).empty())
        return where;
    for (const std::string_view part : conditionsOf(text)) {
        auto condition = parseCondition(part, fields);
        if (!condition)
            return std::unexpected(std::move(condition).error());
        where.m_conditions.push_back(std::move(*condition));
    }
    return where;
}

Result<Where::Condition> Where::parseCondition(std::string_view text, const std::vector<std::string>& fields)
{
    const std::size_t at = text.find_first_of("=!~<>");
    const bool notEqual = at != std::string_view::npos && text[at] == '!' && at + 1 < text.size() && text[at + 1] == '=';
    if (at == std::string_view::npos || (text[at] == '!' && !notEqual))
        return failure(ErrorCode::Invalid, "--where: `" + std::string(text)
                           + "` is no condition; write field=value, field!=value, field~glob, field>number or field<number, joined by ` and `");
    const std::string field(trimmed(text.substr(0, at)));
    std::string_view value = trimmed(text.substr(at + (notEqual ? 2 : 1)));
    if (value.size() >= 2 && value.front() == '"' && value.back() == '"')
        value = value.substr(1, value.size() - 2);

    Condition condition;
    for (std::size_t begin = 0; begin <= field.size();) {
        const std::size_t dot = std::min(field.find('.', begin), field.size());
        condition.path.push_back(field.substr(begin, dot - begin));
        begin = dot + 1;
    }
    if (std::find(fields.begin(), fields.end(), condition.path.front()) == fields.end())
        return failure(ErrorCode::Invalid, "--where: there is no field `" + condition.path.front() + "` here; there are: " + listOf(fields));
    condition.value = value;
    switch (text[at]) {
    case '!': condition.op = Operator::NotEqual; break;
    case '~': condition.op = Operator::Glob; break;
    case '>': condition.op = Operator::Greater; break;
    case '<': condition.op = Operator::Less; break;
    default: condition.op = Operator::Equal; break;
    }
    if (condition.op == Operator::Greater || condition.op == Operator::Less) {
        const auto number = numberOf(value);
        if (!number)
            return failure(ErrorCode::Invalid, "--where: `" + std::string(value) + "` is not a number, and `" + text[at] + "` compares numbers");
        condition.number = *number;
    }
    return condition;
}

bool Where::fits(const Condition& condition, const nlohmann::ordered_json& value)
{
    if (value.is_array())
        return std::any_of(value.begin(), value.end(), [&](const auto& each) { return fits(condition, each); });
    switch (condition.op) {
    case Operator::Equal: return !value.is_null() && textOf(value) == condition.value;
    case Operator::NotEqual: return value.is_null() || textOf(value) != condition.value;
    case Operator::Glob: return !value.is_null() && globMatches(condition.value, textOf(value));
    case Operator::Greater: return value.is_number() && value.get<double>() > condition.number;
    case Operator::Less: return value.is_number() && value.get<double>() < condition.number;
    }
    return false;
}

bool Where::asksFor(std::string_view field) const
{
    return std::any_of(m_conditions.begin(), m_conditions.end(), [&](const Condition& condition) { return condition.path.front() == field; });
}

bool Where::matches(const nlohmann::ordered_json& row) const
{
    static const nlohmann::ordered_json nothing;
    return std::all_of(m_conditions.begin(), m_conditions.end(), [&](const Condition& condition) {
        const nlohmann::ordered_json* value = &row;
        for (const std::string& step : condition.path) {
            if (!value->is_object() || !value->contains(step)) {
                value = &nothing;
                break;
            }
            value = &value->at(step);
        }
        return fits(condition, *value);
    });
}

} // namespace binnacle::desktop
