// SPDX-License-Identifier: Apache-2.0
#include "agent/app/commands.h"
#include "agent/probes/check.h"
#include "agent/service/local_client.h"

#include <algorithm>
#include <cstdio>

namespace binnacle::agent {
namespace {

constexpr auto kFresh = std::chrono::seconds(5);

/// A running agent really collects when its newest second is young.
struct Running {
    bool isHealthy = true; // nobody there is healthy too: `check` on its own needs no agent
    std::string sentence;
    bool isThere = true;
};

Running askRunning(const ListenAddress& address)
{
    const auto client = LocalClient::connect(address);
    if (!client)
        return {client.error().code != ErrorCode::Denied, client.error().what, false};
    if ((*client)->isGateway()) // it listens once it knows which agents there are
        return {true, "the gateway on " + address.toText() + " (version " + (*client)->identity().version + ") answers"};
    const auto horizons = (*client)->horizons();
    if (!horizons)
        return {false, horizons.error().what};
    UtcTime newest{};
    for (const telemetry::BufferHorizon& horizon : *horizons)
        newest = std::max(newest, horizon.range.to);
    const telemetry::AgentIdentity& identity = (*client)->identity();
    const std::string who = "the agent on " + address.toText() + " (version " + identity.version + ", epoch " + std::to_string(identity.epoch) + ", capture by "
                            + identity.captureSource + ')';
    const auto age = std::chrono::duration_cast<std::chrono::milliseconds>((*client)->anchor().utc - newest);
    if (newest != UtcTime{} && age < kFresh)
        return {true, who + " collects; its newest second ended " + std::to_string(std::max<long long>(age.count(), 0)) + " ms ago"};
    return {false, who + " answers and has nothing of the last 5 s; look at its log, and start it again"};
}

} // namespace

int checkHost(const RunOptions& options)
{
    const CheckReport report = runCheck(options.probes);
    const Running running = askRunning(options.listen);
    std::printf("%s\n%s", running.sentence.c_str(), toText(report).c_str());
    return report.canRun && running.isHealthy ? 0 : 1;
}

int checkRunning(const ListenAddress& address)
{
    const Running running = askRunning(address);
    std::printf("%s\n", running.sentence.c_str());
    return running.isThere && running.isHealthy ? 0 : 1;
}

} // namespace binnacle::agent
