// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "agent/aggregation/collector.h"
#include "core/telemetry/identity.h"
#include "tests/agent/support/fake_proc.h"

#include <algorithm>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace binnacle::agent::test {

constexpr std::uint64_t kMillisecond = 1'000'000;
constexpr std::uint64_t kSecond = 1'000'000'000;

inline Endpoint endpoint(std::string_view address, std::uint16_t port) { return {*InternetAddress::parse(address), port}; }

struct VerdictLog final : CaptureControl {
    void setVerdict(ConnectionId id, Verdict verdict) override { verdicts[id.value] = verdict; }
    std::map<std::uint64_t, Verdict> verdicts;
};

/// Both ends of one connection as this host sees them; id 0: that end is on another host.
struct Pair {
    ConnectionId client, server;
    std::uint64_t requestPosition = 0, responsePosition = 0;
    std::uint32_t clientTid = 0, serverTid = 0;
};

/// A host with processes and sockets, told to a Collector event by event.  Host time begins at 100 s; UTC is host time + kUtcOffset.
class Scenario {
public:
    static constexpr std::int64_t kUtcOffset = 1'700'000'000ll * 1'000'000'000ll;

    explicit Scenario(std::uint32_t spansPerSecond = 2'000)
    {
        Collector::Options options;
        options.agent = telemetry::hostKey("machine", "boot");
        options.bootId = "boot";
        options.hostName = "host";
        options.spansPerSecond = spansPerSecond;
        options.procRoot = proc.root();
        collector = std::make_unique<Collector>(options, &verdicts);
        collector->begin(second(), anchor());
    }

    HostTime at() const { return hostTime(now); }
    void pass(std::uint64_t ns) { now += ns; }
    ClockAnchor anchor() const { return {hostTime(0), utcTime(kUtcOffset), Nanoseconds(1000)}; }
    TimeRange second() const
    {
        const std::int64_t from = static_cast<std::int64_t>(now / kSecond * kSecond) + kUtcOffset;
        return {utcTime(from), utcTime(from) + std::chrono::seconds(1)};
    }

    /// A program in /proc, known from the start.
    void program(FakeProcess process) { proc.add(process); }
    void seed() { collector->seedProcesses(); }

    Task task(std::uint32_t pid, std::string name = "x") const { return {ProcessId{pid}, pid, 0, std::move(name)}; }

    void listen(std::uint32_t pid, std::string_view address, std::uint16_t port, std::uint32_t netns = 1, bool existed = true)
    {
        ListenStarted event{};
        event.at = at();
        event.local = endpoint(address, port);
        event.netns = NetworkNamespace{netns};
        event.task = task(pid);
        event.existed = existed;
        collector->on(event);
    }

    ConnectionId open(Side side, std::uint32_t pid, Endpoint local, Endpoint remote, std::uint32_t netns = 1, bool existed = false)
    {
        ConnectionOpened event{};
        event.at = at();
        event.connection = ConnectionId{++lastConnection};
        event.cookie = lastConnection;
        event.addresses = {local, remote, NetworkNamespace{netns}};
        event.side = side;
        if (side == Side::Client)
            event.connectBegan = hostTime(now - kMillisecond);
        if (pid != 0)
            event.task = task(pid);
        event.existed = existed;
        collector->on(event);
        return event.connection;
    }

    /// A look at the sockets finds that a connect() has had no answer for `age`.
    void waits(ConnectionId connection, std::uint32_t pid, Endpoint local, Endpoint remote, std::uint64_t age, std::uint32_t synRetransmits = 1)
    {
        collector->on(ConnectPending{at(), hostTime(now - age), connection, {local, remote, NetworkNamespace{1}}, task(pid), synRetransmits});
    }
    void fails(ConnectionId connection, std::uint32_t pid, Endpoint local, Endpoint remote, int error)
    {
        ConnectFailed event{};
        event.at = at();
        event.connection = connection;
        event.addresses = {local, remote, NetworkNamespace{1}};
        event.task = task(pid);
        event.error = error;
        collector->on(event);
    }

    void own(ConnectionId connection, std::uint32_t pid) { collector->on(ConnectionOwned{at(), connection, task(pid)}); }

    /// A connection within this host, opened and owned by both.
    Pair connect(std::uint32_t client, std::uint32_t server, Endpoint from, Endpoint to, std::uint32_t clientNetns = 1, std::uint32_t serverNetns = 1)
    {
        Pair pair;
        pair.client = open(Side::Client, client, from, to, clientNetns);
        pair.server = open(Side::Server, 0, to, from, serverNetns);
        own(pair.server, server);
        pair.clientTid = client;
        pair.serverTid = server;
        return pair;
    }

    void data(ConnectionId connection, bool sent, std::uint64_t position, std::string_view text, std::uint32_t tid = 1)
    {
        if (connection.value == 0)
            return;
        DataChunk chunk{};
        chunk.at = at();
        chunk.connection = connection;
        chunk.position = position;
        chunk.tcpSequence = static_cast<std::uint32_t>(1'000 + position + (sent ? 0 : 7'000));
        chunk.size = static_cast<std::uint32_t>(text.size());
        chunk.tid = tid;
        chunk.pid = ProcessId{tid};
        chunk.sent = sent;
        chunk.bytes = asBytes(text);
        collector->on(chunk);
    }

