// SPDX-License-Identifier: Apache-2.0
#include "core/kube/credentials/plugin_host.h"

namespace binnacle::kube {

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

bool PluginHost::mayRun(const PluginQuestion& question)
{
    if (!m_options.confirmPlugin)
        return true;
    std::string key = question.commandLine;
    for (const auto& [name, value] : question.environment)
        key += '\0' + name + '=' + value;
    if (const auto known = knownAnswer(key))
        return *known;
    const std::lock_guard oneAtATime(m_askMutex);
    if (const auto known = knownAnswer(key)) // given while we waited to ask
        return *known;
    const bool answer = m_options.confirmPlugin(question);
    const std::lock_guard lock(m_answerMutex);
    return m_answers[key] = answer;
}

std::optional<bool> PluginHost::knownAnswer(const std::string& key)
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
