// SPDX-License-Identifier: Apache-2.0
#include "agent/probes/tcp_lifecycle/connection_events.h"

#include "agent/probes/internal/translate.h"
#include "core/base/fault.h"

namespace binnacle::agent {

void deliverOpened(ByteView bytes, EventSink& sink)
{
    const auto record = readRecord<bn_connection_opened>(bytes);
    BN_ASSERT(record);
    if (!record)
        return;
    ConnectionOpened event;
    event.at = hostTime(record->header.at_ns);
    event.connection = ConnectionId{record->connection};
    event.cookie = record->cookie;
    event.addresses = toAddresses(record->tuple);
    event.side = toSide(record->side);
    event.task = toTask(record->task);
    event.connectBegan = hostTime(record->connect_began_ns);
    event.existed = record->existed != 0;
    sink.on(event);
}

void deliverOwned(ByteView bytes, EventSink& sink)
{
    const auto record = readRecord<bn_connection_owned>(bytes);
    BN_ASSERT(record);
    if (record)
        sink.on(ConnectionOwned{hostTime(record->header.at_ns), ConnectionId{record->connection}, toTask(record->task)});
}

void deliverConnectFailed(ByteView bytes, EventSink& sink)
{
    const auto record = readRecord<bn_connect_failed>(bytes);
    BN_ASSERT(record);
    if (!record)
        return;
    ConnectFailed event;
    event.at = hostTime(record->header.at_ns);
    event.began = hostTime(record->began_ns);
    event.connection = ConnectionId{record->connection};
    event.addresses = toAddresses(record->tuple);
    event.task = toTask(record->task);
    event.error = static_cast<int>(record->error);
    event.synRetransmits = record->syn_retransmits;
    sink.on(event);
}

void deliverListenStarted(ByteView bytes, EventSink& sink)
{
    const auto record = readRecord<bn_listen>(bytes);
    BN_ASSERT(record);
    if (!record)
        return;
    const SocketAddresses addresses = toAddresses(record->tuple);
    sink.on(ListenStarted{hostTime(record->header.at_ns), addresses.local, addresses.netns, toTask(record->task), record->existed != 0,
                          ConnectionId{record->connection}});
}

void deliverListenEnded(ByteView bytes, EventSink& sink)
{
    const auto record = readRecord<bn_listen>(bytes);
    BN_ASSERT(record);
    if (!record)
        return;
    const SocketAddresses addresses = toAddresses(record->tuple);
    sink.on(ListenEnded{hostTime(record->header.at_ns), addresses.local, addresses.netns, ConnectionId{record->connection}});
}

void deliverClosed(ByteView bytes, EventSink& sink)
{
    const auto record = readRecord<bn_connection_closed>(bytes);
    BN_ASSERT(record);
    if (!record)
        return;
    ConnectionClosed event;
    event.at = hostTime(record->header.at_ns);
    event.connection = ConnectionId{record->connection};
    event.error = static_cast<int>(record->error);
    event.resetSent = record->reset_sent != 0;
    event.resetReceived = record->reset_received != 0;
    event.tcp = toCounters(record->tcp);
    event.payload = toCounters(record->payload);
    sink.on(event);
}

} // namespace binnacle::agent
