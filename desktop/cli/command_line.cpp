// SPDX-License-Identifier: GPL-3.0-or-later
#include "desktop/cli/command_line.h"

#include "desktop/cli/commands.h"
#include "desktop/cli/install_commands.h"

#include <CLI/CLI.hpp>

#include <cstdio>
#include <map>
#include <memory>

namespace binnacle::desktop {

namespace {

constexpr int kDone = 0, kFailed = 1, kWrongUsage = 2;
constexpr const char* kVersion = BINNACLE_VERSION;
constexpr const char* kKubeconfigHelp = "the file; without it those of KUBECONFIG, or ~/.kube/config";
constexpr const char* kAgentHelp = "HOST:PORT, unix:PATH or ssh://[USER@]HOST; may be given several times";
constexpr const char* kTimeHelp = "RFC 3339, Unix nanoseconds, or -30s before the end";

int exitStatusOf(const Result<void>& result)
{
    if (result)
        return kDone;
    std::fprintf(stderr, "binnacle: %s\n", result.error().what.c_str());
    return result.error().code == ErrorCode::Invalid ? kWrongUsage : kFailed;
}

/// What was written on the command line, and which sub-command is to run.
struct Parsed {
    WindowOptions window;
    std::vector<std::string> files;
    std::string at, layout;
    ShowCommand show;
    std::vector<std::unique_ptr<ShowCommand>> shows; // one a sub-command
    RecordCommand record;
    InfoCommand info;
    ContextsCommand contexts;
    DiagnoseCommand diagnose;
    ScreenshotRequest screenshot;
    std::string size = "1600x1000", screenshotAt;
    std::function<int()> run; // set by the sub-command that was named
};

void addFleet(CLI::App& command, FleetReading& fleet)
{
    static const std::map<std::string, FleetReading> kWords{{"auto", FleetReading::Auto}, {"hosts", FleetReading::Hosts}, {"merged", FleetReading::Merged}};
    command.add_option("--fleet", fleet, "what is read of a gateway: each host's own seconds (hosts), or all hosts added up by service (merged); auto: merged above 50 hosts")
        ->transform(CLI::CheckedTransformer(kWords))
        ->option_text("auto|hosts|merged");
}

void addClusters(CLI::App& command, ClusterOptions& clusters)
{
    command.add_option("--context", clusters.contexts, "a context of the kubeconfig, whose agents are reached through its API server; may be given several times")->take_all();
    command.add_option("--namespace", clusters.agentNamespace, "where the agents' pods are")->capture_default_str();
    command.add_option("--kubeconfig", clusters.kubeconfig, kKubeconfigHelp);
    addFleet(command, clusters.fleet);
}

void addShow(CLI::App& app, Parsed& parsed)
{
    CLI::App* show = app.add_subcommand("show", "what a file or an agent tells, as text or JSON");
    show->require_subcommand(1);
    for (const ShowFacts& facts : showFacts()) {
        CLI::App* what = show->add_subcommand(std::string(facts.name), std::string(facts.help));
        ShowCommand& command = *parsed.shows.emplace_back(std::make_unique<ShowCommand>());
        command.what = facts.what;
        what->add_option("FILE", command.file, "a session file (*.binnacle)");
        what->add_option("--agent", command.agents, kAgentHelp)->take_all();
        addClusters(*what, command.clusters);
        what->add_option("--from", command.range.from, kTimeHelp);
        what->add_option("--to", command.range.to, kTimeHelp);
        what->add_option("--where", command.where, "field=value, field!=value, field~glob, field>number, field<number, joined by ` and `");
        what->add_flag_callback("--json", [&command] { command.output = Output::Json; }, "as JSON, stable over versions");
        what->callback([&command, &parsed] {
            parsed.run = [&command] {
                if (command.file && !(command.agents.empty() && command.clusters.contexts.empty()))
                    return exitStatusOf(failure(ErrorCode::Invalid, "show: give a file, or agents and contexts, not both"));
                return exitStatusOf(runShow(command));
            };
        });
    }
}

void addRecord(CLI::App& app, Parsed& parsed)
{
    CLI::App* record = app.add_subcommand("record", "write what agents see into a session file");
    record->add_option("--agent", parsed.record.agents, kAgentHelp)->take_all();
    addClusters(*record, parsed.record.clusters);
    record->add_option("--for", parsed.record.duration, "how long, such as 30s or 5m")->capture_default_str();
    record->add_option("--last", parsed.record.last, "what the agents still have of this long before goes before it");
    record->add_option("-o,--output", parsed.record.file, "the file to write")->required();
    record->callback([&parsed] { parsed.run = [&parsed] { return exitStatusOf(runRecord(parsed.record)); }; });
}

void addInfo(CLI::App& app, Parsed& parsed)
{
    CLI::App* info = app.add_subcommand("info", "what a session file holds");
    info->add_option("FILE", parsed.info.file, "a session file (*.binnacle)")->required();
    info->add_flag_callback("--json", [&parsed] { parsed.info.output = Output::Json; }, "as JSON, stable over versions");
    info->callback([&parsed] { parsed.run = [&parsed] { return exitStatusOf(runInfo(parsed.info)); }; });
}

void addContexts(CLI::App& app, Parsed& parsed)
{
    CLI::App* contexts = app.add_subcommand("contexts", "what the kubeconfig offers: clusters, users, how each logs in, and what is wrong");
    contexts->add_option("--kubeconfig", parsed.contexts.kubeconfig, kKubeconfigHelp);
    contexts->add_flag_callback("--json", [&parsed] { parsed.contexts.output = Output::Json; }, "as JSON, stable over versions");
    contexts->callback([&parsed] { parsed.run = [&parsed] { return exitStatusOf(runContexts(parsed.contexts)); }; });
}

void addDiagnose(CLI::App& app, Parsed& parsed)
{
    CLI::App* diagnose = app.add_subcommand("diagnose", "the way to a cluster's agents, step by step, with what to do where it ends");
    diagnose->add_option("--context", parsed.diagnose.context, "a context of the kubeconfig; without it the current one");
    diagnose->add_option("--namespace", parsed.diagnose.agentNamespace, "where the agents' pods are")->capture_default_str();
    diagnose->add_option("--kubeconfig", parsed.diagnose.kubeconfig, kKubeconfigHelp);
    diagnose->add_option("--from", parsed.diagnose.from, "the first step to tell: file, credentials, dns, proxy, tls, authentication, rbac, agents, clock");
    diagnose->add_flag_callback("--json", [&parsed] { parsed.diagnose.output = Output::Json; }, "as JSON, stable over versions");
    diagnose->callback([&parsed] { parsed.run = [&parsed] { return exitStatusOf(runDiagnose(parsed.diagnose)); }; });
}

Result<void> runScreenshot(Parsed& parsed, const CommandLineHooks& hooks)
{
    int width = 0, height = 0;
    char rest = 0;
    const bool read = std::sscanf(parsed.size.c_str(), "%dx%d%c", &width, &height, &rest) == 2;
    constexpr int kLeast = 320, kMost = 8192;
    if (!read || width < kLeast || height < kLeast || width > kMost || height > kMost)
        return failure(ErrorCode::Invalid, "--size: `" + parsed.size + "` is no size; write WIDTHxHEIGHT with 320 to 8192 each, such as 1600x1000");
    parsed.screenshot.width = width;
    parsed.screenshot.height = height;
    if (!parsed.screenshotAt.empty())
        parsed.screenshot.at = parsed.screenshotAt;
    if (!hooks.screenshot)
        return failure(ErrorCode::Unsupported, "this program was built without the window and cannot draw pages");
    return hooks.screenshot(parsed.screenshot);
}

void addScreenshot(CLI::App& app, Parsed& parsed, const CommandLineHooks& hooks)
{
    CLI::App* screenshot = app.add_subcommand("screenshot", "draw a page of a session file into a PNG picture");
    screenshot->add_option("FILE", parsed.screenshot.file, "a session file (*.binnacle)")->required();
    screenshot->add_option("--page", parsed.screenshot.page, "which page, such as map or services")->required();
    screenshot->add_option("--at", parsed.screenshotAt, kTimeHelp);
    screenshot->add_option("--size", parsed.size, "width and height in logical pixels")->capture_default_str();
    screenshot->add_option("--theme", parsed.screenshot.theme, "dark or light")->check(CLI::IsMember({"dark", "light"}))->capture_default_str();
    screenshot->add_option("--scale", parsed.screenshot.scale, "pixels a logical pixel")->check(CLI::IsMember({1, 2}))->capture_default_str();
    screenshot->add_option("-o,--output", parsed.screenshot.output, "the picture to write")->required();
    screenshot->callback([&parsed, &hooks] { parsed.run = [&parsed, &hooks] { return exitStatusOf(runScreenshot(parsed, hooks)); }; });
}

void addWindow(CLI::App& app, Parsed& parsed)
{
    app.add_option("FILE", parsed.files, "session files to open in the window");
    app.add_option("--agent", parsed.window.agents, kAgentHelp)->take_all();
    app.add_option("--context", parsed.window.contexts, "contexts of the kubeconfig whose agents to connect to")->take_all();
    app.add_option("--namespace", parsed.window.agentNamespace, "where the agents' pods are")->capture_default_str();
    app.add_option("--kubeconfig", parsed.window.kubeconfig, kKubeconfigHelp);
    addFleet(app, parsed.window.fleet);
    app.add_option("--at", parsed.at, "the moment to show");
    app.add_option("--layout", parsed.layout, "the page to show first");
}

/// A first word that names no file is a mistyped sub-command.
Result<void> checkFiles(const std::vector<std::string>& files)
{
    for (const std::string& file : files) {
        std::error_code error;
        if (std::filesystem::exists(file, error))
            continue;
        const bool looksLikeWord = file.find_first_of("./\\") == std::string::npos;
        if (looksLikeWord)
            return failure(ErrorCode::Invalid, "there is no sub-command `" + file + "` and no such file; `binnacle --help` lists the sub-commands");
        return failure(ErrorCode::NotFound, file + ": there is no such file");
    }
    return {};
}

CommandLineOutcome window(Parsed& parsed)
{
    if (const auto checked = checkFiles(parsed.files); !checked)
        return {exitStatusOf(checked), {}};
    for (const std::string& file : parsed.files)
        parsed.window.files.emplace_back(file);
    if (!parsed.at.empty())
        parsed.window.at = parsed.at;
    if (!parsed.layout.empty())
        parsed.window.layout = parsed.layout;
    return {std::nullopt, std::move(parsed.window)};
}

int printProblem(const CLI::App& app, const CLI::ParseError& error)
{
    if (error.get_exit_code() == 0) { // --help, --version
        app.exit(error);
        std::fflush(stdout);
        return kDone;
    }
    std::fprintf(stderr, "binnacle: %s\nTry `binnacle --help`.\n", error.what());
    return kWrongUsage;
}

} // namespace

CommandLineOutcome runCommandLine(int argc, char** argv, const CommandLineHooks& hooks)
{
    CLI::App app("Binnacle: what your services do, as the kernel sees it", "binnacle");
    app.set_version_flag("--version", std::string("binnacle ") + kVersion);
    app.require_subcommand(0, 1);
    Parsed parsed;
    addWindow(app, parsed);
    addShow(app, parsed);
    addRecord(app, parsed);
    addInfo(app, parsed);
    addContexts(app, parsed);
    addDiagnose(app, parsed);
    addScreenshot(app, parsed, hooks);
    addInstallCommands(app, [&parsed](std::function<Result<void>()> command) { parsed.run = [command = std::move(command)] { return exitStatusOf(command()); }; });
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        return {printProblem(app, error), {}};
    }
    if (parsed.run)
        return {parsed.run(), {}};
    return window(parsed);
}

} // namespace binnacle::desktop
