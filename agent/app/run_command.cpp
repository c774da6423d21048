// SPDX-License-Identifier: Apache-2.0
#include "agent/aggregation/collector.h"
#include "agent/app/batch_keeper.h"
#include "agent/app/clock_watch.h"
#include "agent/app/commands.h"
#include "agent/app/drain_loop.h"
#include "agent/app/host_facts.h"
#include "agent/app/surroundings.h"
#include "agent/buffer/rolling_buffer.h"
#include "agent/probes/probe_set.h"
#include "agent/service/agent_server.h"

#include <csignal>
#include <cstdio>
#include <malloc.h>
#include <pthread.h>
#include <sys/signalfd.h>
#include <unistd.h>

namespace binnacle::agent {
namespace {

/// SIGTERM and SIGINT as a descriptor; blocked in every thread that is started later.
class StopSignals {
public:
    StopSignals()
    {
        sigset_t signals;
        sigemptyset(&signals);
        sigaddset(&signals, SIGTERM);
        sigaddset(&signals, SIGINT);
        ::pthread_sigmask(SIG_BLOCK, &signals, nullptr);
        m_descriptor = ::signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
        std::signal(SIGPIPE, SIG_IGN);
    }
    ~StopSignals() { ::close(m_descriptor); }
    StopSignals(const StopSignals&) = delete;
    StopSignals& operator=(const StopSignals&) = delete;
    int descriptor() const { return m_descriptor; }

private:
    int m_descriptor = -1;
};

/// glibc gives each thread an arena that it never gives back; readers come and go, and memory has a cap.
void keepMemorySmall()
{
    ::mallopt(M_ARENA_MAX, 2);
    ::mallopt(M_TRIM_THRESHOLD, 1 << 20);
    ::mallopt(M_MMAP_THRESHOLD, 256 << 10);
}

int fail(const Error& error)
{
    std::fprintf(stderr, "binnacle-agent: %s\n", error.what.c_str());
    return 1;
}

Collector::Options collectorOptions(const HostFacts& host, const telemetry::AgentIdentity& identity)
{
    Collector::Options options;
    options.agent = identity.agent;
    options.epoch = identity.epoch;
    options.bootId = host.bootId;
    options.hostName = host.name;
    options.self = ProcessId{static_cast<std::uint32_t>(::getpid())};
    return options;
}

ServerOptions serverOptions(const RunOptions& options, const telemetry::AgentIdentity& identity, DrainLoop& loop)
{
    ServerOptions server;
    server.listen = options.listen;
    server.identity = identity;
    server.anchor = readClocks;
    server.onLocalReader = [&loop](std::uint32_t pid) { loop.readerCame(pid); };
    server.onLocalReaderGone = [&loop](std::uint32_t pid) { loop.readerGone(pid); };
    return server;
}

} // namespace

int runAgent(const RunOptions& options)
{
    keepMemorySmall();
    const StopSignals signals;
    const HostFacts host = readHostFacts(options.kubernetes.nodeName);
    telemetry::AgentIdentity identity = identityOf(host);

    BufferOptions bufferOptions = options.buffer;
    bufferOptions.agent = identity.agent;
    auto buffer = RollingBuffer::open(bufferOptions);
    if (!buffer)
        return fail(buffer.error());
    identity.epoch = (*buffer)->epoch();

    Surroundings surroundings(options.kubernetes, host.name, host.bootId);
    Collector collector(collectorOptions(host, identity));
    surroundings.attach(collector);
    const ClockAnchor anchor = readClocks();
    const TimeRange first = secondFrom(anchor.utc);
    collector.begin(first, anchor);
    if (options.listen.kind == ListenAddress::Kind::Tcp)
        collector.ignoreEndpoint(NetworkNamespace{host.netns}, options.listen.endpoint);
    auto probes = ProbeSet::create(options.probes, collector);
    if (!probes)
        return fail(probes.error());
    collector.setCaptureControl(probes->get());
    identity.captureSource = (*probes)->plan().uses(Hook::PayloadSocket) ? "socket" : "syscall";

    BatchKeeper keeper(**buffer);
    std::unique_ptr<AgentServer> server;
    DrainLoop loop({**probes, collector, keeper, **buffer, [&server] { return server ? server->readers() : 0; }}, first, anchor, options.cpuShare);
    auto started = AgentServer::start(serverOptions(options, identity, loop), **buffer);
    if (!started)
        return fail(started.error());
    server = std::move(*started);
    std::fprintf(stderr, "binnacle-agent %s: observing %s (kernel %s, capture by %s), epoch %u, on %s\n", identity.version.c_str(), identity.host.c_str(),
                 identity.kernel.c_str(), identity.captureSource.c_str(), identity.epoch, server->address().toText().c_str());

    loop.run(signals.descriptor());

    keeper.finish();
    server->stop();
    (*buffer)->close();
    return 0;
}

} // namespace binnacle::agent
