// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <compare>
#include <cstdint>
#include <string>

namespace binnacle::agent {

/// Something that is not known, and why: a row of coverage in each second in which it holds.
struct KnowledgeLimit {
    std::string what;     // stable, for machines: `kubernetes_pods`
    std::string sentence; // what is missing, and what would help
    std::uint64_t part = 1, whole = 1;
    friend auto operator<=>(const KnowledgeLimit&, const KnowledgeLimit&) = default;
};

} // namespace binnacle::agent
