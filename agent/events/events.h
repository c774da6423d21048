// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/base/byte_view.h"
#include "core/base/catalog.h"
#include "core/base/clocks.h"
#include "core/base/ids.h"
#include "core/base/internet_address.h"

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

/// What the probes tell the rest of the agent: plain values with units and clocks, no kernel types.
namespace binnacle::agent {

/// Unique in one run of the agent, never reused; not an identity that may leave the agent.
using ConnectionId = Id<struct ConnectionIdTag, std::uint64_t>;
using ProcessId = Id<struct ProcessIdTag>;     // thread-group id in the agent's own PID namespace; 0 = unknown
using NetworkNamespace = Id<struct NetworkNamespaceTag>; // inode number

enum class Side : std::uint8_t { Unknown, Client, Server };

/// TCP_* of the kernel (include/net/tcp_states.h).
enum class TcpState : std::uint8_t { None, Established, SynSent, SynReceived, FinWait1, FinWait2, TimeWait, Close, CloseWait, LastAck, Listen, Closing, NewSynReceived };

/// As `ss` writes it.
std::string_view nameOf(TcpState state);

/// Records of different CPUs may be out of order by this much.
inline constexpr Nanoseconds kDisorder = std::chrono::milliseconds(1);

struct Task {
    ProcessId pid;
    std::uint32_t tid = 0;
    std::uint64_t cgroup = 0; // inode of the v2 directory; 0 = unknown
    std::string name;         // comm
};

struct SocketAddresses {
    Endpoint local;
    Endpoint remote;
    NetworkNamespace netns;
};

struct ConnectionOpened {
    HostTime at;
    ConnectionId connection;
    std::uint64_t cookie = 0; // of the kernel; with boot and netns the identity of the connection
    SocketAddresses addresses;
    Side side = Side::Unknown;
    Task task;                // server: pid 0 until ConnectionOwned
    HostTime connectBegan{};  // client only; zero = unknown
    bool existed = false;     // found when the agent started
};

struct ConnectionOwned {
    HostTime at;
    ConnectionId connection;
    Task task;
};

/// Counters of the kernel's tcp_sock; payload bytes equal `ss -tin`.
struct TcpCounters {
    std::uint64_t bytesSent = 0, bytesReceived = 0;
    std::uint32_t segmentsOut = 0, segmentsIn = 0, retransmitsOut = 0, outOfOrder = 0;
    Nanoseconds rtt{}, rttVariance{}, minRtt{};
    std::uint32_t unreadBytes = 0, unsentBytes = 0, sendWindow = 0, receiveWindow = 0;
    Nanoseconds receiverLimited{}, bufferLimited{};
};

/// What the payload programs saw; captured + lost + unseen = seen.
struct PayloadCounters {
    std::uint64_t seenSent = 0, seenReceived = 0;
    std::uint64_t lostSent = 0, lostReceived = 0;
    std::uint64_t unseenSent = 0, unseenReceived = 0;
};

struct ConnectionClosed {
    HostTime at;
    ConnectionId connection;
    int error = 0; // errno, 0 = orderly
    bool resetSent = false, resetReceived = false;
    TcpCounters tcp;
    PayloadCounters payload;
};

struct ConnectFailed {
    HostTime at;
    HostTime began;
    ConnectionId connection;
    SocketAddresses addresses;
    Task task;
    int error = 0;
    std::uint32_t synRetransmits = 0;
};

struct ListenStarted {
    HostTime at;
    Endpoint local;
    NetworkNamespace netns;
    Task task;
    bool existed = false;
    ConnectionId connection{}; // of the listening socket: its SocketSample carries it
};

struct ListenEnded {
    HostTime at;
    Endpoint local;
    NetworkNamespace netns;
    ConnectionId connection{};
};

struct ProcessForked {
    HostTime at;
    Task task;
    ProcessId parent;
    std::uint64_t startNs = 0; // since boot; identity together with the pid
    NetworkNamespace netns;
};

struct ProcessExeced {
    HostTime at;
    Task task;
    ProcessId parent;
    std::uint64_t startNs = 0;
    NetworkNamespace netns;
    std::string executable;
    std::string arguments; // zero-separated, bounded; never leaves the agent
};

struct ProcessExited {
    HostTime at;
    Task task;
    std::uint64_t startNs = 0;
    int status = 0; // as wait(2)
};

/// A part of one transfer.  `bytes` is lent for the call.
struct DataChunk {
    HostTime at;
    ConnectionId connection;
    std::uint64_t position = 0;
    std::uint32_t tcpSequence = 0;
    std::uint32_t size = 0; // ≥ bytes.size()
    std::uint32_t tid = 0;
    ProcessId pid;
    bool sent = false;      // else received
    bool unseen = false;    // the bytes were not in a buffer that can be read
    ByteView bytes;
};

struct SocketSample {
    HostTime at;
    ConnectionId connection;
    TcpState state = TcpState::None;
    std::uint32_t acceptQueue = 0, acceptQueueLimit = 0, drops = 0;
    TcpCounters tcp;
    PayloadCounters payload;
};

/// A connect() that has had no answer for a second or longer; told once a second for as long as it waits.
struct ConnectPending {
    HostTime at;
    HostTime began;
    ConnectionId connection;
    SocketAddresses addresses;
    Task task;
    std::uint32_t synRetransmits = 0;
};

/// Takes what the probes see.  Thread: the drain thread; calls come in the order of each connection's life
/// (opened → data → closed), whatever the order in the rings.
class EventSink {
public:
    virtual ~EventSink() = default;
    /// The hooks are attached, and what was there before follows: whoever looks around now misses nothing.
    virtual void watching() {}
    virtual void on(const ConnectionOpened&) = 0;
    virtual void on(const ConnectionOwned&) = 0;
    virtual void on(const ConnectionClosed&) = 0;
    virtual void on(const ConnectFailed&) = 0;
    virtual void on(const ListenStarted&) = 0;
    virtual void on(const ListenEnded&) = 0;
    virtual void on(const ProcessForked&) = 0;
    virtual void on(const ProcessExeced&) = 0;
    virtual void on(const ProcessExited&) = 0;
    /// A DataChunk of this connection follows soon: time to fetch from memory what it will touch.
    virtual void expect(ConnectionId) {}
    virtual void on(const DataChunk&) = 0;
    virtual void on(const SocketSample&) = 0;
    virtual void on(const ConnectPending&) = 0;
    virtual void lost(Loss loss, std::uint64_t count) = 0; // since the last call
};

/// Asks the kernel side to ship less of a connection.
class CaptureControl {
public:
    enum class Verdict : std::uint8_t { Capture, CountOnly, Off };
    virtual ~CaptureControl() = default;
    virtual void setVerdict(ConnectionId, Verdict) = 0;
};

} // namespace binnacle::agent
