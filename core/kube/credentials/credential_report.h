// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/base/clocks.h"
#include "core/kube/config/certificates.h"

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace binnacle::kube {

/// The last run of an exec plugin.
struct ExecReport {
    std::string command;                // as the kubeconfig says it
    std::vector<std::string> commandLine; // with arguments; the first is the file that ran, if one was found
    std::string searchedPath;           // the PATH that a bare command was looked up in
    std::string pathOrigin;             // where that PATH is from: `environment` or `login shell SHELL`
    std::uint64_t runs = 0;             // since this source exists
    std::optional<int> exitCode;        // none: it has not run, or a signal ended it
    std::optional<int> signal;
    bool timedOut = false;
    std::string standardError;          // its last 64 KiB
    std::string answeredVersion;        // apiVersion of its answer
    Nanoseconds duration{};
    friend bool operator==(const ExecReport&, const ExecReport&) = default;
};

/// Everything that can be asked later about how credentials came to be; `binnacle diagnose` prints it.  Holds no token, password or key.
struct CredentialReport {
    std::string kind;                           // the word of ContextSummary::authKind
    std::vector<std::filesystem::path> files;   // that were read, in the order of reading
    std::optional<UtcTime> obtainedAt;          // of what is in use
    std::optional<UtcTime> expiresAt;
    std::optional<CertificateFacts> certificate;
    std::optional<ExecReport> exec;
    std::string issuer;                         // OIDC
    std::string lastError;                      // of the last attempt; empty when it went well
    std::vector<std::string> notes;             // sentences that a person should know though nothing failed
    friend bool operator==(const CredentialReport&, const CredentialReport&) = default;
};

} // namespace binnacle::kube
