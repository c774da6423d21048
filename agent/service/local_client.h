// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "agent/service/listen_address.h"
#include "core/base/clocks.h"
#include "core/base/result.h"
#include "core/telemetry/batch.h"
#include "core/telemetry/buffer_horizon.h"

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace binnacle::agent {

/// Questions of `binnacle-agent dump` and `check` to the agent that runs on this host.  All block, at most some seconds while
/// nothing comes.  Thread: one.
class LocalClient {
public:
    /// NotFound when nobody listens there, Denied for another user.
    static Result<std::unique_ptr<LocalClient>> connect(const ListenAddress& address);
    ~LocalClient();

    const telemetry::AgentIdentity& identity() const;
    bool isGateway() const;            // and not an agent
    const ClockAnchor& anchor() const; // the agent's clocks when it answered
    Result<std::vector<telemetry::BufferHorizon>> horizons();
    /// Segments as they are; each call of `segment` gets its bytes.
    Result<void> history(TimeRange range, const std::function<Result<void>(const std::string&)>& segment,
                         const std::function<void(const telemetry::Gap&)>& gap);

private:
    class Private;
    explicit LocalClient(std::unique_ptr<Private> d);
    std::unique_ptr<Private> d;
};

} // namespace binnacle::agent
