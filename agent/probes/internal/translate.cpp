// SPDX-License-Identifier: Apache-2.0
#include "agent/probes/internal/translate.h"

#include <algorithm>

namespace binnacle::agent {
namespace {

Nanoseconds microseconds(std::uint64_t us) { return std::chrono::microseconds(static_cast<std::int64_t>(us)); }

Endpoint toEndpoint(const __u8 (&address)[16], std::uint16_t port)
{
    Endpoint endpoint;
    std::copy(std::begin(address), std::end(address), endpoint.address.bytes.begin());
    endpoint.port = port;
    return endpoint;
}

} // namespace

Task toTask(const bn_task& task)
{
    const auto* name = reinterpret_cast<const char*>(task.name);
    return {ProcessId{task.pid}, task.tid, task.cgroup, std::string(name, strnlen(name, sizeof(task.name)))};
}

SocketAddresses toAddresses(const bn_tuple& tuple)
{
    return {toEndpoint(tuple.local_address, tuple.local_port), toEndpoint(tuple.remote_address, tuple.remote_port),
            NetworkNamespace{tuple.netns}};
}

TcpCounters toCounters(const bn_tcp_counters& c)
{
    constexpr std::uint32_t kNoSample = 0xffffffff; // tcp_min_rtt before the first acknowledgement
    TcpCounters counters;
    counters.bytesSent = c.bytes_sent;
    counters.bytesReceived = c.bytes_received;
    counters.segmentsOut = c.segments_out;
    counters.segmentsIn = c.segments_in;
    counters.retransmitsOut = c.retransmits_out;
    counters.outOfOrder = c.out_of_order;
    counters.rtt = microseconds(c.srtt_us);
    counters.rttVariance = microseconds(c.rttvar_us);
    counters.minRtt = microseconds(c.min_rtt_us == kNoSample ? 0 : c.min_rtt_us);
    counters.unreadBytes = c.unread_bytes;
    counters.unsentBytes = c.unsent_bytes;
    counters.sendWindow = c.send_window;
    counters.receiveWindow = c.receive_window;
    counters.receiverLimited = microseconds(c.rwnd_limited_us);
    counters.bufferLimited = microseconds(c.sndbuf_limited_us);
    return counters;
}

PayloadCounters toCounters(const bn_payload_counters& c)
{
    return {c.seen_sent, c.seen_received, c.lost_sent, c.lost_received, c.unseen_sent, c.unseen_received};
}

Side toSide(std::uint8_t side)
{
    switch (side) {
    case BN_SIDE_CLIENT: return Side::Client;
    case BN_SIDE_SERVER: return Side::Server;
    default: return Side::Unknown;
    }
}

} // namespace binnacle::agent
