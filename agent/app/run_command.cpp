// SPDX-License-Identifier: Apache-2.0
#include "agent/aggregation/collector.h"
#include "agent/app/batch_keeper.h"
#include "agent/app/clock_watch.h"
#include "agent/app/cluster_identity.h"
#include "agent/app/commands.h"
#include "agent/app/drain_loop.h"
#include "agent/app/host_facts.h"
#include "agent/app/program.h"
#include "agent/app/surroundings.h"
#include "agent/buffer/rolling_buffer.h"
#include "agent/probes/probe_set.h"
#include "agent/service/agent_server.h"

#include <cstdio>
#include <unistd.h>

namespace binnacle::agent {
namespace {

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

/// Only beside a gateway; what is missing for it is said, and everything else goes on without it.
std::unique_ptr<ClusterIdentity> gatewayIdentity(std::uint16_t port)
{
    if (port == 0)
        return nullptr;
    auto identity = ClusterIdentity::create(kAgentAccount);
    if (identity)
        return std::move(*identity);
    std::fprintf(stderr, "binnacle-agent: no gateway can be answered: %s\n", identity.error().what.c_str());
    return nullptr;
}

ServerOptions serverOptions(const RunOptions& options, const telemetry::AgentIdentity& identity, DrainLoop& loop, ClusterIdentity* inCluster)
{
    ServerOptions server;
    server.listen = options.listen;
    server.identity = identity;
    server.anchor = readClocks;
    server.onLocalReader = [&loop](std::uint32_t pid) { loop.readerCame(pid); };
    server.onLocalReaderGone = [&loop](std::uint32_t pid) { loop.readerGone(pid); };
    if (inCluster)
        server.door = inCluster->door(options.gatewayPort);
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
        return failed(buffer.error());
    identity.epoch = (*buffer)->epoch();

    Surroundings surroundings(options.kubernetes, host.name, host.bootId);
    Collector collector(collectorOptions(host, identity));
    surroundings.attach(collector);
    const ClockAnchor anchor = readClocks();
    const TimeRange first = secondFrom(anchor.utc);
    collector.begin(first, anchor);
    if (options.listen.kind == ListenAddress::Kind::Tcp)
        collector.ignoreEndpoint(NetworkNamespace{host.netns}, options.listen.endpoint);
    if (options.gatewayPort != 0)
        collector.ignoreEndpoint(NetworkNamespace{host.netns}, {InternetAddress{}, options.gatewayPort});
    auto probes = ProbeSet::create(options.probes, collector);
    if (!probes)
        return failed(probes.error());
    collector.setCaptureControl(probes->get());
    identity.captureSource = (*probes)->plan().uses(Hook::PayloadSocket) ? "socket" : "syscall";

    BatchKeeper keeper(**buffer);
    const std::unique_ptr<ClusterIdentity> inCluster = gatewayIdentity(options.gatewayPort); // outlives the server
    std::unique_ptr<AgentServer> server;
    DrainLoop loop({**probes, collector, keeper, **buffer, [&server] { return server ? server->readers() : 0; }}, first, anchor, options.cpuShare);
    auto started = AgentServer::start(serverOptions(options, identity, loop, inCluster.get()), **buffer);
    if (!started)
        return failed(started.error());
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
