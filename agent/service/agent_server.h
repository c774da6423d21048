// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "agent/service/gateway_door.h"
#include "agent/service/listen_address.h"
#include "core/base/result.h"
#include "core/telemetry/batch.h"

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>

namespace binnacle::agent {

class RollingBuffer;

struct ServerOptions {
    ListenAddress listen;
    telemetry::AgentIdentity identity;                        // epoch is the buffer's
    std::function<ClockAnchor()> anchor;                      // both clocks now; from any thread
    std::function<void(std::uint32_t pid)> onLocalReader;     // a reader on this host: it is not to be observed; from any thread
    std::function<void(std::uint32_t pid)> onLocalReaderGone; // that process ended
    std::optional<GatewayDoor> door;                          // for gateways, from outside
    int protocolMin = 0, protocolMax = 0;                     // 0: this program's; tests speak others
};

/// Answers readers over gRPC: handshake, live stream from a cursor, history, horizons, time.
///
/// Who may ask: ServiceHost.
/// At most 16 readers at a time, each holds a thread and no queue: a slow one lags in detail first, then reads history.
/// Thread: start and stop from one thread.
class AgentServer {
public:
    /// A stale socket is replaced; an address in use is an error that says who might hold it.
    static Result<std::unique_ptr<AgentServer>> start(ServerOptions options, RollingBuffer& buffer);
    ~AgentServer(); // stop()

    /// With the port that was really taken.
    const ListenAddress& address() const;
    std::uint16_t doorPort() const; // where gateways come in; 0: nowhere
    std::uint32_t readers() const; // streams under way; any thread
    void stop();                   // ends all streams; under a second

private:
    class Private;
    explicit AgentServer(std::unique_ptr<Private> d);
    std::unique_ptr<Private> d;
};

} // namespace binnacle::agent
