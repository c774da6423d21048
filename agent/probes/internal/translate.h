// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "agent/events/events.h"
#include "bpf/abi/process_event.h"
#include "bpf/abi/socket_event.h"

#include <cstring>
#include <optional>

/// Pieces that several records share: kernel layout → plain values.
namespace binnacle::agent {

/// The record at the front of `bytes`, copied; nothing when they are too few.
template <class Record>
std::optional<Record> readRecord(ByteView bytes)
{
    if (bytes.size() < sizeof(Record))
        return std::nullopt;
    Record record;
    std::memcpy(&record, bytes.data(), sizeof(Record));
    return record;
}

Task toTask(const bn_task& task);
SocketAddresses toAddresses(const bn_tuple& tuple);
TcpCounters toCounters(const bn_tcp_counters& counters);
PayloadCounters toCounters(const bn_payload_counters& counters);
Side toSide(std::uint8_t side);

} // namespace binnacle::agent
