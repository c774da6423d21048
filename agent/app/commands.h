// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "agent/app/command_line.h"

namespace binnacle::agent {

/// Each returns the exit status and says everything itself: 0 done, 1 the thing failed (a sentence on stderr with the next step).
int runAgent(const RunOptions& options);
int checkHost(const RunOptions& options);
/// Whether an agent runs there and collects: a probe's question, cheap and without any permission.
int checkRunning(const ListenAddress& address);
int dumpBuffer(const DumpOptions& options);
int runGateway(const GatewayOptions& options);

/// What the exit status of relayToAgent() says, beside 0 and 1; the desktop's ssh_command.h has the same numbers.
constexpr int kRelayDenied = 3;  // an agent is here, and this user may not ask it
constexpr int kRelayNobody = 4;  // no agent listens here
/// Joins standard input and output to the agent of this host until either side ends.
int relayToAgent(const RelayOptions& options);

} // namespace binnacle::agent
