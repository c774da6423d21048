// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace binnacle::kube {

struct Unreadable {
    int line;
    std::string what;
};

/// The first byte that no YAML may hold (YAML 1.1 §5.1: control characters, broken UTF-8).  UTF-16 with a byte order mark is not looked at:
/// the parser converts it.
std::optional<Unreadable> findUnreadable(std::string_view text);

/// How many bytes the UTF-8 character at `at` has, 0 if there is none; `character` gets it.
std::size_t utf8Length(std::string_view text, std::size_t at, char32_t& character);

/// What an HTTP header's value may hold: no control characters but the tab (RFC 9110 §5.5).
bool isHeaderValue(std::string_view text);

} // namespace binnacle::kube
