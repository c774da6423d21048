// SPDX-License-Identifier: Apache-2.0
//
// What one record costs the agent from the EventSink on: parser, connection table, rows, spans.  Synthetic events, both ends of each
// connection on this host, so a request is four records and two exchanges.  Prints nanoseconds a record and the ratio to a sink that does
// nothing; `--iterations N` for callgrind.  Reported, never asserted: the machines are noisy.

#include "agent/aggregation/collector.h"
#include "tests/agent/support/scenario.h"

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <string>
#include <string_view>
#include <vector>

namespace {

using namespace binnacle;
using namespace binnacle::agent;
using namespace binnacle::agent::test;

constexpr int kConnections = 64;

/// Of this process: other programs on the machine do not count.
double cpuNanoseconds()
{
    timespec now{};
    ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return static_cast<double>(now.tv_sec) * 1e9 + static_cast<double>(now.tv_nsec);
}

struct EmptySink final : EventSink {
    void on(const ConnectionOpened&) override {}
    void on(const ConnectionOwned&) override {}
    void on(const ConnectionClosed&) override {}
    void on(const ConnectFailed&) override {}
    void on(const ListenStarted&) override {}
    void on(const ListenEnded&) override {}
    void on(const ProcessForked&) override {}
    void on(const ProcessExeced&) override {}
    void on(const ProcessExited&) override {}
    void on(const DataChunk& chunk) override { bytes += chunk.size; }
    void on(const SocketSample&) override {}
    void on(const ConnectPending&) override {}
    void lost(Loss, std::uint64_t) override {}
    std::uint64_t bytes = 0;
};

struct Load {
    std::string name, request, response;
    int exchangesInOneRecord = 1;
};

class Bench {
public:
    explicit Bench(const Load& load) : m_load(load)
    {
        m_scenario.program({.pid = 10, .comm = "client", .executable = "/bin/client"});
        m_scenario.program({.pid = 20, .comm = "server", .executable = "/bin/server"});
        m_scenario.seed();
        m_scenario.listen(20, "10.0.0.1", 80);
        for (int i = 0; i < kConnections; ++i)
            m_pairs.push_back(m_scenario.connect(10, 20, endpoint("10.0.0.1", static_cast<std::uint16_t>(40'000 + i)), endpoint("10.0.0.1", 80)));
        m_scenario.drained();
    }

    /// Nanoseconds a record.
    double run(EventSink& sink, std::uint64_t requests)
    {
        const double began = cpuNanoseconds();
        for (std::uint64_t i = 0; i < requests; ++i) {
            Pair& pair = m_pairs[i % kConnections];
            send(sink, pair.client, true, pair.requestPosition, m_load.request);
            send(sink, pair.server, false, pair.requestPosition, m_load.request);
            m_now += 20'000;
            send(sink, pair.server, true, pair.responsePosition, m_load.response);
            send(sink, pair.client, false, pair.responsePosition, m_load.response);
            pair.requestPosition += m_load.request.size();
            pair.responsePosition += m_load.response.size();
        }
        return (cpuNanoseconds() - began) / static_cast<double>(4 * requests);
    }

    Collector& collector() { return *m_scenario.collector; }
    telemetry::Batch seal() { return m_scenario.seal(); }
    void rewind()
    {
        for (Pair& pair : m_pairs)
            pair.requestPosition = pair.responsePosition = 0;
    }

private:
    void send(EventSink& sink, ConnectionId id, bool sent, std::uint64_t position, const std::string& bytes)
    {
        DataChunk chunk{};
        chunk.at = hostTime(m_now);
        chunk.connection = id;
        chunk.position = position;
        chunk.tcpSequence = static_cast<std::uint32_t>(position);
        chunk.size = static_cast<std::uint32_t>(bytes.size());
        chunk.tid = 7;
        chunk.sent = sent;
        chunk.bytes = asBytes(bytes);
        sink.on(chunk);
    }

    Load m_load;
    Scenario m_scenario;
    std::vector<Pair> m_pairs;
    std::uint64_t m_now = 100 * kSecond + 20 * kMillisecond;
};

void measure(const Load& load, std::uint64_t requests)
{
    Bench bench(load);
    EmptySink empty;
    const double nothing = bench.run(empty, requests);
    bench.rewind();
    bench.run(bench.collector(), 1'000); // routes and pages are met
    bench.seal();
    const std::uint64_t before = bench.collector().exchangesSinceStart();
    const double full = bench.run(bench.collector(), requests);
    const std::uint64_t counted = bench.collector().exchangesSinceStart() - before;
    const double began = cpuNanoseconds();
    const telemetry::Batch batch = bench.seal();
    const double sealed = (cpuNanoseconds() - began) / 1'000;
    const std::uint64_t expected = 2 * requests * static_cast<std::uint64_t>(load.exchangesInOneRecord);
    std::printf("%-24s %7.1f ns/record  %7.1f ns/request  %6.2f ns/exchange  x%.0f of an empty sink (%.1f ns)  seal %.0f us  spans %zu  %s\n",
                load.name.c_str(), full, 4 * full, 4 * full * static_cast<double>(requests) / static_cast<double>(counted ? counted : 1),
                full / nothing, nothing, sealed, batch.detail->spans.size(), counted == expected ? "exact" : "COUNT IS WRONG");
}

std::string times(std::string_view text, int count)
{
    std::string all;
    for (int i = 0; i < count; ++i)
        all += text;
    return all;
}

} // namespace

int main(int argc, char** argv)
{
    std::uint64_t requests = 500'000;
    if (argc == 3 && std::strcmp(argv[1], "--iterations") == 0)
        requests = std::strtoull(argv[2], nullptr, 10);
    measure({"http keep-alive", "GET /orders/7 HTTP/1.1\r\nHost: 10.0.0.1\r\nUser-Agent: curl/7.88.1\r\nAccept: */*\r\n\r\n",
             "HTTP/1.1 200 OK\r\nServer: nginx/1.22.1\r\nDate: Mon, 23 Nov 2026 05:00:00 GMT\r\nContent-Type: text/plain\r\nContent-Length: 12\r\n"
             "Connection: keep-alive\r\n\r\nhello world\n"},
            requests);
    measure({"redis", "*2\r\n$3\r\nGET\r\n$5\r\nkey:1\r\n", "$5\r\nvalue\r\n"}, requests);
    measure({"redis, 16 pipelined", times("*2\r\n$3\r\nGET\r\n$5\r\nkey:1\r\n", 16), times("$5\r\nvalue\r\n", 16), 16}, requests / 16);
    return 0;
}
