// SPDX-License-Identifier: Apache-2.0
#include "agent/app/commands.h"

int main(int argc, char** argv)
{
    using namespace binnacle::agent;
    const Parsed parsed = parseCommandLine(argc, argv);
    if (!parsed.invocation)
        return parsed.status;
    switch (parsed.invocation->command) {
    case Command::Check: return checkHost(parsed.invocation->run);
    case Command::CheckRunning: return checkRunning(parsed.invocation->run.listen);
    case Command::Dump: return dumpBuffer(parsed.invocation->dump);
    case Command::Relay: return relayToAgent(parsed.invocation->relay);
    case Command::Gateway: return runGateway(parsed.invocation->gateway);
    case Command::Run: break;
    }
    return runAgent(parsed.invocation->run);
}
