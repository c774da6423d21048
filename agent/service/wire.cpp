// SPDX-License-Identifier: Apache-2.0
#include "agent/service/wire.h"

#include "core/telemetry/compression.h"

#include <algorithm>
#include <unistd.h>

namespace binnacle::agent::wire {

void put(EntityKey key, v1::Key& out)
{
    out.set_high(key.high);
    out.set_low(key.low);
}

EntityKey keyOf(const v1::Key& in) { return {in.high(), in.low()}; }

void put(const ClockAnchor& anchor, v1::Anchor& out)
{
    out.set_monotonic_ns(ns(anchor.host));
    out.set_utc_ns(ns(anchor.utc));
    out.set_error_ns(static_cast<std::uint64_t>(anchor.error.count()));
}

ClockAnchor anchorOf(const v1::Anchor& in)
{
    return {HostTime(Nanoseconds(in.monotonic_ns())), utcTime(in.utc_ns()), Nanoseconds(static_cast<std::int64_t>(in.error_ns()))};
}

void put(const telemetry::AgentIdentity& identity, v1::AgentIdentity& out)
{
    put(identity.agent, *out.mutable_agent());
    out.set_host(identity.host);
    out.set_boot_id(identity.bootId);
    out.set_version(identity.version);
    out.set_kernel(identity.kernel);
    out.set_epoch(identity.epoch);
    out.set_capture_source(identity.captureSource);
}

telemetry::AgentIdentity identityOf(const v1::AgentIdentity& in)
{
    return {keyOf(in.agent()), in.host(), in.boot_id(), in.version(), in.kernel(), in.epoch(), in.capture_source()};
}

void put(const telemetry::BufferHorizon& horizon, v1::SignalHorizon& out)
{
    out.set_signal(horizon.signal);
    out.set_from_ns(ns(horizon.range.from));
    out.set_to_ns(ns(horizon.range.to));
    out.set_bytes(horizon.bytes);
    out.set_host(horizon.host);
    out.set_merged(horizon.isMerged);
}

namespace {

/// An overview is some KiB, once a second, and its size is the fleet's: 0.8 ms in place of 0.1 take a fifteenth off it.  Detail is ten times as much.
constexpr int kOverviewLevel = 12, kDetailLevel = 3;

} // namespace

v1::StreamItem itemOf(const LiveChunk& live)
{
    const telemetry::EncodedChunk& chunk = live.chunk;
    v1::StreamItem item;
    v1::BatchFrame& frame = *item.mutable_batch();
    put(chunk.key.agent, *frame.mutable_agent());
    frame.set_epoch(chunk.key.epoch);
    frame.set_sequence(chunk.key.sequence);
    frame.set_from_ns(ns(chunk.range.from));
    frame.set_to_ns(ns(chunk.range.to));
    put(live.anchor, *frame.mutable_anchor());
    v1::ChunkFrame& part = chunk.kind == telemetry::ChunkKind::Detail ? *frame.mutable_detail() : *frame.mutable_overview();
    part.set_segment(chunk.segment);
    part.set_index(chunk.index);
    part.set_chunk(telemetry::compress(asBytes(chunk.bytes), chunk.kind == telemetry::ChunkKind::Overview ? kOverviewLevel : kDetailLevel));
    return item;
}

v1::StreamItem itemOf(const SegmentOpening& opening, EntityKey agent)
{
    v1::StreamItem item;
    v1::DictionaryOpening& out = *item.mutable_opening();
    put(agent, *out.mutable_agent());
    out.set_epoch(opening.epoch);
    out.set_kind(static_cast<v1::ChunkKind>(opening.kind));
    out.set_segment(opening.segment);
    out.set_dictionary(telemetry::compress(asBytes(opening.dictionary)));
    return item;
}

v1::StreamItem itemOf(const SealedBytes& segment)
{
    v1::StreamItem item;
    item.mutable_segment()->set_bytes(*segment.bytes);
    return item;
}

v1::StreamItem itemOf(const telemetry::Gap& gap)
{
    v1::StreamItem item;
    v1::Gap& out = *item.mutable_gap();
    put(gap.agent, *out.mutable_agent());
    out.set_from_ns(ns(gap.range.from));
    out.set_to_ns(ns(gap.range.to));
    out.set_reason(static_cast<v1::Loss>(gap.reason));
    out.set_what(gap.what);
    return item;
}

namespace {

std::string mismatch(const v1::HandshakeRequest& request, const std::string& version, int protocolMin, int protocolMax)
{
    if (static_cast<int>(request.protocol_min()) <= protocolMax && static_cast<int>(request.protocol_max()) >= protocolMin)
        return {};
    const bool agentIsOlder = static_cast<int>(request.protocol_min()) > protocolMax;
    return "the agent is version " + version + " and speaks protocol " + std::to_string(protocolMax) + ", the reader is version " + request.program_version()
           + " and speaks protocol " + std::to_string(agentIsOlder ? request.protocol_min() : request.protocol_max())
           + (agentIsOlder ? "; upgrade the agent" : "; upgrade the reader");
}

} // namespace

void answerHandshake(const v1::HandshakeRequest& request, const telemetry::AgentIdentity& identity, int protocolMin, int protocolMax, v1::HandshakeReply& reply)
{
    reply.set_problem(mismatch(request, identity.version, protocolMin, protocolMax));
    reply.set_protocol(reply.problem().empty() ? std::min<std::uint32_t>(request.protocol_max(), static_cast<std::uint32_t>(protocolMax)) : 0);
    reply.set_program_version(identity.version);
    put(identity, *reply.mutable_identity());
    reply.set_pid(static_cast<std::uint32_t>(::getpid()));
    reply.set_protocol_min(static_cast<std::uint32_t>(protocolMin));
    reply.set_protocol_max(static_cast<std::uint32_t>(protocolMax));
}

std::vector<telemetry::ChunkKind> kindsOf(const google::protobuf::RepeatedField<int>& kinds)
{
    std::vector<telemetry::ChunkKind> result;
    for (const telemetry::ChunkKind kind : telemetry::kChunkKinds) {
        if (kinds.empty() || std::ranges::find(kinds, static_cast<int>(kind)) != kinds.end())
            result.push_back(kind);
    }
    return result;
}

std::vector<telemetry::Level> levelsOf(const google::protobuf::RepeatedField<int>& levels)
{
    std::vector<telemetry::Level> result;
    for (const telemetry::Level level : telemetry::kLevels) {
        if (levels.empty() || std::ranges::find(levels, static_cast<int>(level)) != levels.end())
            result.push_back(level);
    }
    return result;
}

} // namespace binnacle::agent::wire
