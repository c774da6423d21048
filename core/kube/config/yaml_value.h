// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/base/result.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace binnacle::kube {

struct YamlField;

/// One value of a YAML document, typed as JSON would have it.
struct YamlValue {
    enum class Kind : std::uint8_t { Null, Bool, Number, String, List, Map };

    Kind kind = Kind::Null;
    bool boolean = false;
    std::string text; // String: the text; Number: its JSON spelling, empty when JSON has none (infinity)
    std::vector<YamlValue> items;
    std::vector<YamlField> fields; // each key once
    int line = 0; // 1 is the first; 0 when nothing stands there

    const YamlValue* find(std::string_view key) const; // null when absent or no map
    std::string toJson() const;
};

struct YamlField {
    std::string key;
    YamlValue value;
};

/// The first document of `text`, read as the YAML of kubectl is: YAML 1.1 words (`yes`, `on`, `y`; `017` is 15), `<<` merges at the
/// place where it stands, the last of equal keys wins, `2026-01-01` is text, what follows the document is not looked at.  JSON is YAML here.
///
/// Limits: nesting 100, one million values and 64 MiB of text once aliases are written out; beyond them it is an error.
/// Errors: a sentence that begins with `line N: `.  An empty text is Null.
Result<YamlValue> parseYaml(std::string_view text);

/// What an unquoted word means in YAML 1.1 as kubectl reads it: null, a truth value, a number, else text.
YamlValue typedScalar(std::string_view word);

} // namespace binnacle::kube
