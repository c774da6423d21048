// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "agent/probes/probe_plan.h"

#include <string>
#include <vector>

namespace binnacle::agent {

/// One line of `binnacle-agent check`.
struct CheckLine {
    enum class Outcome : unsigned char { Ok, Fallback, Missing };
    std::string hook;
    Outcome outcome = Outcome::Missing;
    std::string sentence; // what it gives, or what replaces it
    std::string fix;      // what to do; empty when nothing need be done
};

struct CheckReport {
    std::vector<CheckLine> lines;
    bool canRun = false;
    std::string sentence; // why it cannot run and what to do, or what it will do
};

/// Really loads and attaches each hook, alone, and takes it away again.
CheckReport runCheck(const ProbeOptions& options);

/// `ok        socket_state      connections opened, …` — aligned, one line a hook, then the closing sentence.
std::string toText(const CheckReport& report);

} // namespace binnacle::agent
