// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/analysis/model.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

/// Figures and names as a person reads them: one spelling for tables, tooltips, labels and sentences.
namespace binnacle::analysis {

/// Shown where a value is unknown or not collected.
inline constexpr std::string_view kUnknownWord = "–";

std::string durationWords(Nanoseconds duration);                // 12.3 ms, 950 ns, 4.20 s, 3 m 05 s
std::string durationWords(std::optional<Nanoseconds> duration); // – when nothing
std::string bytesWords(std::uint64_t bytes);                    // 812 B, 1.50 KiB, 20.0 MiB
std::string rateWords(double perSecond);                        // 0, 0.25/s, 12.5/s, 1.20 k/s
std::string countWords(std::uint64_t count);                    // 1,234,567
std::string shareWords(double share);                           // 0 %, < 0.1 %, 1.5 %, 100 %
std::string timeOfDayWords(UtcTime at);                         // 04:05:06.123 (UTC)

std::string_view healthName(Health health);     // ok, warning, critical, unknown: contracts.md
std::string_view nodeKindName(NodeKind kind);   // workload, process, service, external, internet
std::string_view protocolName(Protocol protocol);  // http; tcp for a number that this version does not know
std::string_view protocolLabel(Protocol protocol); // HTTP
std::string_view eventKindName(EventKind kind);    // exec; `unknown` for a number that this version does not know
std::string_view eventKindLabel(EventKind kind);

/// A loss in words: place, reason, unit and advice of proto/catalog/losses.def, also for a number that this version does not know.
LossSummary lossSummary(Loss loss, std::uint64_t count, TimeRange range);

/// Worst first: critical, warning, unknown, ok.  The greater is the worse.
int severity(Health health);

/// A quantile of a histogram as a duration; nothing when it is empty.
std::optional<Nanoseconds> quantileOf(const Histogram& histogram, double q);

/// Requests a second over a range; 0 for an empty one.
double ratePerSecond(std::uint64_t count, TimeRange range);

/// `1 request`, `3 requests`.
std::string counted(std::uint64_t count, std::string_view one, std::string_view many);

} // namespace binnacle::analysis
