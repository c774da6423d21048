// SPDX-License-Identifier: Apache-2.0
// Loads the probes on the kernel that runs it, makes a known load over loopback, and prints PASS or FAIL, one line a fact.
// Small and without a test framework: it is booted with older kernels (tests/kernel/qemu/run.sh).
#include "agent/probes/check.h"
#include "agent/probes/internal/loader_messages.h"
#include "agent/probes/probe_set.h"
#include "tests/kernel/support/hanging_connect.h"
#include "tests/kernel/support/loopback.h"
#include "tests/kernel/support/recording_sink.h"

#include <sys/utsname.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <initializer_list>
#include <optional>
#include <string>

using namespace binnacle;
using namespace binnacle::agent;
using namespace binnacle::agent::test;

namespace {

constexpr int kConnections = 53;
constexpr int kRequests = 7;
constexpr std::size_t kRequestBytes = 307;
constexpr std::size_t kReplyBytes = 4999;
constexpr int kRefused = 5;
constexpr Nanoseconds kTimeStampTick = std::chrono::milliseconds(2); // the kernel's count milliseconds

int failures = 0;

void report(bool passed, const std::string& what)
{
    std::printf("%s %s\n", passed ? "PASS" : "FAIL", what.c_str());
    std::fflush(stdout);
    failures += !passed;
}

void answer(int fd)
{
    for (int i = 0; i < kRequests; ++i) {
        receiveExactly(fd, kRequestBytes);
        sendAll(fd, pattern(kReplyBytes, 'A'));
    }
    drainToEnd(fd);
}

void ask(int fd)
{
    for (int i = 0; i < kRequests; ++i) {
        sendAll(fd, pattern(kRequestBytes));
        receiveExactly(fd, kReplyBytes);
    }
}

/// Connections whose books and bytes are exactly what was talked.
std::size_t exact(const std::vector<const RecordedConnection*>& connections, std::size_t sent, std::size_t received)
{
    std::size_t count = 0;
    for (const RecordedConnection* c : connections) {
        const bool books = c->closed && c->closed->payload.seenSent == sent && c->closed->payload.seenReceived == received &&
                           c->closed->tcp.bytesSent == sent && c->closed->tcp.bytesReceived == received;
        const bool bytes = c->sent.text.size() == sent && c->received.text.size() == received && !c->dataBeforeOpened && !c->dataAfterClosed;
        count += books && bytes;
        if (!books || !bytes)
            std::printf("note  sent %zu of %zu, received %zu of %zu, closed %d, seen %llu/%llu, tcp %llu/%llu\n", c->sent.text.size(), sent,
                        c->received.text.size(), received, c->closed ? 1 : 0,
                        static_cast<unsigned long long>(c->closed ? c->closed->payload.seenSent : 0),
                        static_cast<unsigned long long>(c->closed ? c->closed->payload.seenReceived : 0),
                        static_cast<unsigned long long>(c->closed ? c->closed->tcp.bytesSent : 0),
                        static_cast<unsigned long long>(c->closed ? c->closed->tcp.bytesReceived : 0));
    }
    return count;
}

/// Events of these processes: other programs of the machine may come and go.
template <class Event>
std::size_t ours(const std::vector<Event>& events, std::initializer_list<pid_t> pids)
{
    std::size_t count = 0;
    for (const Event& e : events) {
        for (const pid_t pid : pids)
            count += e.task.pid.value == static_cast<std::uint32_t>(pid);
    }
    return count;
}

void knownLoad(const std::string& name, const ProbeOptions& options)
{
    RecordingSink sink;
    auto probes = ProbeSet::create(options, sink);
    report(probes.has_value(), name + ": loads and attaches" + (probes ? "" : ": " + probes.error().what));
    if (!probes)
        return;
    std::optional<BoundPort> listener(std::in_place);
    const BoundPort& port = *listener;
    const std::uint16_t number = port.number();
    Child server([&] { return serve(port, kConnections, answer); });
    Child client([&] { return connectTo(number, kConnections, ask); });
    while (client.running() || server.running()) {
        (*probes)->drain(sink);
        usleep(10000);
    }
    Child refused([&] {
        int count = 0;
        for (int i = 0; i < kRefused; ++i)
            count += connected(1) == -ECONNREFUSED;
        return count;
    });
    refused.wait();
    listener.reset(); // this process held the descriptor too
    (*probes)->sample(sink);
    (*probes)->drainAll(sink);

    const std::size_t sent = kRequests * kRequestBytes;
    const std::size_t received = kRequests * kReplyBytes;
    const auto clients = sink.clientsOf(number);
    const auto servers = sink.serversOf(number);
    const bool payload = (*probes)->plan().uses(Hook::PayloadSocket) || (*probes)->plan().uses(Hook::PayloadSyscall);
    if ((*probes)->plan().uses(Hook::SocketState) || payload) {
        report(clients.size() == kConnections && servers.size() == kConnections,
               name + ": " + std::to_string(kConnections) + " connections at both ends (seen " + std::to_string(clients.size()) + ", " +
                   std::to_string(servers.size()) + ")");
    }
    if (payload && (*probes)->plan().uses(Hook::SocketState)) {
        const std::size_t whole = exact(clients, sent, received) + exact(servers, received, sent);
        report(whole == 2 * kConnections, name + ": every byte of them, exactly (" + std::to_string(whole) + " ends)");
    }
    if ((*probes)->plan().uses(Hook::SocketState))
        report(ours(sink.failed, {refused.pid()}) == kRefused, name + ": " + std::to_string(kRefused) + " refused");
    if ((*probes)->plan().uses(Hook::ProcessFork))
        report(ours(sink.forked, {server.pid(), client.pid(), refused.pid()}) == 3, name + ": 3 processes begun");
    if ((*probes)->plan().uses(Hook::ProcessExit))
        report(ours(sink.exited, {server.pid(), client.pid(), refused.pid()}) == 3, name + ": 3 processes ended");
    report(sink.losses.empty(), name + ": no losses");
    report((*probes)->trackedSockets() == 0, name + ": nothing left in the connection map (" + std::to_string((*probes)->trackedSockets()) + ")");
}

void existing()
{
    const BoundPort port;
    Gate before, go;
    Child server([&] { return serve(port, 1, answer); });
    Child client([&] { return connectTo(port.number(), 1, [&](int fd) { before.open(); go.pass(); ask(fd); }); });
    before.pass();
    RecordingSink sink;
    auto probes = ProbeSet::create({}, sink);
    if (!probes)
        return report(false, "existing: " + probes.error().what);
    std::size_t listeners = 0;
    for (const ListenStarted& e : sink.listening)
        listeners += e.local.port == port.number();
    report(listeners == 1 && sink.clientsOf(port.number()).size() == 1 && sink.serversOf(port.number()).size() == 1,
           "existing: a listener and both ends of a connection are found at the start");
    (*probes)->sample(sink);
    report(sink.samples.size() >= 3, "existing: all three are sampled (" + std::to_string(sink.samples.size()) + ")");
    go.open();
    client.wait();
    server.wait();
    (*probes)->drainAll(sink);
    const auto clients = sink.clientsOf(port.number());
    report(clients.size() == 1 && clients.front()->sent.text.size() == kRequests * kRequestBytes, "existing: counted from there");
}

/// A connect() without an answer is told with the time at which it began, also when that was before us, until it is answered.
void pending()
{
    FullListener server;
    std::optional<HangingClient> early(std::in_place, server.number());
    RecordingSink sink;
    auto probes = ProbeSet::create({}, sink);
    if (!probes)
        return report(false, "pending: " + probes.error().what);
    std::optional<HangingClient> late(std::in_place, server.number());
    const auto told = [&](HangingClient& client) {
        return std::ranges::any_of(sink.pending, [&](const ConnectPending& e) {
            return e.task.pid.value == static_cast<std::uint32_t>(client.child().pid()) && e.synRetransmits > 0
                && e.began >= client.before() - kTimeStampTick && e.began <= client.after() + kTimeStampTick;
        });
    };
    for (int i = 0; i < 2'000 && !(told(*early) && told(*late)); ++i) {
        (*probes)->drain(sink);
        (*probes)->sample(sink);
        usleep(50'000);
    }
    report(told(*early), "pending: a connect that began before us, with its time and its SYNs");
    report(told(*late), "pending: a connect that began under our eyes");
    server.accept();
    early->child().wait();
    late->child().wait();
    sink.pending.clear();
    (*probes)->drainAll(sink);
    (*probes)->sample(sink);
    report(sink.pending.empty(), "pending: gone when they are answered");
}

} // namespace

int main(int count, char** arguments)
{
    if (count > 1 && std::string(arguments[1]) == "--loader") { // the whole of what the verifier says, for us
        ProbeOptions options;
        options.capture = CaptureSource::Syscall;
        RecordingSink sink;
        const auto probes = ProbeSet::create(options, sink);
        std::puts(LoaderMessages::text().c_str());
        return probes ? 0 : 1;
    }
    utsname name{};
    uname(&name);
    std::printf("note  Linux %s\n", name.release);
    const CheckReport check = runCheck({});
    std::fputs(toText(check).c_str(), stdout);
    report(check.canRun, "check: " + check.sentence);
    knownLoad("all hooks", {});
    if (check.lines.size() == kHooks.size() && check.lines[indexOf(Hook::PayloadSocket)].outcome == CheckLine::Outcome::Ok) {
        ProbeOptions syscall;
        syscall.capture = CaptureSource::Syscall;
        knownLoad("--capture=syscall", syscall);
    }
    existing();
    pending();
    ProbeOptions oldest;
    oldest.disabled = {Hook::SocketDestroy, Hook::SocketCookie, Hook::SocketFromFile, Hook::SocketSamples};
    knownLoad("without destroy, cookie, file helper, samples", oldest);
    ProbeOptions late;
    late.disabled = {Hook::SocketState, Hook::ExistingSockets, Hook::ProcessFork, Hook::ProcessExec, Hook::ProcessExit};
    knownLoad("by the first transfer only", late);
    std::printf("%s %d failures\n", failures == 0 ? "DONE" : "FAILED", failures);
    return failures == 0 ? 0 : 1;
}
