// SPDX-License-Identifier: Apache-2.0
#include "agent/app/command_line.h"

#include "agent/probes/hooks.h"
#include "core/base/platform/files.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <charconv>
#include <cstdio>
#include <map>
#include <sstream>
#include <string>
#include <vector>

namespace binnacle::agent {
namespace {

constexpr std::uint64_t kLeastMemory = 8u << 20;
constexpr std::uint64_t kLeastDisk = 8u << 20;
constexpr std::uint64_t kLeastRing = 64u << 10;
constexpr std::uint64_t kLeastTail = 64u << 10;
constexpr std::array<std::string_view, 5> kCommands{"run", "check", "dump", "relay", "gateway"};

/// Options as they were typed; turned into values after parsing, so that each mistake gets one sentence.
struct Typed {
    std::string listen, buffer, bufferMemory = "64M", bufferDisk = "512M", ringBytes = "16M", capture = "auto", btf, last = "15m", file, config, kubernetes = "auto", nodeName, kubeLabels, nameSpace, agentMemory = "256K";
    std::vector<std::string> disabled;
    std::uint32_t maxConnections = 65536;
    std::uint16_t gatewayPort = 0;
    double cpuBudget = 50;
    bool onlyRunning = false;
};

Error usage(std::string what) { return {ErrorCode::Invalid, std::move(what)}; }

Result<std::uint64_t> sizeOption(const char* name, const std::string& text, std::uint64_t least)
{
    const auto size = parseSize(text);
    if (!size)
        return std::unexpected(Error(size.error()).within(name));
    if (*size < least)
        return std::unexpected(usage(std::string(name) + " must be at least " + std::to_string(least >> 10) + "K"));
    return *size;
}

Result<void> fillProbes(const Typed& typed, ProbeOptions& probes)
{
    const auto ring = sizeOption("--ring-bytes", typed.ringBytes, kLeastRing);
    if (!ring)
        return std::unexpected(ring.error());
    probes.ringBytes = static_cast<std::size_t>(*ring);
    probes.maxConnections = typed.maxConnections;
    probes.btfFile = typed.btf;
    static const std::map<std::string, CaptureSource> kSources{
        {"auto", CaptureSource::Automatic}, {"socket", CaptureSource::Socket}, {"syscall", CaptureSource::Syscall}};
    const auto source = kSources.find(typed.capture);
    if (source == kSources.end())
        return std::unexpected(usage("--capture is socket or syscall, not `" + typed.capture + '`'));
    probes.capture = source->second;
    for (const std::string& name : typed.disabled) {
        const auto hook = findHook(name);
        if (!hook) {
            std::string known;
            for (const HookFacts& facts : kHooks)
                known += ' ' + std::string(facts.name);
            return std::unexpected(usage("--disable-hook: there is no hook `" + name + "`; there are" + known));
        }
        probes.disabled.push_back(*hook);
    }
    return {};
}

Result<void> fillBuffer(const Typed& typed, BufferOptions& buffer)
{
    const auto memory = sizeOption("--buffer-memory", typed.bufferMemory, kLeastMemory);
    const auto disk = sizeOption("--buffer-disk", typed.bufferDisk, kLeastDisk);
    if (!memory || !disk)
        return std::unexpected(memory ? disk.error() : memory.error());
    buffer.folder = typed.buffer;
    buffer.memoryBytes = *memory;
    buffer.diskBytes = *disk;
    return {};
}

Result<void> fillKubernetes(const Typed& typed, KubernetesOptions& kubernetes)
{
    static const std::map<std::string, KubernetesOptions::Mode> kModes{
        {"auto", KubernetesOptions::Mode::Auto}, {"on", KubernetesOptions::Mode::On}, {"off", KubernetesOptions::Mode::Off}};
    const auto mode = kModes.find(typed.kubernetes);
    if (mode == kModes.end())
        return std::unexpected(usage("--kubernetes is auto, on or off, not `" + typed.kubernetes + '`'));
    kubernetes.mode = mode->second;
    kubernetes.nodeName = typed.nodeName;
    kubernetes.labels = typed.kubeLabels;
    return {};
}

Result<Invocation> toInvocation(const Typed& typed, Command command)
{
    Invocation invocation;
    invocation.command = command;
    const auto listen = typed.listen.empty() ? Result<ListenAddress>(defaultListenAddress()) : ListenAddress::parse(typed.listen);
    if (!listen)
        return std::unexpected(Error(listen.error()).within("--listen"));
    const auto last = parseDuration(typed.last);
    if (!last || *last <= Nanoseconds{})
        return std::unexpected(usage("--last is a duration such as 15m or 1h30m, not `" + typed.last + '`'));
    if (typed.cpuBudget <= 0)
        return std::unexpected(usage("--cpu-budget is a percentage of one core above 0"));
    invocation.run.listen = invocation.dump.listen = invocation.gateway.listen = *listen;
    invocation.run.gatewayPort = typed.gatewayPort;
    invocation.run.cpuShare = typed.cpuBudget / 100;
    if (!typed.listen.empty())
        invocation.relay.listen = *listen;
    invocation.dump.last = *last;
    invocation.dump.file = typed.file;
    BN_TRY(fillBuffer(typed, invocation.run.buffer));
    BN_TRY(fillProbes(typed, invocation.run.probes));
    BN_TRY(fillKubernetes(typed, invocation.run.kubernetes));
    const auto tail = sizeOption("--agent-memory", typed.agentMemory, kLeastTail);
    if (!tail)
        return std::unexpected(tail.error());
    invocation.gateway.tailBytes = *tail;
    invocation.gateway.nameSpace = typed.nameSpace;
    return invocation;
}

void addProbeOptions(CLI::App& app, Typed& typed)
{
    app.add_option("--ring-bytes", typed.ringBytes, "Size of the kernel's data rings together (16M)");
    app.add_option("--capture", typed.capture, "Where payload is read: socket (kernel 6.3+) or syscall; chosen by itself when left out");
    app.add_option("--disable-hook", typed.disabled, "Do without this hook; `check` lists them")->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
    app.add_option("--btf", typed.btf, "BTF of this kernel, when it has none of its own");
    app.add_option("--max-connections", typed.maxConnections, "Sockets tracked at once (65536)")->check(CLI::Range(64u, 16u << 20));
}

void addListen(CLI::App& app, Typed& typed)
{
    app.add_option("--listen", typed.listen, "127.0.0.1:PORT or unix:PATH (" + defaultListenAddress().toText() + ')');
}

CLI::App* addRun(CLI::App& app, Typed& typed)
{
    CLI::App* run = app.add_subcommand("run", "Observe this host until SIGTERM or SIGINT");
    run->add_option("--config", typed.config, "Options from a file: `name = value` lines; what is said here counts more");
    addListen(*run, typed);
    run->add_option("--buffer", typed.buffer, "Folder of the rolling buffer; memory only when left out");
    run->add_option("--buffer-memory", typed.bufferMemory, "Most memory for the buffer (64M)");
    run->add_option("--buffer-disk", typed.bufferDisk, "Most disk for the buffer (512M)");
    run->add_option("--cpu-budget", typed.cpuBudget, "Percent of one core before spans are sampled (50)");
    run->add_option("--kubernetes", typed.kubernetes, "Names from the API server: on, off, or auto, where a service account is mounted (auto)");
    run->add_option("--node-name", typed.nodeName, "Name of this Kubernetes node; else NODE_NAME of the environment");
    run->add_option("--kube-labels", typed.kubeLabels, "Labels and annotations of pods to keep, between commas, beside app and app.kubernetes.io/…");
    run->add_option("--gateway-port", typed.gatewayPort, "Answer the cluster's gateway on this port, by mutual TLS; nobody when left out")->check(CLI::Range(1, 65535));
    addProbeOptions(*run, typed);
    return run;
}

CLI::App* addCheck(CLI::App& app, Typed& typed)
{
    CLI::App* check = app.add_subcommand("check", "What this kernel and these permissions allow; exit 1 if the agent cannot run");
    addListen(*check, typed);
    check->add_flag("--running", typed.onlyRunning, "Only whether an agent runs here and really collects; exit 1 if not");
    addProbeOptions(*check, typed);
    return check;
}

CLI::App* addDump(CLI::App& app, Typed& typed)
{
    CLI::App* dump = app.add_subcommand("dump", "Write what the running agent has to a session file");
    addListen(*dump, typed);
    dump->add_option("--last", typed.last, "How far back (15m)");
    dump->add_option("-o,--output", typed.file, "The session file")->required();
    return dump;
}

CLI::App* addRelay(CLI::App& app, Typed& typed)
{
    CLI::App* relay = app.add_subcommand("relay", "Join standard input and output to the agent of this host: what `binnacle --agent ssh://HOST` runs here");
    relay->add_option("--listen", typed.listen, "127.0.0.1:PORT or unix:PATH; looked for when left out");
    return relay;
}

CLI::App* addGateway(CLI::App& app, Typed& typed)
{
    CLI::App* gateway = app.add_subcommand("gateway", "One way in to all agents of a cluster that is too large for a tunnel to each; runs in a pod");
    gateway->add_option("--config", typed.config, "Options from a file: `name = value` lines; what is said here counts more");
    addListen(*gateway, typed);
    gateway->add_option("--namespace", typed.nameSpace, "Where the agents' pods are (the gateway's own)");
    gateway->add_option("--agent-memory", typed.agentMemory, "Most memory for the recent past of each agent (256K)");
    return gateway;
}

int complain(const std::string& what)
{
    std::fprintf(stderr, "binnacle-agent: %s\n", what.c_str());
    return 2;
}

/// `--name`, `value` of each line `name = value`; `#` begins a comment, quotes are taken off.
Result<std::vector<std::string>> optionsFrom(const std::string& file)
{
    const auto text = platform::readFile(file, 1u << 20);
    if (!text)
        return std::unexpected(Error(text.error()).within("--config"));
    std::vector<std::string> options;
    std::istringstream lines(*text);
    for (std::string line; std::getline(lines, line);) {
        line = CLI::detail::trim_copy(line.substr(0, line.find('#')));
        const std::size_t equals = line.find('=');
        if (line.empty())
            continue;
        if (equals == std::string::npos)
            return std::unexpected(usage("--config: `" + line + "` is no `name = value`"));
        std::string value = CLI::detail::trim_copy(line.substr(equals + 1));
        if (value.size() >= 2 && value.front() == '"' && value.back() == '"')
            value = value.substr(1, value.size() - 2);
        options.push_back("--" + CLI::detail::trim_copy(line.substr(0, equals)) + '=' + value);
    }
    return options;
}

Parsed parseWords(const std::vector<std::string>& words)
{
    CLI::App app("Binnacle's agent: sees the programs of this host through eBPF and serves what it sees to `binnacle`", "binnacle-agent");
    Typed typed;
    app.set_version_flag("--version", "binnacle-agent " BINNACLE_VERSION);
    app.require_subcommand(1);
    // In a file and on the command line: the last word counts.
    app.option_defaults()->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
    const CLI::App* run = addRun(app, typed);
    addCheck(app, typed);
    const CLI::App* dump = addDump(app, typed);
    const CLI::App* relay = addRelay(app, typed);
    const CLI::App* gateway = addGateway(app, typed);
    try {
        app.parse(std::vector<std::string>(words.rbegin(), words.rend())); // CLI11 takes the last word first
    } catch (const CLI::ParseError& problem) {
        if (problem.get_exit_code() == 0)
            return {std::nullopt, app.exit(problem), {}};
        if (!words.empty() && !words.front().starts_with('-') && std::ranges::find(kCommands, words.front()) == kCommands.end())
            return {std::nullopt, complain("there is no command `" + words.front() + "`; there are run, check, dump, relay and gateway"), {}};
        return {std::nullopt, complain(std::string(problem.what()) + "; `binnacle-agent --help` lists what there is"), {}};
    }
    const std::array<std::pair<const CLI::App*, Command>, 4> others{{{run, Command::Run}, {dump, Command::Dump}, {relay, Command::Relay}, {gateway, Command::Gateway}}};
    const auto named = std::ranges::find_if(others, [](const auto& one) { return one.first->parsed(); });
    const Command check = typed.onlyRunning ? Command::CheckRunning : Command::Check;
    const Command command = named != others.end() ? named->second : check;
    auto invocation = toInvocation(typed, command);
    if (!invocation)
        return {std::nullopt, complain(invocation.error().what), {}};
    return {std::move(*invocation), 0, typed.config};
}

} // namespace

Result<std::uint64_t> parseSize(std::string_view text)
{
    std::uint64_t number = 0;
    const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), number);
    std::string_view unit = text.substr(static_cast<std::size_t>(end - text.data()));
    for (const std::string_view ending : {"iB", "B"}) {
        if (unit.size() > ending.size() && unit.ends_with(ending)) {
            unit.remove_suffix(ending.size());
            break;
        }
    }
    static constexpr std::string_view kUnits = "KMG";
    const std::size_t power = unit.empty() ? 0 : kUnits.find(unit.size() == 1 ? unit.front() : '?') + 1;
    if (problem != std::errc{} || (!unit.empty() && power == 0) || number > (~0ull >> (10 * power)))
        return failure(ErrorCode::Invalid, '`' + std::string(text) + "` is no size; write 512K, 64M or 1G");
    return number << (10 * power);
}

Parsed parseCommandLine(int argc, const char* const* argv)
{
    std::vector<std::string> words(argv + std::min(argc, 1), argv + argc);
    Parsed parsed = parseWords(words);
    if (parsed.config.empty())
        return parsed;
    const auto options = optionsFrom(parsed.config);
    if (!options)
        return {std::nullopt, complain(options.error().what), {}};
    words.insert(words.begin() + 1, options->begin(), options->end()); // after the command, before what was typed
    return parseWords(words);
}

} // namespace binnacle::agent
