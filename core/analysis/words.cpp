// SPDX-License-Identifier: Apache-2.0
#include "core/analysis/words.h"

#include <array>
#include <cmath>
#include <cstdio>

namespace binnacle::analysis {

namespace {

/// Three significant digits, without an exponent: 1.23, 12.3, 123.
std::string threeDigits(double value)
{
    const int decimals = value >= 99.95 ? 0 : value >= 9.995 ? 1 : 2;
    std::array<char, 48> text{};
    std::snprintf(text.data(), text.size(), "%.*f", decimals, value);
    return text.data();
}

std::string minutesWords(std::int64_t seconds)
{
    std::array<char, 48> text{};
    if (seconds < 3600)
        std::snprintf(text.data(), text.size(), "%d m %02d s", static_cast<int>(seconds / 60), static_cast<int>(seconds % 60));
    else
        std::snprintf(text.data(), text.size(), "%lld h %02d m", static_cast<long long>(seconds / 3600), static_cast<int>(seconds / 60 % 60));
    return text.data();
}

} // namespace

std::string durationWords(Nanoseconds duration)
{
    const auto count = static_cast<double>(duration.count());
    if (duration.count() < 0)
        return "-" + durationWords(-duration);
    if (duration.count() < 1000)
        return std::to_string(duration.count()) + " ns";
    if (count < 999.5e3)
        return threeDigits(count / 1e3) + " µs";
    if (count < 999.5e6)
        return threeDigits(count / 1e6) + " ms";
    if (count < 119.95e9)
        return threeDigits(count / 1e9) + " s";
    return minutesWords(std::llround(count / 1e9));
}

std::string durationWords(std::optional<Nanoseconds> duration)
{
    return duration ? durationWords(*duration) : std::string(kUnknownWord);
}

std::string bytesWords(std::uint64_t bytes)
{
    if (bytes < 1024)
        return std::to_string(bytes) + " B";
    constexpr std::array units{" KiB", " MiB", " GiB", " TiB", " PiB", " EiB"};
    double value = static_cast<double>(bytes) / 1024;
    std::size_t unit = 0;
    while (value >= 999.5 && unit + 1 < units.size()) {
        value /= 1024;
        ++unit;
    }
    return threeDigits(value) + units[unit];
}

std::string rateWords(double perSecond)
{
    if (perSecond <= 0)
        return "0";
    if (perSecond < 0.01)
        return "< 0.01/s";
    if (perSecond < 999.5)
        return threeDigits(perSecond) + "/s";
    if (perSecond < 999.5e3)
        return threeDigits(perSecond / 1e3) + " k/s";
    return threeDigits(perSecond / 1e6) + " M/s";
}

std::string countWords(std::uint64_t count)
{
    std::string digits = std::to_string(count);
    for (std::size_t at = digits.size(); at > 3; at -= 3)
        digits.insert(at - 3, 1, ',');
    return digits;
}

std::string shareWords(double share)
{
    if (share <= 0)
        return "0 %";
    if (share >= 1)
        return "100 %";
    if (share < 0.001)
        return "< 0.1 %";
    std::array<char, 32> text{};
    std::snprintf(text.data(), text.size(), share < 0.1 ? "%.1f %%" : "%.0f %%", share * 100);
    return text.data();
}

std::string timeOfDayWords(UtcTime at)
{
    constexpr std::int64_t day = 86'400'000;
    const std::int64_t inDay = ((ns(at) / 1'000'000) % day + day) % day;
    std::array<char, 32> text{};
    std::snprintf(text.data(), text.size(), "%02d:%02d:%02d.%03d", static_cast<int>(inDay / 3'600'000), static_cast<int>(inDay / 60'000 % 60),
                  static_cast<int>(inDay / 1000 % 60), static_cast<int>(inDay % 1000));
    return text.data();
}

std::string_view healthName(Health health)
{
    switch (health) {
    case Health::Ok: return "ok";
    case Health::Warning: return "warning";
    case Health::Critical: return "critical";
    case Health::Unknown: break;
    }
    return "unknown";
}

std::string_view nodeKindName(NodeKind kind)
{
    switch (kind) {
    case NodeKind::Workload: return "workload";
    case NodeKind::Service: return "service";
    case NodeKind::External: return "external";
    case NodeKind::Internet: return "internet";
    case NodeKind::Process: break;
    }
    return "process";
}

std::string_view protocolName(Protocol protocol)
{
    const auto facts = factsOf(protocol);
    return facts ? facts->name : factsOf(Protocol::Unknown)->name;
}

std::string_view protocolLabel(Protocol protocol)
{
    const auto facts = factsOf(protocol);
    return facts ? facts->label : factsOf(Protocol::Unknown)->label;
}

std::string_view eventKindName(EventKind kind)
{
    const auto facts = factsOf(kind);
    return facts ? facts->name : "unknown";
}

std::string_view eventKindLabel(EventKind kind)
{
    const auto facts = factsOf(kind);
    return facts ? facts->label : "Unknown event";
}

LossSummary lossSummary(Loss loss, std::uint64_t count, TimeRange range)
{
    LossSummary summary;
    summary.count = count;
    summary.range = range;
    if (const auto facts = factsOf(loss)) {
        summary.place = facts->place;
        summary.reason = facts->reason;
        summary.unit = facts->unit;
        summary.advice = facts->advice;
        return summary;
    }
    summary.place = "unknown";
    summary.reason = "loss_" + std::to_string(static_cast<unsigned>(loss));
    summary.unit = "events";
    summary.advice = "The agent is newer than this program. Upgrade this program to read what was lost.";
    return summary;
}

int severity(Health health)
{
    switch (health) {
    case Health::Critical: return 3;
    case Health::Warning: return 2;
    case Health::Unknown: return 1;
    case Health::Ok: break;
    }
    return 0;
}

std::optional<Nanoseconds> quantileOf(const Histogram& histogram, double q)
{
    const auto value = histogram.quantile(q);
    if (!value)
        return std::nullopt;
    return Nanoseconds(static_cast<std::int64_t>(*value));
}

double ratePerSecond(std::uint64_t count, TimeRange range)
{
    const auto length = static_cast<double>(range.length().count());
    return length > 0 ? static_cast<double>(count) * 1e9 / length : 0;
}

std::string counted(std::uint64_t count, std::string_view one, std::string_view many)
{
    return countWords(count) + " " + std::string(count == 1 ? one : many);
}

} // namespace binnacle::analysis
