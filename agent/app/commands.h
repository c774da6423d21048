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

} // namespace binnacle::agent
