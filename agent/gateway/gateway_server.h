// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "agent/service/listen_address.h"
#include "core/base/clocks.h"
#include "core/base/result.h"
#include "core/telemetry/batch.h"

#include <cstdint>
#include <functional>
#include <memory>

namespace binnacle::agent {

class Fleet;

struct GatewayServerOptions {
    ListenAddress listen;
    telemetry::AgentIdentity identity;   // of the gateway: its key is no host's
    std::function<ClockAnchor()> anchor; // both clocks now; from any thread
};

/// Offers to desktops what an agent offers, for all agents of the fleet: one stream with every agent's batches as they came, each with its
/// own key, epoch and sequence; history and horizons asked of the agents; their clocks.
///
/// Who may ask: ServiceHost.  At most 16 readers at a time, each holds a thread and no queue.  Thread: start and stop from one.
class GatewayServer {
public:
    /// `fleet` outlives the server.
    static Result<std::unique_ptr<GatewayServer>> start(GatewayServerOptions options, Fleet& fleet);
    ~GatewayServer(); // stop()

    const ListenAddress& address() const; // with the port that was really taken
    std::uint32_t readers() const;        // streams under way; any thread
    void stop();                          // ends all streams; about a second

private:
    class Private;
    explicit GatewayServer(std::unique_ptr<Private> d);
    std::unique_ptr<Private> d;
};

} // namespace binnacle::agent
