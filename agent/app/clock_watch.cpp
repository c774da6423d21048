// SPDX-License-Identifier: Apache-2.0
#include "agent/app/clock_watch.h"

#include <time.h>

namespace binnacle::agent {
namespace {

constexpr auto kSecond = std::chrono::seconds(1);
constexpr Nanoseconds kStep = std::chrono::milliseconds(10);

Nanoseconds read(clockid_t clock)
{
    timespec now{};
    ::clock_gettime(clock, &now);
    return std::chrono::seconds(now.tv_sec) + Nanoseconds(now.tv_nsec);
}

ClockAnchor readOnce()
{
    const Nanoseconds before = read(CLOCK_MONOTONIC);
    const Nanoseconds utc = read(CLOCK_REALTIME);
    const Nanoseconds after = read(CLOCK_MONOTONIC);
    return {HostTime(before + (after - before) / 2), UtcTime(utc), (after - before + Nanoseconds(1)) / 2};
}

} // namespace

ClockAnchor readClocks()
{
    ClockAnchor best = readOnce();
    for (int i = 0; i < 2; ++i) {
        if (const ClockAnchor next = readOnce(); next.error < best.error)
            best = next;
    }
    return best;
}

std::optional<Nanoseconds> ClockWatch::look(const ClockAnchor& now)
{
    const Nanoseconds moved = now.utc - m_anchor.toUtc(now.host);
    const Nanoseconds steered = (now.host - m_anchor.host) / 2000;
    m_anchor = now;
    const Nanoseconds allowed = kStep + steered + now.error;
    return moved > allowed || moved < -allowed ? std::optional(moved) : std::nullopt;
}

TimeRange secondFrom(UtcTime at) { return {at, std::chrono::floor<std::chrono::seconds>(at) + kSecond}; }

} // namespace binnacle::agent
