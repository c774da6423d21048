// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/base/cancellation.h"
#include "core/base/clocks.h"
#include "core/base/platform/environment.h"
#include "core/base/result.h"
#include "core/kube/cluster_access.h"

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace binnacle::kube {

/// A request to an OIDC issuer; the transport makes it.
struct IssuerRequest {
    std::string method; // GET or POST
    std::string url;
    std::vector<std::pair<std::string, std::string>> headers;
    std::string body;
    std::string certificateAuthority; // PEM; empty: the system's
};
struct IssuerAnswer {
    int status = 0;
    std::string body;
};
using IssuerCall = std::function<Result<IssuerAnswer>(const IssuerRequest&, const Cancellation&)>;

/// What is about to run for the first time, for a person to allow.
struct PluginQuestion {
    std::string commandLine; // exactly what will run, as one would type it
    std::vector<std::string> words; // the same, unquoted: the program's path and its arguments
    std::vector<std::pair<std::string, std::string>> environment; // that the kubeconfig adds
    std::string user;        // of the kubeconfig
    std::filesystem::path origin; // the kubeconfig file that names the command
};

/// What credentials may use.  Functions are called on the thread that called CredentialSource::load().
struct CredentialOptions {
    enum class Terminal : std::uint8_t { None, Available }; // None: a window; a plugin cannot ask there

    platform::Environment environment; // of this program: plugins inherit it
    Terminal terminal = Terminal::None;
    Nanoseconds pluginTimeOut = std::chrono::minutes(2); // a person may have to log in by a browser
    /// Asked once for each command line with its environment; empty: every command runs.  Blocks while a person thinks, and gives up when it is
    /// cancelled: that answer does not count.
    std::function<bool(const PluginQuestion&, const Cancellation&)> confirmPlugin;
    std::function<void(std::string_view)> onPluginText;            // what a plugin says to a person (standard error), as it comes
    IssuerCall callIssuer;                                         // empty: OIDC tokens are used while they last, and not refreshed
    std::function<UtcTime()> now = utcNow;
};

} // namespace binnacle::kube