    void request(Pair& pair, std::string_view text)
    {
        data(pair.client, true, pair.requestPosition, text, pair.clientTid);
        data(pair.server, false, pair.requestPosition, text, pair.serverTid);
        pair.requestPosition += text.size();
    }
    void response(Pair& pair, std::string_view text)
    {
        data(pair.server, true, pair.responsePosition, text, pair.serverTid);
        data(pair.client, false, pair.responsePosition, text, pair.clientTid);
        pair.responsePosition += text.size();
    }
    static std::string get(std::string_view path) { return "GET " + std::string(path) + " HTTP/1.1\r\nHost: a\r\n\r\n"; }
    static std::string answer(int status = 200) { return "HTTP/1.1 " + std::to_string(status) + " X\r\nContent-Length: 2\r\n\r\nok"; }

    void exchange(Pair& pair, std::string_view path, int status = 200, std::uint64_t took = 2 * kMillisecond)
    {
        request(pair, get(path));
        pass(took);
        response(pair, answer(status));
    }

    void close(ConnectionId connection, std::uint64_t sent = 0, std::uint64_t received = 0)
    {
        if (connection.value == 0)
            return;
        ConnectionClosed event{};
        event.at = at();
        event.connection = connection;
        event.tcp.bytesSent = event.payload.seenSent = sent;
        event.tcp.bytesReceived = event.payload.seenReceived = received;
        collector->on(event);
    }
    void close(Pair& pair)
    {
        close(pair.client, pair.requestPosition, pair.responsePosition);
        close(pair.server, pair.responsePosition, pair.requestPosition);
    }

    void drained() { collector->drained(); }

    /// Ends the second that is open and begins the next.
    telemetry::Batch seal()
    {
        const TimeRange range = second();
        now = (now / kSecond + 1) * kSecond;
        return collector->seal(range, anchor());
    }

    FakeProc proc;
    VerdictLog verdicts;
    std::unique_ptr<Collector> collector;
    std::uint64_t now = 100 * kSecond + 10 * kMillisecond;
    std::uint64_t lastConnection = 0;
};

// -- what a batch says, in words --

inline std::string serviceOf(const telemetry::Batch& batch, std::uint32_t instance)
{
    for (const telemetry::PresenceRow& row : batch.overview->presence) {
        if (row.instance == instance)
            return batch.dictionary->entities[row.service].name;
    }
    return "?";
}

/// `client shop -> 127.0.0.1:80 (web)`.
inline std::string endText(const telemetry::Batch& batch, std::uint32_t index)
{
    const telemetry::End& end = batch.dictionary->ends[index];
    const bool client = end.side == telemetry::Side::Client;
    std::string text = client ? "client " : "server ";
    text += serviceOf(batch, end.instance);
    text += client ? " -> " + end.remote.toText() : " at " + end.local.toText() + " <- " + end.remote.toText();
    if (end.remoteInstance != telemetry::kNone)
        text += " (" + serviceOf(batch, end.remoteInstance) + ")";
    return text;
}

/// One line a row: `client shop -> 127.0.0.1:80 (web) | GET / | 3 requests 1 errors | 200:2 500:1`, sorted.
inline std::vector<std::string> requestLines(const telemetry::Batch& batch)
{
    std::vector<std::string> lines;
    for (const telemetry::RequestRow& row : batch.overview->requests) {
        std::string line = endText(batch, row.end) + " | " + batch.dictionary->strings[row.route] + " | " + std::to_string(row.requests) +
                           " requests " + std::to_string(row.errors) + " errors |";
        std::map<std::string, std::uint64_t> statuses;
        for (const telemetry::StatusCount& status : row.statuses)
            statuses[batch.dictionary->strings[status.status]] += status.count;
        for (const auto& [status, count] : statuses)
            line += ' ' + (status.empty() ? std::string("-") : status) + ':' + std::to_string(count);
        lines.push_back(std::move(line));
    }
    std::ranges::sort(lines);
    return lines;
}

/// `web 2` for each service that is present: its name and how many of its instances have live processes, sorted.
inline std::vector<std::string> serviceLines(const telemetry::Batch& batch)
{
    std::map<std::string, int> alive;
    for (const telemetry::PresenceRow& row : batch.overview->presence)
        alive[batch.dictionary->entities[row.service].name] += row.processes > 0 ? 1 : 0;
    std::vector<std::string> lines;
    for (const auto& [name, count] : alive)
        lines.push_back(name + ' ' + std::to_string(count));
    return lines;
}

inline std::uint64_t lossOf(const telemetry::Batch& batch, Loss loss)
{
    std::uint64_t count = 0;
    for (const telemetry::LossRow& row : batch.overview->losses)
        count += row.loss == loss ? row.count : 0;
    return count;
}

/// part and whole of a coverage row; zeros when there is none.
inline std::pair<std::uint64_t, std::uint64_t> coverageOf(const telemetry::Batch& batch, std::string_view what)
{
    for (const telemetry::CoverageRow& row : batch.overview->coverage) {
        if (batch.dictionary->strings[row.what] == what)
            return {row.part, row.whole};
    }
    return {};
}

using Lines = std::vector<std::string>;

} // namespace binnacle::agent::test
