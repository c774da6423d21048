// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace binnacle {

using Nanoseconds = std::chrono::nanoseconds;

/// Time as one host's kernel sees it: CLOCK_MONOTONIC, nanoseconds since that host booted.
/// Two hosts' readings cannot be compared; a ClockAnchor makes UtcTime of them.
struct HostClock {
    using duration = Nanoseconds;
    using rep = duration::rep;
    using period = duration::period;
    using time_point = std::chrono::time_point<HostClock>;
    static constexpr bool is_steady = true;
};
using HostTime = HostClock::time_point;

/// Wall-clock time: nanoseconds since 1970-01-01T00:00:00Z, as one host believed it to be.
struct UtcClock {
    using duration = Nanoseconds;
    using rep = duration::rep;
    using period = duration::period;
    using time_point = std::chrono::time_point<UtcClock>;
    static constexpr bool is_steady = false;
};
using UtcTime = UtcClock::time_point;

constexpr HostTime hostTime(std::uint64_t ns) { return HostTime(Nanoseconds(static_cast<std::int64_t>(ns))); }
constexpr UtcTime utcTime(std::int64_t ns) { return UtcTime(Nanoseconds(ns)); }
constexpr std::int64_t ns(HostTime t) { return t.time_since_epoch().count(); }
constexpr std::int64_t ns(UtcTime t) { return t.time_since_epoch().count(); }

/// One reading of both clocks of a host, taken together; `error` bounds how far apart the two readings can be.
struct ClockAnchor {
    HostTime host{};
    UtcTime utc{};
    Nanoseconds error{};

    UtcTime toUtc(HostTime t) const { return utc + (t - host); }
    HostTime toHost(UtcTime t) const { return host + (t - utc); }
    friend bool operator==(const ClockAnchor&, const ClockAnchor&) = default;
};

/// Half-open [from, to).
struct TimeRange {
    UtcTime from{};
    UtcTime to{};

    bool contains(UtcTime t) const { return from <= t && t < to; }
    bool intersects(TimeRange other) const { return from < other.to && other.from < to; }
    Nanoseconds length() const { return to - from; }
    friend bool operator==(const TimeRange&, const TimeRange&) = default;
};

/// The wall clock of the machine this runs on.
UtcTime utcNow();

/// `2026-11-23T04:05:06.123456789Z`; trailing zeros of the fraction are left out.
std::string toRfc3339(UtcTime t);

/// RFC 3339 §5.6, Unix nanoseconds (10 digits or more), or `-30s` / `-5m` / `-1h` / `-200ms` before `now`.  Nothing if it is none of these.
std::optional<UtcTime> parseTime(std::string_view text, UtcTime now);

/// `30s`, `5m`, `1h30m`, `200ms`.  Nothing if it is not a duration.
std::optional<Nanoseconds> parseDuration(std::string_view text);

} // namespace binnacle
