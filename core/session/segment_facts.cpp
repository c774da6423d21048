// SPDX-License-Identifier: Apache-2.0
#include "core/session/segment_facts.h"

#include <algorithm>
#include <bit>
#include <set>

namespace binnacle::session {
namespace {

using TraceId = std::array<std::uint8_t, 16>;

constexpr std::size_t kBitsATrace = 10; // with 4 hashes: 1.2 % false hits
constexpr std::uint64_t kHashes = 4;

/// Two halves of a random id are two independent hashes (Kirsch and Mitzenmacher, "Less Hashing, Same Performance").
template <class Visit>
bool allBits(std::size_t bits, const TraceId& id, Visit visit)
{
    const std::string_view text(reinterpret_cast<const char*>(id.data()), id.size());
    const std::uint64_t first = stableHash64(text), second = stableHash64(text.substr(1)) | 1;
    for (std::uint64_t i = 0; i < kHashes; ++i) {
        if (!visit(static_cast<std::size_t>((first + i * second) % bits)))
            return false;
    }
    return true;
}

std::string filterOf(const std::set<TraceId>& ids)
{
    if (ids.empty())
        return {};
    std::string filter((ids.size() * kBitsATrace + 7) / 8, '\0');
    for (const TraceId& id : ids) {
        allBits(filter.size() * 8, id, [&](std::size_t bit) {
            filter[bit / 8] = static_cast<char>(filter[bit / 8] | 1 << (bit % 8));
            return true;
        });
    }
    return filter;
}

void addOverview(const telemetry::Overview& o, SegmentFacts& facts)
{
    facts.rows += o.presence.size() + o.listening.size() + o.requests.size() + o.open.size() + o.openExchanges.size() + o.pendingConnects.size() + o.tcp.size()
                  + o.connections.size() + o.events.size() + o.losses.size() + o.coverage.size();
    for (const telemetry::RequestRow& row : o.requests) {
        facts.errors += row.errors;
        facts.longestNs = std::max(facts.longestNs, static_cast<std::int64_t>(std::min<std::uint64_t>(row.latency.max(), INT64_MAX)));
    }
    for (const telemetry::LossRow& row : o.losses)
        facts.losses[row.loss] += row.count;
}

} // namespace

SegmentFacts factsOf(const std::vector<telemetry::Batch>& batches)
{
    SegmentFacts facts;
    std::set<TraceId> traces;
    for (const telemetry::Batch& batch : batches) {
        for (const telemetry::Entity& entity : batch.dictionary->entities)
            facts.services[entity.key.low % 256 / 8] |= static_cast<std::uint8_t>(1 << (entity.key.low % 8));
        if (batch.overview)
            addOverview(*batch.overview, facts);
        if (!batch.detail)
            continue;
        facts.rows += batch.detail->spans.size();
        for (const telemetry::Span& span : batch.detail->spans) {
            facts.errors += span.error ? 1 : 0;
            facts.longestNs = std::max(facts.longestNs, span.duration.count());
            if (span.traceId != TraceId{})
                traces.insert(span.traceId);
        }
    }
    facts.traces = filterOf(traces);
    return facts;
}

bool mayHoldService(const std::array<std::uint8_t, 32>& services, const EntityKey& key)
{
    return (services[key.low % 256 / 8] >> (key.low % 8) & 1) != 0;
}

bool mayHoldTrace(std::string_view filter, const TraceId& traceId)
{
    return !filter.empty() && allBits(filter.size() * 8, traceId, [&](std::size_t bit) {
        return (static_cast<unsigned char>(filter[bit / 8]) >> (bit % 8) & 1) != 0;
    });
}

} // namespace binnacle::session
