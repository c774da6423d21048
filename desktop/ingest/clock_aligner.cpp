// SPDX-License-Identifier: GPL-3.0-or-later
#include "desktop/ingest/clock_aligner.h"

#include <algorithm>

namespace binnacle::desktop {
namespace {

/// Two quartz clocks part by at most about 50 millionths.
Nanoseconds drift(Nanoseconds passed)
{
    return std::max(Nanoseconds{}, passed) / 20'000;
}

Nanoseconds median(std::vector<Nanoseconds> values)
{
    std::ranges::sort(values);
    const std::size_t half = values.size() / 2;
    return values.size() % 2 ? values[half] : values[half - 1] + (values[half] - values[half - 1]) / 2;
}

} // namespace

void ClockAligner::add(EntityKey agent, const ClockPing& ping)
{
    if (ping.received < ping.sent)
        return;
    const Nanoseconds remote = ping.remote.time_since_epoch();
    const Bounds fresh{remote - ping.received, remote - ping.sent, ping.received};
    const auto [known, isNew] = m_bounds.try_emplace(agent, fresh);
    if (isNew)
        return;
    const Nanoseconds wider = drift(ping.received - known->second.at);
    const Nanoseconds low = std::max(fresh.low, known->second.low - wider);
    const Nanoseconds high = std::min(fresh.high, known->second.high + wider);
    known->second = low <= high ? Bounds{low, high, ping.received} : fresh;
}

void ClockAligner::forget(EntityKey agent) { m_bounds.erase(agent); }

std::optional<Nanoseconds> ClockAligner::sessionOffset() const
{
    if (m_bounds.empty())
        return std::nullopt;
    std::vector<Nanoseconds> middles;
    for (const auto& [agent, bounds] : m_bounds)
        middles.push_back(bounds.low + (bounds.high - bounds.low) / 2);
    return median(std::move(middles));
}

std::vector<ClockOffset> ClockAligner::offsets() const
{
    std::vector<ClockOffset> result;
    const auto offset = sessionOffset();
    if (!offset)
        return result;
    const Nanoseconds session = *offset;
    for (const auto& [agent, bounds] : m_bounds)
        result.push_back({agent, bounds.low + (bounds.high - bounds.low) / 2 - session, (bounds.high - bounds.low + Nanoseconds(1)) / 2});
    return result;
}

std::optional<ClockOffset> ClockAligner::offsetOf(EntityKey agent) const
{
    for (const ClockOffset& offset : offsets()) {
        if (offset.agent == agent)
            return offset;
    }
    return std::nullopt;
}

} // namespace binnacle::desktop
