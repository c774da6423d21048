// SPDX-License-Identifier: Apache-2.0
#include "agent/buffer/rollups.h"

namespace binnacle::agent {
namespace {

telemetry::Level levelOf(std::size_t window) { return telemetry::kLevels[window + 1]; }

} // namespace

Rollups::Finished Rollups::add(const telemetry::Batch& second) { return add(telemetry::Level::Second, second); }

Rollups::Finished Rollups::add(telemetry::Level level, const telemetry::Batch& batch)
{
    Finished finished;
    if (level != telemetry::Level::TenMinutes)
        feed(static_cast<std::size_t>(level), batch, finished);
    return finished;
}

Rollups::Finished Rollups::finish()
{
    Finished finished;
    for (std::size_t window = 0; window < m_windows.size(); ++window)
        close(window, finished);
    return finished;
}

void Rollups::feed(std::size_t window, const telemetry::Batch& batch, Finished& finished)
{
    const TimeRange wanted = telemetry::rangeAt(levelOf(window), batch.range.from);
    if (m_windows[window].range && *m_windows[window].range != wanted)
        close(window, finished);
    m_windows[window].range = wanted;
    m_windows[window].fold.add(batch);
}

void Rollups::close(std::size_t window, Finished& finished)
{
    if (!m_windows[window].range)
        return;
    telemetry::Batch sum = m_windows[window].fold.result();
    m_windows[window] = {};
    finished.emplace_back(levelOf(window), sum);
    if (window + 1 < m_windows.size())
        feed(window + 1, sum, finished);
}

} // namespace binnacle::agent
