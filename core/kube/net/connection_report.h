// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/base/clocks.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace binnacle::kube {

/// What a server's certificate said and whether it was believed; filled on failure too, as far as the handshake came.
struct TlsReport {
    bool attempted = false;
    bool verified = false;      // false as well where the kubeconfig says not to look
    bool skippedVerification = false;
    std::string expectedName;   // what the certificate had to be valid for: tls-server-name or the URL's host
    std::string protocol;       // `TLSv1.3`
    std::string cipher;
    std::string subject;        // `CN=kube-apiserver`
    std::string issuer;
    std::vector<std::string> names; // DNS names and addresses, in the certificate's order
    UtcTime notBefore{};
    UtcTime notAfter{};
    std::vector<std::string> chain; // subjects, the server's own first
    std::string trust;              // whose roots judged it: `system` or the CA's origin
    std::string cause;              // why it failed, in words; empty when it did not
    friend bool operator==(const TlsReport&, const TlsReport&) = default;
};

/// The steps of reaching a server, in this order; a step that was not needed is absent from a report.
enum class ConnectPhase : std::uint8_t { Resolve, Connect, ProxyTls, Proxy, Tls, Request };
std::string_view nameOf(ConnectPhase phase); // `name look-up`, `connect`, …

struct PhaseReport {
    ConnectPhase phase = ConnectPhase::Resolve;
    Nanoseconds took{};
    std::string detail; // addresses found, address connected to, protocol agreed on
    std::string error;  // empty: it went well
    friend bool operator==(const PhaseReport&, const PhaseReport&) = default;
};

/// How one connection came to be, or did not; `binnacle diagnose` prints it.
struct ConnectionReport {
    std::string server; // `https://host:6443`
    std::string proxy;  // empty: none
    std::vector<PhaseReport> phases;
    TlsReport tls;      // of the API server; a TLS proxy's is in `proxyTls`
    TlsReport proxyTls;
    friend bool operator==(const ConnectionReport&, const ConnectionReport&) = default;
};

} // namespace binnacle::kube
