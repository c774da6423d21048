// SPDX-License-Identifier: Apache-2.0
//
// What the eBPF programs add to a socket call, and what they write for it: one thread asks and answers itself over loopback in short bursts,
// without probes and with them, in turn.  Of all bursts the quickest counts, so that a busy machine does not show.  The reader drains between
// the bursts, so that the ring's memory was last seen by it.  Reported, never asserted.  Needs root.
// usage: capture_bench [rounds]

#include "agent/probes/probe_set.h"
#include "tests/kernel/support/loopback.h"

#include <sched.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

namespace {

using namespace binnacle;
using namespace binnacle::agent;
using namespace binnacle::agent::test;

constexpr int kBursts = 200;
constexpr int kRequestsABurst = 60;

struct Load {
    const char* name;
    std::size_t request, head, body; // bytes; head and body are two buffers of one call
};

constexpr Load kLoads[] = {
    {"HTTP, 850 bytes back", 46, 238, 612},
    {"HTTP, one buffer", 120, 400, 0},
    {"Redis GET", 36, 9, 0},
};

/// Counts what the ring carries.
struct CountingSink final : EventSink {
    void on(const ConnectionOpened&) override {}
    void on(const ConnectionOwned&) override {}
    void on(const ConnectionClosed&) override {}
    void on(const ConnectFailed&) override {}
    void on(const ListenStarted&) override {}
    void on(const ListenEnded&) override {}
    void on(const ProcessForked&) override {}
    void on(const ProcessExeced&) override {}
    void on(const ProcessExited&) override {}
    void on(const DataChunk& chunk) override
    {
        ++records;
        bytes += chunk.bytes.size();
        for (std::size_t i = 0; i < std::min<std::size_t>(chunk.bytes.size(), 256); i += 64)
            touched += chunk.bytes[i]; // as a parser would
    }
    void on(const SocketSample&) override {}
    void on(const ConnectPending&) override {}
    void lost(Loss, std::uint64_t) override {}
    std::uint64_t records = 0, bytes = 0;
    std::uint64_t touched = 0;
};

/// The quickest burst, nanoseconds a request; `pause` runs after each.
template <class Pause>
double quickest(const Load& load, int client, int server, Pause pause)
{
    std::string request(load.request, 'q'), head(load.head, 'h'), body(load.body, 'b'), room(4096, ' ');
    std::array<iovec, 2> answer{{{head.data(), head.size()}, {body.data(), body.size()}}};
    double best = 1e18;
    for (int burst = 0; burst < kBursts; ++burst) {
        const auto began = std::chrono::steady_clock::now();
        for (int i = 0; i < kRequestsABurst; ++i) {
            if (write(client, request.data(), request.size()) < 0 || read(server, room.data(), room.size()) < 0
                || writev(server, answer.data(), load.body > 0 ? 2 : 1) < 0 || read(client, room.data(), room.size()) < 0)
                _exit(1);
        }
        const std::chrono::duration<double, std::nano> took = std::chrono::steady_clock::now() - began;
        best = std::min(best, took.count() / kRequestsABurst);
        pause();
    }
    return best;
}

/// The observed program: a burst for each byte it gets, then a byte back; at the end of the pipe, the result.
double measure(const Load& load, ProbeSet* probes, EventSink& sink)
{
    int result[2], done[2], go[2];
    if (pipe(result) != 0 || pipe(done) != 0 || pipe(go) != 0)
        std::exit(1);
    const pid_t child = fork();
    if (child == 0) {
        sched_param priority{};
        priority.sched_priority = 10;
        sched_setscheduler(0, SCHED_FIFO, &priority);
        cpu_set_t one;
        CPU_ZERO(&one);
        CPU_SET(0, &one);
        sched_setaffinity(0, sizeof one, &one);
        close(done[0]); // so that neither waits for one that has ended
        close(result[0]);
        close(go[1]);
        const BoundPort port;
        if (listen(port.descriptor(), 1) != 0)
            _exit(1);
        const int client = connected(port.number());
        const int server = accept(port.descriptor(), nullptr, nullptr);
        char byte = 0;
        const double best = quickest(load, client, server, [&] {
            if (write(done[1], &byte, 1) != 1 || read(go[0], &byte, 1) != 1)
                _exit(1);
        });
        _exit(write(result[1], &best, sizeof best) == sizeof best ? 0 : 1);
    }
    close(done[1]);
    close(result[1]);
    close(go[0]);
    for (int burst = 0; burst < kBursts; ++burst) {
        char byte = 0;
        if (read(done[0], &byte, 1) != 1)
            std::exit(1);
        if (probes)
            probes->drain(sink);
        if (write(go[1], &byte, 1) != 1)
            std::exit(1);
    }
    double best = 0;
    if (read(result[0], &best, sizeof best) != sizeof best)
        std::exit(1);
    waitpid(child, nullptr, 0);
    for (const int fd : {result[0], done[0], go[1]})
        close(fd);
    return best;
}

void compare(const Load& load, int rounds)
{
    double quiet = 1e18, observed = 1e18;
    CountingSink sink;
    for (int round = 0; round < rounds; ++round) {
        quiet = std::min(quiet, measure(load, nullptr, sink));
        CountingSink others; // what exists already
        auto probes = ProbeSet::create({}, others);
        if (!probes) {
            std::fprintf(stderr, "capture_bench: %s\n", probes.error().what.c_str());
            std::exit(1);
        }
        observed = std::min(observed, measure(load, probes->get(), sink));
        (*probes)->drainAll(sink);
    }
    const double requests = static_cast<double>(rounds) * kBursts * kRequestsABurst;
    std::printf("%-22s quiet %7.0f ns/request  observed %7.0f  +%4.0f ns/socket call  x%.3f  %.2f records/request  %.0f bytes captured/request\n",
                load.name, quiet, observed, (observed - quiet) / 4, observed / quiet, static_cast<double>(sink.records) / requests,
                static_cast<double>(sink.bytes) / requests);
}

} // namespace

int main(int argc, char** argv)
{
    const int rounds = argc > 1 ? std::atoi(argv[1]) : 5;
    for (const Load& load : kLoads)
        compare(load, rounds);
    return 0;
}
