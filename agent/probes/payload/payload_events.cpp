// SPDX-License-Identifier: Apache-2.0
#include "agent/probes/payload/payload_events.h"

#include "agent/probes/internal/translate.h"
#include "bpf/abi/data_event.h"
#include "core/base/fault.h"

#include <algorithm>

namespace binnacle::agent {

void deliverData(ByteView bytes, EventSink& sink)
{
    const auto record = readRecord<bn_data>(bytes);
    BN_ASSERT(record);
    if (!record)
        return;
    const ByteView room = bytes.subspan(sizeof(bn_data)); // the size class, usually larger than what was captured
    DataChunk chunk;
    chunk.at = hostTime(record->header.at_ns);
    chunk.connection = ConnectionId{record->connection};
    chunk.position = record->position;
    chunk.tcpSequence = record->tcp_sequence;
    chunk.size = record->size;
    chunk.tid = record->tid;
    chunk.pid = ProcessId{record->pid};
    chunk.sent = (record->flags & BN_DATA_SENT) != 0;
    chunk.unseen = (record->flags & BN_DATA_UNSEEN) != 0;
    chunk.bytes = room.first(std::min<std::size_t>(room.size(), record->captured_size));
    sink.on(chunk);
}

void expectData(ByteView bytes, EventSink& sink)
{
    if (const auto record = readRecord<bn_data>(bytes))
        sink.expect(ConnectionId{record->connection});
}

} // namespace binnacle::agent
