// SPDX-License-Identifier: Apache-2.0
// What a record costs in the parsers: time for each message, and its ratio to copying the same bytes once.
// usage: protocol_bench [rounds [workload]], the second for callgrind; the bar is 100 ns for each record of a small keep-alive exchange.
#include "core/protocols/route_template.h"
#include "core/protocols/stream_parser.h"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

using namespace binnacle;
using namespace binnacle::protocols;

namespace {

class Counter final : public ExchangeSink {
public:
    void onExchange(const Exchange& exchange) override { exchanges += !exchange.status.empty(); }
    void onLoss(Loss, std::uint64_t count, HostTime) override { lost += count; }
    std::uint64_t exchanges = 0, lost = 0;
};

struct Workload {
    const char* name;
    std::vector<std::string> requests; // one record each, taken in turn
    std::string response;
    int messages; // in each record
};

std::string repeated(const std::string& text, int times)
{
    std::string out;
    for (int i = 0; i < times; ++i)
        out += text;
    return out;
}

double nanoseconds(auto&& work)
{
    const auto begin = std::chrono::steady_clock::now();
    work();
    return std::chrono::duration<double, std::nano>(std::chrono::steady_clock::now() - begin).count();
}

void parse(const Workload& workload, int rounds, Counter& sink)
{
    RouteCache routes;
    StreamParser parser(Start::FromFirstByte, Roles::Known, routes);
    std::uint64_t requested = 0, answered = 0;
    for (int i = 0; i < rounds; ++i) {
        const std::string& request = workload.requests[static_cast<std::size_t>(i) % workload.requests.size()];
        const auto at = static_cast<std::uint64_t>(i) * 20'000;
        parser.feed({hostTime(at), Direction::Request, requested, static_cast<std::uint32_t>(requested), 1, asBytes(request),
                     static_cast<std::uint32_t>(request.size())}, sink);
        parser.feed({hostTime(at + 10'000), Direction::Response, answered, static_cast<std::uint32_t>(answered), 1, asBytes(workload.response),
                     static_cast<std::uint32_t>(workload.response.size())}, sink);
        requested += request.size();
        answered += workload.response.size();
    }
}

void copy(const Workload& workload, int rounds)
{
    static char target[1 << 20];
    for (int i = 0; i < rounds; ++i) {
        const std::string& request = workload.requests[static_cast<std::size_t>(i) % workload.requests.size()];
        std::memcpy(target, request.data(), request.size());
        std::memcpy(target + 512, workload.response.data(), workload.response.size());
        asm volatile("" : : "r"(target) : "memory");
    }
}

void report(const Workload& workload, int rounds)
{
    double best = 1e18, bestCopy = 1e18;
    for (int trial = 0; trial < 7; ++trial) {
        Counter sink;
        best = std::min(best, nanoseconds([&] { parse(workload, rounds, sink); }));
        bestCopy = std::min(bestCopy, nanoseconds([&] { copy(workload, rounds); }));
        if (sink.exchanges != static_cast<std::uint64_t>(rounds) * static_cast<std::uint64_t>(workload.messages) || sink.lost != 0) {
            std::fprintf(stderr, "%s: counted %llu, lost %llu\n", workload.name, static_cast<unsigned long long>(sink.exchanges),
                         static_cast<unsigned long long>(sink.lost));
            std::exit(1);
        }
    }
    const double records = 2.0 * rounds;
    std::printf("%-34s %7.1f ns/record %7.1f ns/exchange  %5.1f x memcpy\n", workload.name, best / records, best / rounds / workload.messages,
                best / bestCopy);
}

std::vector<std::string> manyPaths()
{
    std::vector<std::string> requests;
    for (int i = 0; i < 5000; ++i)
        requests.push_back("GET /orders/" + std::to_string(100000 + i * 7919 % 900000) + " HTTP/1.1\r\nHost: shop:8080\r\n\r\n");
    return requests;
}

} // namespace

int main(int argc, char** argv)
{
    const int rounds = argc > 1 ? std::atoi(argv[1]) : 200000;
    const std::string nginx = "HTTP/1.1 200 OK\r\nServer: nginx/1.22.1\r\nDate: Mon, 23 Nov 2026 04:05:06 GMT\r\nContent-Type: text/html\r\n"
                              "Content-Length: 612\r\nLast-Modified: Tue, 01 Sep 2026 10:00:00 GMT\r\nConnection: keep-alive\r\nETag: \"64f1b2c3-264\"\r\n"
                              "Accept-Ranges: bytes\r\n\r\n" + std::string(612, 'x');
    const std::vector<Workload> workloads{
        {"HTTP keep-alive, nginx 612 bytes", {"GET / HTTP/1.1\r\nHost: localhost:8080\r\nUser-Agent: load\r\nAccept: */*\r\n\r\n"}, nginx, 1},
        {"HTTP smallest", {"GET /a HTTP/1.1\r\nHost: x\r\n\r\n"}, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", 1},
        {"HTTP, always another path", manyPaths(), "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", 1},
        {"HTTP chunked response", {"GET /a HTTP/1.1\r\nHost: x\r\n\r\n"},
         "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n64\r\n" + std::string(100, 'x') + "\r\n0\r\n\r\n", 1},
        {"Redis GET", {"*2\r\n$3\r\nGET\r\n$16\r\nkey:000000000042\r\n"}, "$3\r\nxxx\r\n", 1},
        {"Redis SET, pipeline 16", {repeated("*3\r\n$3\r\nSET\r\n$16\r\nkey:000000000042\r\n$3\r\nxxx\r\n", 16)}, repeated("+OK\r\n", 16), 16},
    };
    for (std::size_t i = 0; i < workloads.size(); ++i) {
        if (argc <= 2 || std::atoi(argv[2]) == static_cast<int>(i))
            report(workloads[i], rounds);
    }
}
