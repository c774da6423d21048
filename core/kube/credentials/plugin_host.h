// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/base/platform/programs.h"
#include "core/kube/credentials/credential_options.h"

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

namespace binnacle::kube {

/// What all exec plugins of a program share: the answers to "may this run?", and the PATH of the login shell, asked for once.
/// Thread: any; questions are put one at a time.
class PluginHost {
public:
    explicit PluginHost(CredentialOptions options) : m_options(std::move(options)) {}

    struct Program {
        std::optional<std::filesystem::path> file;
        std::string searchedPath; // what PATH the plugin gets; where a bare command was looked for
        std::string pathOrigin;   // `environment`, or `login shell FILE`
    };

    const CredentialOptions& options() const { return m_options; }

    /// A command with a separator is that file; a bare one is looked up in our PATH, then in the login shell's.
    Program find(const std::string& command, const Cancellation& cancellation);

    enum class Permission : std::uint8_t { Granted, Refused, Cancelled };
    /// The answer that was given for this command line before, else the person's.
    Permission mayRun(const PluginQuestion& question, const Cancellation& cancellation);
    void forgetAnswers();

private:
    std::optional<platform::LoginPath> loginPath(const Cancellation& cancellation);
    std::optional<Permission> knownAnswer(const std::string& key);

    const CredentialOptions m_options;
    std::mutex m_pathMutex; // held while the shell runs: it is asked once
    bool m_askedShell = false;
    std::optional<platform::LoginPath> m_loginPath;
    std::timed_mutex m_askMutex; // held while a person answers
    std::mutex m_answerMutex;
    std::map<std::string, Permission> m_answers;
};

} // namespace binnacle::kube
