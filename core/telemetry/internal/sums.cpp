// SPDX-License-Identifier: Apache-2.0
#include "core/telemetry/internal/sums.h"

#include <algorithm>

namespace binnacle::telemetry::internal {
namespace {

template <class Count, class Key>
void addSorted(std::vector<Count>& to, const std::vector<Count>& from, Key Count::* key)
{
    for (const Count& count : from) {
        const auto at = std::ranges::find(to, count.*key, key);
        if (at != to.end())
            at->count += count.count;
        else
            to.push_back(count);
    }
    std::ranges::sort(to, {}, key);
}

void addOptional(std::optional<std::uint64_t>& to, const std::optional<std::uint64_t>& from)
{
    if (from)
        to = to.value_or(0) + *from;
}

} // namespace

void addCounts(std::vector<StatusCount>& to, const std::vector<StatusCount>& from)
{
    addSorted(to, from, &StatusCount::status);
}

void addCounts(std::vector<ErrnoCount>& to, const std::vector<ErrnoCount>& from)
{
    addSorted(to, from, &ErrnoCount::error);
}

void addRow(RequestRow& to, const RequestRow& from)
{
    to.requests += from.requests;
    to.errors += from.errors;
    to.reused += from.reused;
    to.requestBytes += from.requestBytes;
    to.responseBytes += from.responseBytes;
    addCounts(to.statuses, from.statuses);
    to.latency.merge(from.latency);
    to.firstByte.merge(from.firstByte);
}

void addRow(OpenRow& to, const OpenRow& from)
{
    to.count += from.count;
    to.oldestAge = std::max(to.oldestAge, from.oldestAge);
}

void addRow(TcpRow& to, const TcpRow& from)
{
    to.opened += from.opened;
    to.closed += from.closed;
    addCounts(to.failed, from.failed);
    to.bytesSent += from.bytesSent;
    to.bytesReceived += from.bytesReceived;
    to.payloadLost += from.payloadLost;
    to.payloadUnseen += from.payloadUnseen;
    for (const auto member : {&TcpRow::segmentsOut, &TcpRow::segmentsIn, &TcpRow::retransmitsOut, &TcpRow::retransmitsIn,
                              &TcpRow::synRetransmits, &TcpRow::outOfOrder, &TcpRow::resetsSent, &TcpRow::resetsReceived,
                              &TcpRow::zeroWindows, &TcpRow::zeroWindowNs})
        addOptional(to.*member, from.*member);
    to.connectTime.merge(from.connectTime);
    to.rtt.merge(from.rtt);
    to.rttVariance.merge(from.rttVariance);
    to.lifetime.merge(from.lifetime);
}

} // namespace binnacle::telemetry::internal
