// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/analysis/model.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

/// The health rule of contracts.md as a pure function.
namespace binnacle::analysis::internal {

/// What one side counted in the judged batches.
struct Attempts {
    std::uint64_t requests = 0, errors = 0, opened = 0;
};

/// Connects that wait for an answer at the end.
struct Waiting {
    std::uint64_t connects = 0;
    Nanoseconds oldest{};
    std::uint32_t synSent = 0;    // by the one of them that sent most
    std::string address;          // that the oldest goes to
    std::size_t moreAddresses = 0;
};

struct Judged {
    std::optional<Attempts> client, server; // nothing where that side was not seen
    std::uint64_t failedConnects = 0;       // in the judged batches
    std::map<std::string, std::uint64_t> failedBy;
    std::size_t batches = 0;                // how many there were to judge
    std::uint64_t inFlight = 0;             // at the end
    Nanoseconds oldest{};
    Waiting waiting;
    std::uint64_t losses = 0;               // of the whole range
    bool told = true;                       // an agent of this edge speaks up to the end
};

struct Verdict {
    Health health = Health::Unknown;
    std::vector<std::string> reasons; // sentences; empty when ok
};

/// critical: errors and failed connects are ≥ 5 % of the attempts and ≥ 3, or something has been in flight since the first of the
/// judged batches and nothing completed, or connects have waited for an answer since then and nothing came through.  warning: ≥ 1 %,
/// or a connect has waited for an answer for kLongConnect.  unknown: no data, or losses.  Each side is judged by itself, the worse one
/// counts: a hung or killed server never sees the exchanges that break off.
Verdict judge(const Judged& edge);

/// Several SYNs without an answer (sent again after 1 s and 3 s, since Linux 6.5 each second at first): one lost packet is no news.
inline constexpr Nanoseconds kLongConnect = std::chrono::seconds(3);

} // namespace binnacle::analysis::internal
