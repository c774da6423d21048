// SPDX-License-Identifier: Apache-2.0
#include "agent/app/clock_watch.h"
#include "agent/app/cluster_identity.h"
#include "agent/app/commands.h"
#include "agent/app/program.h"
#include "agent/gateway/fleet.h"
#include "agent/gateway/gateway_server.h"
#include "agent/gateway/merger.h"
#include "core/base/platform/environment.h"

#include <cstdio>
#include <poll.h>
#include <pthread.h>
#include <string>
#include <unistd.h>

namespace binnacle::agent {
namespace {

constexpr std::size_t kThreadStack = 512u << 10; // a thread an agent; what they call needs some tens of KiB

/// Threads are many and do little: not 8 MiB of address space for each.
void keepStacksSmall()
{
    pthread_attr_t attributes;
    ::pthread_attr_init(&attributes);
    ::pthread_attr_setstacksize(&attributes, kThreadStack);
    ::pthread_setattr_default_np(&attributes);
    ::pthread_attr_destroy(&attributes);
}

bool isStopAsked(int signals, int milliseconds)
{
    pollfd waiting{signals, POLLIN, 0};
    return ::poll(&waiting, 1, milliseconds) > 0;
}

/// Until the pods are known; says once what is in the way.  False: it was asked to stop.
bool waitForPods(const Fleet& fleet, int signals)
{
    std::string said;
    while (!fleet.isSynced()) {
        if (const auto trouble = fleet.trouble(); trouble && trouble->what != said) {
            said = trouble->what;
            std::fprintf(stderr, "binnacle-agent: which agents there are is not known yet: %s\n", said.c_str());
        }
        if (isStopAsked(signals, 100))
            return false;
    }
    return true;
}

telemetry::AgentIdentity gatewayIdentity(const std::string& nameSpace)
{
    telemetry::AgentIdentity identity;
    const std::string pod = platform::variable(platform::environment(), "POD_NAME");
    identity.host = pod.empty() ? "gateway" : pod;
    identity.agent = EntityKey::ofText("gateway|" + nameSpace + '|' + identity.host);
    identity.version = BINNACLE_VERSION;
    return identity;
}

/// Once a minute, when it changed: how many are behind it, and who is not.
class Reporter {
public:
    void look(const Fleet& fleet)
    {
        std::size_t connected = 0, all = 0;
        std::string first;
        for (const LinkPtr& link : fleet.links()) {
            const LinkStatus status = link->status();
            ++all;
            connected += status.isConnected;
            if (!status.isConnected && first.empty())
                first = status.why;
        }
        const std::string now = std::to_string(connected) + " of " + std::to_string(all) + " agents are connected" + (first.empty() ? "" : "; " + first);
        if (now != m_said)
            std::fprintf(stderr, "binnacle-agent: %s\n", now.c_str());
        m_said = now;
    }

private:
    std::string m_said;
};

} // namespace

int runGateway(const GatewayOptions& options)
{
    keepMemorySmall();
    keepStacksSmall();
    const StopSignals signals;
    auto inCluster = ClusterIdentity::create(kGatewayAccount);
    if (!inCluster)
        return failed(Error(inCluster.error()).within("the gateway runs in a pod of the cluster, as deploy/ installs it"));

    Fleet::Options fleetOptions;
    fleetOptions.nameSpace = options.nameSpace.empty() ? (*inCluster)->nameSpace() : options.nameSpace;
    fleetOptions.link.identity = &(*inCluster)->channel();
    fleetOptions.link.tailBytes = options.tailBytes;
    Fleet fleet((*inCluster)->client(), fleetOptions);
    if (!waitForPods(fleet, signals.descriptor()))
        return 0;
    const telemetry::AgentIdentity identity = gatewayIdentity((*inCluster)->nameSpace());
    Merger merger(fleet, {.identity = identity, .anchor = readClocks});
    GatewayServerOptions serverOptions{options.listen, identity, readClocks};
    auto server = GatewayServer::start(std::move(serverOptions), fleet, &merger);
    if (!server)
        return failed(server.error());
    std::fprintf(stderr, "binnacle-agent %s: gateway for the agents of namespace %s, on %s\n", BINNACLE_VERSION, fleetOptions.nameSpace.c_str(),
                 (*server)->address().toText().c_str());
    Reporter reporter;
    for (int wait = 2'000; !isStopAsked(signals.descriptor(), wait); wait = 60'000)
        reporter.look(fleet);
    (*server)->stop();
    merger.stop();
    fleet.stop();
    return 0;
}

} // namespace binnacle::agent
