// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/base/clocks.h"
#include "core/base/result.h"
#include "core/kube/cluster_access.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace binnacle::kube {

/// What a plugin or an issuer gave.
struct IssuedCredentials {
    std::string token;
    std::string clientCertificate; // PEM
    std::string clientKey;         // PEM
    std::optional<UtcTime> expiresAt; // none: until the server refuses it
    friend bool operator==(const IssuedCredentials&, const IssuedCredentials&) = default;
};

enum class Interactive : std::uint8_t { No, Yes };

/// The value of KUBERNETES_EXEC_INFO: an ExecCredential on one line.  `authorityPem` is the cluster's CA as bytes, whether it came inline or as a file.
Result<std::string> execInfoJson(const ExecPlugin& plugin, const ClusterEndpoint& cluster, std::string_view authorityPem, Interactive interactive);

/// The plugin's answer on standard output, JSON or YAML, judged as client-go does: version, status, a token or a pair that belongs together.
Result<IssuedCredentials> parseExecCredential(std::string_view output, const ExecPlugin& plugin);

/// The apiVersion that an answer states; empty when it states none.
std::string answeredVersion(std::string_view output);

} // namespace binnacle::kube
