// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "agent/buffer/rolling_buffer.h"
#include "agent/probes/probe_plan.h"
#include "agent/service/listen_address.h"
#include "core/base/clocks.h"
#include "core/base/result.h"

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

namespace binnacle::agent {

struct KubernetesOptions {
    enum class Mode : unsigned char { Auto, On, Off };
    Mode mode = Mode::Auto;  // Auto: where a pod's service account is mounted
    std::string nodeName;    // empty: NODE_NAME of the environment
    std::string labels;      // names between commas, beside the defaults
};

struct RunOptions {
    ListenAddress listen;
    BufferOptions buffer;
    ProbeOptions probes;
    KubernetesOptions kubernetes;
    double cpuShare = 0.5; // of one core, before the agent steps down
    std::uint16_t gatewayPort = 0; // of all addresses, for gateways alone; 0: no door
};

struct GatewayOptions {
    ListenAddress listen;
    std::string nameSpace;                    // where the agents' pods are; empty: our own
    std::uint64_t tailBytes = 256u << 10;     // of the recent past of each agent, in memory
};

struct DumpOptions {
    ListenAddress listen;
    Nanoseconds last{};
    std::filesystem::path file;
};

struct RelayOptions {
    std::optional<ListenAddress> listen; // none: wherever an agent of this host listens
};

enum class Command : unsigned char { Run, Check, CheckRunning, Dump, Relay, Gateway }; // CheckRunning: `check --running`, which loads nothing

struct Invocation {
    Command command = Command::Run;
    RunOptions run; // probes and listen of it for check too
    DumpOptions dump;
    RelayOptions relay;
    GatewayOptions gateway;
};

/// What was asked for; or the exit status, when everything is said already (help, version, wrong usage).
struct Parsed {
    std::optional<Invocation> invocation;
    int status = 0;
    std::string config; // the file of --config, whose options are in `invocation` already
};

Parsed parseCommandLine(int argc, const char* const* argv);

/// `64M`, `512MiB`, `1G`, `65536`.  Powers of 1024.
Result<std::uint64_t> parseSize(std::string_view text);

} // namespace binnacle::agent
