// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/base/result.h"
#include "core/kube/net/connection_report.h"

#include <boost/asio/ssl/context.hpp>

#include <memory>
#include <string>
#include <string_view>

namespace binnacle::kube {

/// What one side of TLS is made of; texts are PEM.
struct TlsSettings {
    std::string authorities; // empty: the system's roots.  Otherwise they replace those.
    std::string trustOrigin; // for reports: where `authorities` is from
    bool systemRootsToo = false;
    bool skipVerification = false;
    std::string certificate; // of the client, with its chain; empty: none
    std::string key;         // RSA, EC, Ed25519; PKCS#1, SEC 1 or PKCS#8; not encrypted
    friend bool operator==(const TlsSettings&, const TlsSettings&) = default;
};

using TlsContext = boost::asio::ssl::context;

/// TLS 1.2 and 1.3, ALPN http/1.1 alone.  Says in words what is wrong with a certificate, a key or an authority.
Result<std::shared_ptr<TlsContext>> makeTlsContext(const TlsSettings& settings);

/// Watches one handshake of `connection` (an SSL object of OpenSSL) and tells afterwards why it failed.
///
/// Must outlive the handshake.  Sets the name to send and the name or address to verify.
class TlsWitness {
public:
    TlsWitness(ssl_st* connection, const TlsSettings& settings, std::string expectedName);
    TlsWitness(const TlsWitness&) = delete;
    TlsWitness& operator=(const TlsWitness&) = delete;

    /// To be called with the handshake's outcome; `problem` is empty when it succeeded.
    TlsReport finish(const boost::system::error_code& problem);

private:
    static int onCertificate(int accepted, x509_store_ctx_st* store);
    void note(x509_store_ctx_st* store, int accepted);
    std::string causeOf(const boost::system::error_code& problem) const;

    ssl_st* m_connection; // not owned; the stream that owns it also keeps this alive for the handshake
    TlsReport m_report;
    long m_verifyError = 0;
    std::string m_failedSubject; // of the certificate that was not believed
    std::string m_failedIssuer;
    UtcTime m_failedNotBefore{};
    UtcTime m_failedNotAfter{};
};

/// An error that came over a TLS connection after its handshake: refused client certificates arrive here in TLS 1.3.
std::string tlsProblemInWords(const boost::system::error_code& problem);

} // namespace binnacle::kube
