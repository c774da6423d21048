// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/base/result.h"

#include <nlohmann/json.hpp>

#include <string>
#include <string_view>
#include <vector>

/// `--where`: conditions over the fields of a row, joined by `and`.
///
///   from=process:web          equal          status!=200     not equal
///   route~GET /orders*        glob: * and ?  requests>100    greater (number)     latency.p99_ns<5000000   less
///
/// A dot goes into an object (`latency.p99_ns`).  In a list, one member that fits is enough.  null fits nothing but `!=`.
/// A value may stand in double quotes, needed only when it holds ` and `.
namespace binnacle::desktop {

class Where {
public:
    /// `fields` are the names of the rows' columns; a condition on another one is an error that lists them.
    static Result<Where> parse(std::string_view text, const std::vector<std::string>& fields);

    bool matches(const nlohmann::ordered_json& row) const;
    bool empty() const { return m_conditions.empty(); }
    bool asksFor(std::string_view field) const;

private:
    enum class Operator { Equal, NotEqual, Glob, Greater, Less };
    struct Condition {
        std::vector<std::string> path;
        Operator op = Operator::Equal;
        std::string value;
        double number = 0;
    };

    static Result<Condition> parseCondition(std::string_view text, const std::vector<std::string>& fields);
    static bool fits(const Condition& condition, const nlohmann::ordered_json& value);

    std::vector<Condition> m_conditions;
};

/// `*` any text, `?` one byte.  Linear in the text for each star.
bool globMatches(std::string_view pattern, std::string_view text);

} // namespace binnacle::desktop
