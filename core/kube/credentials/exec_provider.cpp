// SPDX-License-Identifier: Apache-2.0
#include "core/kube/credentials/exec_provider.h"

#include "core/kube/config/contexts.h"
#include "core/kube/credentials/printable.h"

namespace binnacle::kube {

namespace {

using platform::ChildResult;
constexpr int kHintsAnHour = 10;
constexpr std::size_t kShownErrorBytes = 1000;

} // namespace

ExecProvider::ExecProvider(const ClusterAccess& access, std::shared_ptr<PluginHost> host)
    : m_plugin(*access.user.exec), m_cluster(access.cluster), m_user(access.user.name), m_origin(access.user.origin), m_host(std::move(host))
{
    m_report.command = m_plugin.command;
}

Result<ExecProvider::Answer> ExecProvider::obtain(const Cancellation& cancellation)
{
    const auto mode = interactive();
    if (!mode)
        return std::unexpected(mode.error());
    const auto program = findProgram(cancellation);
    if (!program)
        return std::unexpected(program.error());
    BN_TRY(askPerson(cancellation));
    const auto output = run(*program, *mode, cancellation);
    if (!output)
        return std::unexpected(output.error());
    m_report.answeredVersion = printable(answeredVersion(*output));
    auto issued = parseExecCredential(*output, m_plugin);
    if (!issued)
        return std::unexpected(std::move(issued).error().within("exec plugin " + printable(m_plugin.command) + " of user " + m_user));
    Answer answer;
    answer.askAgainAt = issued->expiresAt;
    answer.credentials = std::move(*issued);
    return answer;
}

Result<Interactive> ExecProvider::interactive() const
{
    using Mode = ExecPlugin::InteractiveMode;
    const bool terminal = m_host->options().terminal == CredentialOptions::Terminal::Available;
    if (m_plugin.interactiveMode == Mode::Always && !terminal)
        return failure(ErrorCode::Unsupported, "exec plugin cannot support interactive mode: standard input is not a terminal. The user " + m_user
                                                   + " has interactiveMode: Always; use `binnacle` in a terminal, or set interactiveMode: IfAvailable "
                                                     "if the plugin can log in by a browser");
    return terminal && m_plugin.interactiveMode != Mode::Never ? Interactive::Yes : Interactive::No;
}

Result<PluginHost::Program> ExecProvider::findProgram(const Cancellation& cancellation)
{
    auto program = m_host->find(m_plugin.command, cancellation);
    m_report.searchedPath = program.searchedPath;
    m_report.pathOrigin = program.pathOrigin;
    m_report.commandLine = {program.file ? program.file->string() : m_plugin.command};
    m_report.commandLine.insert(m_report.commandLine.end(), m_plugin.arguments.begin(), m_plugin.arguments.end());
    if (program.file)
        return program;
    if (cancellation.isCancelled())
        return failure(ErrorCode::Cancelled, "cancelled while the exec plugin " + printable(m_plugin.command) + " was looked for");
    return failure(ErrorCode::NotFound, notFoundSentence(program));
}

std::string ExecProvider::notFoundSentence(const PluginHost::Program& program)
{
    std::string sentence = "exec: executable " + printable(m_plugin.command) + " not found";
    if (m_plugin.command.find(std::filesystem::path::preferred_separator) == std::string::npos)
        sentence += " in PATH (" + printable(program.searchedPath) + ", from " + program.pathOrigin + ")";
    sentence += ". The user " + m_user + " of " + m_origin.string() + " gets its credentials from this plugin: install it";
    if (mayShowHint() && !m_plugin.installHint.empty())
        sentence += ". The kubeconfig says:\n" + printable(m_plugin.installHint);
    return sentence;
}

/// At most ten an hour: a window that reconnects would repeat it without end.
bool ExecProvider::mayShowHint()
{
    const UtcTime now = m_host->options().now();
    if (now - m_hintsSince >= std::chrono::hours(1)) {
        m_hintsSince = now;
        m_hints = 0;
    }
    return m_hints++ < kHintsAnHour;
}

Result<void> ExecProvider::askPerson(const Cancellation& cancellation) const
{
    using Permission = PluginHost::Permission;
    switch (m_host->mayRun({commandLineText(m_report.commandLine), m_report.commandLine, m_plugin.environment, m_user, m_origin}, cancellation)) {
    case Permission::Granted:
        return {};
    case Permission::Cancelled:
        return failure(ErrorCode::Cancelled, "cancelled before anybody said whether the exec plugin of user " + m_user + " may run");
    case Permission::Refused:
        break;
    }
    return failure(ErrorCode::Denied, "the exec plugin of user " + m_user + " was not allowed to run: " + commandLineText(m_report.commandLine)
                                          + ". Without it there are no credentials; connect again to be asked again");
}

Result<platform::Environment> ExecProvider::pluginEnvironment(const PluginHost::Program& program, Interactive interactive) const
{
    std::string authority;
    if (m_plugin.provideClusterInfo) {
        auto pem = readMaterial(m_cluster.certificateAuthority);
        if (!pem)
            return std::unexpected(std::move(pem).error().within("the certificate authority of cluster " + m_cluster.name));
        authority = std::move(*pem);
    }
    auto info = execInfoJson(m_plugin, m_cluster, authority, interactive);
    if (!info)
        return std::unexpected(std::move(info).error());
    platform::Environment environment = m_host->options().environment;
    if (!program.searchedPath.empty())
        environment["PATH"] = program.searchedPath; // a plugin starts others
    for (const auto& [name, value] : m_plugin.environment)
        environment[name] = value;
    environment["KUBERNETES_EXEC_INFO"] = std::move(*info);
    return environment;
}

Result<std::string> ExecProvider::run(const PluginHost::Program& program, Interactive interactive, const Cancellation& cancellation)
{
    using Input = platform::ChildCommand::Input;
    auto environment = pluginEnvironment(program, interactive);
    if (!environment)
        return std::unexpected(std::move(environment).error());
    platform::ChildCommand command;
    command.program = *program.file;
    command.arguments = m_plugin.arguments;
    command.environment = std::move(*environment);
    command.input = interactive == Interactive::Yes ? Input::Terminal : Input::Nothing;
    command.timeOut = m_host->options().pluginTimeOut;
    command.onErrorText = m_host->options().onPluginText;
    ++m_report.runs;
    m_report.exitCode.reset();
    m_report.signal.reset();
    m_report.timedOut = false;
    m_report.standardError.clear();
    m_report.answeredVersion.clear();
    const auto result = platform::runChild(command, cancellation);
    if (!result)
        return failure(result.error().code, "exec: " + result.error().what
                                                + (result.error().code == ErrorCode::Denied ? ": make the file executable with chmod +x" : ""));
    return judgeEnding(*result);
}

Result<std::string> ExecProvider::judgeEnding(const ChildResult& result)
{
    using Ending = ChildResult::Ending;
    m_report.duration = result.duration;
    m_report.standardError = result.errorText;
    m_report.timedOut = result.ending == Ending::TimedOut;
    if (result.ending == Ending::Exited)
        m_report.exitCode = result.exitCode;
    if (result.ending == Ending::Signalled)
        m_report.signal = result.signal;
    const std::string name = "exec: executable " + printable(m_plugin.command);
    const std::string tryIt = ". Try it in a terminal: " + commandLineText(m_report.commandLine);
    switch (result.ending) {
    case Ending::Exited:
        if (result.exitCode == 0)
            return result.output;
        return failure(ErrorCode::Unavailable, name + " failed with exit code " + std::to_string(result.exitCode) + errorTail() + tryIt);
    case Ending::Signalled:
        return failure(ErrorCode::Unavailable, name + " was ended by signal " + std::to_string(result.signal) + errorTail() + tryIt);
    case Ending::TimedOut: {
        const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(m_host->options().pluginTimeOut).count();
        return failure(ErrorCode::Unavailable, name + " did not answer within " + std::to_string(seconds)
                                                   + " s and was ended; does it wait for a login?" + errorTail() + tryIt);
    }
    case Ending::Cancelled:
        return failure(ErrorCode::Cancelled, name + " was ended: the request was cancelled");
    case Ending::OutputTooLarge:
        return failure(ErrorCode::Corrupt, name + " wrote more than 1 MiB and was ended: it does not answer as a credential plugin" + tryIt);
    }
    return failure(ErrorCode::Invalid, name + " ended in no known way");
}

/// The end of what it said, where programs put the reason.
std::string ExecProvider::errorTail() const
{
    std::string text = m_report.standardError;
    while (!text.empty() && (text.back() == '\n' || text.back() == '\r' || text.back() == ' '))
        text.pop_back();
    if (text.size() > kShownErrorBytes)
        text = "…" + text.substr(text.size() - kShownErrorBytes);
    return text.empty() ? text : ". It said: " + printable(text);
}

void ExecProvider::describe(CredentialReport& report) const { report.exec = m_report; }

} // namespace binnacle::kube
