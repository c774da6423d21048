// SPDX-License-Identifier: Apache-2.0
#include "core/analysis/snapshot.h"

#include "core/analysis/internal/assembly.h"
#include "core/analysis/words.h"

#include <map>

namespace binnacle::analysis {

namespace {

using namespace internal;

/// Reads a source once: the range into frames, its surroundings into the directory.
class Reading {
public:
    Reading(TimeRange range, const SnapshotOptions& options) : m_range(range), m_options(options) {}

    void describe(const telemetry::AgentIdentity& agent) { m_directory.describeAgent(agent); }

    void take(const telemetry::Batch& batch)
    {
        Frame frame = Frame::of(batch, m_directory);
        if (!batch.overview || !batch.range.intersects(m_range))
            return;
        const auto [entry, fresh] = m_seconds.try_emplace(ns(batch.range.from) / 1'000'000'000);
        if (fresh)
            entry->second = std::move(frame);
        else
            entry->second.addAtSameTime(frame, m_hands);
        // Hosts' seconds come side by side: what lies this far back is complete, and only its sum is needed.
        while (m_seconds.size() > kLastFrames) {
            m_before.add(m_seconds.begin()->second, m_hands);
            m_seconds.erase(m_seconds.begin());
        }
    }

    Snapshot finish(const std::vector<telemetry::Gap>& gaps)
    {
        const Resolution resolution(m_directory, m_hands);
        Assembly input{m_directory, resolution, m_range, {&m_before}, {}, gaps, m_options};
        for (const auto& [second, frame] : m_seconds) {
            input.frames.push_back(&frame);
            input.lastFrames.insert(input.lastFrames.begin(), &frame);
        }
        return assemble(input);
    }

private:
    TimeRange m_range;
    SnapshotOptions m_options;
    Directory m_directory;
    Hands m_hands{m_directory};
    Frame m_before;
    std::map<std::int64_t, Frame> m_seconds;
};

/// Saturates: a range may reach to the ends of time.
UtcTime moved(UtcTime at, Nanoseconds by)
{
    if (by < Nanoseconds::zero())
        return at < UtcTime::min() - by ? UtcTime::min() : at + by;
    return at > UtcTime::max() - by ? UtcTime::max() : at + by;
}

} // namespace

Result<Snapshot> buildSnapshot(const telemetry::BatchSource& source, TimeRange range, const SnapshotOptions& options)
{
    Reading reading(range, options);
    for (const telemetry::AgentIdentity& agent : source.agents())
        reading.describe(agent);
    const TimeRange around{moved(range.from, -options.lookBehind), moved(range.to, options.lookAhead)};
    const auto visit = [&](const telemetry::Batch& batch) {
        reading.take(batch);
        return true;
    };
    BN_TRY(source.read(around, false, visit));
    return reading.finish(source.gaps());
}

std::string edgeId(const Edge& edge)
{
    return edge.from + ">" + edge.to + ":" + std::to_string(edge.port) + "/" + std::string(protocolName(edge.protocol)) + (edge.tls ? "+tls" : "");
}

} // namespace binnacle::analysis
