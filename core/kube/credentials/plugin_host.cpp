// SPDX-License-Identifier: Apache-2.0
#include "core/kube/credentials/plugin_host.h"

namespace binnacle::kube {
namespace {

constexpr std::chrono::milliseconds kTick{20}; // how late a waiting caller may see its cancellation

std::string keyOf(const PluginQuestion& question)
{
    std::string key;
    for (const std::string& word : question.words)
        key += word + '\0';
    for (const auto& [name, value] : question.environment)
        key += '\0' + name + '=' + value;
    return key;
}

} // namespace

PluginHost::Program PluginHost::find(const std::string& command, const Cancellation& cancellation)
{
    Program program;
    program.searchedPath = platform::variable(m_options.environment, "PATH");
    program.pathOrigin = "environment";
    if (command.find(std::filesystem::path::preferred_separator) != std::string::npos) {
        if (std::error_code ignored; std::filesystem::exists(command, ignored))
            program.file = command;
        return program;
    }
    program.file = platform::findProgram(command, program.searchedPath);
    if (program.file)
        return program;
    if (const auto login = loginPath(cancellation)) {
        program.searchedPath = login->path;
        program.pathOrigin = "login shell " + login->shell;
        program.file = platform::findProgram(command, login->path);
    }
    return program;
}

std::optional<platform::LoginPath> PluginHost::loginPath(const Cancellation& cancellation)
{
    const std::lock_guard lock(m_pathMutex);
    if (m_askedShell)
        return m_loginPath;
    auto answer = platform::askLoginShellForPath(m_options.environment, cancellation);
    if (!answer && answer.error().code == ErrorCode::Cancelled)
        return std::nullopt; // somebody else may ask
    m_askedShell = true;
    if (answer)
        m_loginPath = std::move(*answer);
    return m_loginPath;
}

PluginHost::Permission PluginHost::mayRun(const PluginQuestion& question, const Cancellation& cancellation)
{
    if (!m_options.confirmPlugin)
        return Permission::Granted;
    const std::string key = keyOf(question);
    if (const auto known = knownAnswer(key))
        return *known;
    std::unique_lock oneAtATime(m_askMutex, std::defer_lock);
    while (!oneAtATime.try_lock_for(kTick)) {
        if (cancellation.isCancelled())
            return Permission::Cancelled;
    }
    if (const auto known = knownAnswer(key)) // given while we waited to ask
        return *known;
    const bool isGranted = m_options.confirmPlugin(question, cancellation);
    if (cancellation.isCancelled())
        return Permission::Cancelled;
    const std::lock_guard lock(m_answerMutex);
    return m_answers[key] = isGranted ? Permission::Granted : Permission::Refused;
}

std::optional<PluginHost::Permission> PluginHost::knownAnswer(const std::string& key)
{
    const std::lock_guard lock(m_answerMutex);
    const auto known = m_answers.find(key);
    return known == m_answers.end() ? std::nullopt : std::optional(known->second);
}

void PluginHost::forgetAnswers()
{
    const std::lock_guard lock(m_answerMutex);
    m_answers.clear();
}

} // namespace binnacle::kube
