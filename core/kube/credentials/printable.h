// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace binnacle::kube {

/// Text of a stranger made safe to print: what a terminal would obey or a reader would be misled by is written as `U+001B`.  Line ends and tabs stay,
/// letters of all scripts stay; bytes that are no UTF-8 become U+FFFD.
std::string printable(std::string_view text);

/// A command as one would type it: words that a POSIX shell would change are quoted; control characters as printable() writes them, line ends too.
std::string commandLineText(const std::vector<std::string>& words);

} // namespace binnacle::kube
