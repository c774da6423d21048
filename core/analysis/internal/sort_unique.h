// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>

namespace binnacle::analysis::internal {

/// Ascending, and each once.
template <class List>
void sortUnique(List& list)
{
    std::sort(list.begin(), list.end());
    list.erase(std::unique(list.begin(), list.end()), list.end());
}

} // namespace binnacle::analysis::internal
