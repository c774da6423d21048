// SPDX-License-Identifier: Apache-2.0
#include "agent/service/buffer_stream.h"

#include "agent/service/wire.h"

#include <algorithm>
#include <limits>

namespace binnacle::agent {
namespace {

/// What a question's own limit left behind: it is there, and can be asked for.
telemetry::Gap leftOut(EntityKey agent, TimeRange range, telemetry::ChunkKind kind, std::uint64_t limit)
{
    const char* const words = kind == telemetry::ChunkKind::Detail ? "detail" : "overviews";
    return {agent, range, Loss::ReaderGap, std::string(words) + " over the " + std::to_string(limit) + " bytes that were asked for; ask for a shorter range"};
}

v1::StreamItem itemOf(const ReadStep& step, EntityKey agent)
{
    if (const auto* chunk = std::get_if<LiveChunkPtr>(&step))
        return wire::itemOf(**chunk);
    if (const auto* opening = std::get_if<SegmentOpening>(&step))
        return wire::itemOf(*opening, agent);
    if (const auto* segment = std::get_if<SealedBytes>(&step))
        return wire::itemOf(*segment);
    return wire::itemOf(std::get<telemetry::Gap>(step));
}

} // namespace

std::vector<ChunkReader> readersFor(RollingBuffer& buffer, EntityKey agent, const v1::SubscribeRequest& request)
{
    const auto kinds = wire::kindsOf(request.kinds());
    if (request.has_cursor() && wire::keyOf(request.cursor().agent()) == agent)
        return buffer.readFrom(kinds, Cursor{request.cursor().epoch(), request.cursor().sequence()});
    return request.has_from_ns() ? buffer.readSince(kinds, utcTime(request.from_ns())) : buffer.readFrom(kinds, std::nullopt);
}

Written writeNext(std::vector<ChunkReader>& readers, EntityKey agent, const WriteItem& write)
{
    for (ChunkReader& reader : readers) {
        const ReadStep step = reader.next();
        if (!std::holds_alternative<std::monostate>(step))
            return {true, write(itemOf(step, agent))};
    }
    return {};
}

void writeHistory(const RollingBuffer& buffer, EntityKey agent, const v1::HistoryRequest& request, const WriteItem& write)
{
    const TimeRange range{utcTime(request.from_ns()), utcTime(request.to_ns())};
    std::uint64_t left = request.max_bytes() != 0 ? request.max_bytes() : std::numeric_limits<std::uint64_t>::max();
    for (const telemetry::ChunkKind kind : wire::kindsOf(request.kinds())) {
        buffer.readHistory(kind, range, wire::levelsOf(request.levels()), [&](const SealedBytes& segment) {
            if (segment.bytes->size() > left) {
                write(wire::itemOf(leftOut(agent, {std::max(segment.range.from, range.from), range.to}, kind, request.max_bytes())));
                return false;
            }
            left -= segment.bytes->size();
            return write(wire::itemOf(segment));
        });
    }
    for (const telemetry::Gap& gap : buffer.gaps()) {
        if (gap.range.intersects(range))
            write(wire::itemOf(gap));
    }
}

} // namespace binnacle::agent
