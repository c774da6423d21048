// SPDX-License-Identifier: Apache-2.0
#include "agent/probes/socket_iterator/socket_samples.h"

#include "agent/probes/internal/translate.h"
#include "agent/probes/tcp_lifecycle/connection_events.h"
#include "core/base/fault.h"

namespace binnacle::agent {

void deliverExisting(ByteView records, EventSink& sink)
{
    while (const auto header = readRecord<bn_header>(records)) {
        const bool listener = header->kind == BN_KIND_LISTEN_STARTED;
        BN_ASSERT(listener || header->kind == BN_KIND_CONNECTION_OPENED);
        const std::size_t size = listener ? sizeof(bn_listen) : sizeof(bn_connection_opened);
        if (records.size() < size)
            return;
        (listener ? deliverListenStarted : deliverOpened)(records.first(size), sink);
        records = records.subspan(size);
    }
}

namespace {

SocketSample toSample(const bn_socket_sample& record)
{
    SocketSample sample;
    sample.at = hostTime(record.header.at_ns);
    sample.connection = ConnectionId{record.connection};
    sample.state = static_cast<TcpState>(record.state);
    sample.acceptQueue = record.accept_queue;
    sample.acceptQueueLimit = record.accept_queue_limit;
    sample.drops = record.drops;
    sample.tcp = toCounters(record.tcp);
    sample.payload = toCounters(record.payload);
    return sample;
}

ConnectPending toPending(const bn_connect_pending& record)
{
    return {hostTime(record.header.at_ns), hostTime(record.began_ns), ConnectionId{record.connection}, toAddresses(record.tuple),
            toTask(record.task), record.syn_retransmits};
}

} // namespace

void deliverSamples(ByteView records, EventSink& sink)
{
    while (const auto header = readRecord<bn_header>(records)) {
        const bool pending = header->kind == BN_KIND_CONNECT_PENDING;
        BN_ASSERT(pending || header->kind == BN_KIND_SOCKET_SAMPLE);
        const std::size_t size = pending ? sizeof(bn_connect_pending) : sizeof(bn_socket_sample);
        if (records.size() < size)
            return;
        if (pending)
            sink.on(toPending(*readRecord<bn_connect_pending>(records)));
        else
            sink.on(toSample(*readRecord<bn_socket_sample>(records)));
        records = records.subspan(size);
    }
}

} // namespace binnacle::agent
