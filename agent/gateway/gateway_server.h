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
class Merger;

struct GatewayServerOptions {
    ListenAddress listen;
    telemetry::AgentIdentity identity;   // of the gateway: its key is no host's
    std::function<ClockAnchor()> anchor; // both clocks now; from any thread
};

/// Offers to desktops what an agent offers, for all agents of the fleet: one stream with every agent's batches as they came, each with its
/// own key, epoch and sequence; history and horizons asked of the agents; their clocks.  To whom asks for it, merged seconds in place of them
/// all, and who is behind it by name.
///
/// Who may ask: ServiceHost.  At most 16 readers at a time, each holds a thread and no queue.  Thread: start and stop from one.
class GatewayServer {
public:
    /// `fleet` and `merger` outlive the server; without a merger there are no merged seconds.
    static Result<std::unique_ptr<GatewayServer>> start(GatewayServerOptions options, Fleet& fleet, Merger* merger = nullptr);
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
