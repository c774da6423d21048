// SPDX-License-Identifier: Apache-2.0
#include "core/base/internet_address.h"
#include "core/kube/net/internal/asio.h"
#include "core/kube/net/internal/certificate_text.h"
#include "core/kube/net/internal/tls_context.h"

#include <boost/asio/ssl/error.hpp>

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

namespace binnacle::kube {
namespace {

int witnessIndex()
{
    static const int index = SSL_get_ex_new_index(0, nullptr, nullptr, nullptr, nullptr);
    return index;
}

std::string day(UtcTime time)
{
    std::string text = toRfc3339(time);
    return text.size() > 16 ? text.substr(0, 10) + " " + text.substr(11, 5) + " UTC" : text;
}

std::string listed(const std::vector<std::string>& names)
{
    std::string text;
    for (std::size_t i = 0; i < names.size(); ++i) {
        if (i == 12)
            return text + " and " + std::to_string(names.size() - i) + " more";
        text += (i ? ", " : "") + names[i];
    }
    return text.empty() ? "no name at all" : text;
}

void fill(TlsReport& report, const X509* leaf)
{
    report.subject = subjectOf(leaf);
    report.issuer = issuerOf(leaf);
    report.names = namesOf(leaf);
    report.notBefore = validFrom(leaf);
    report.notAfter = validUntil(leaf);
}

void fillChain(TlsReport& report, const STACK_OF(X509) * chain)
{
    report.chain.clear();
    for (int i = 0; chain && i < sk_X509_num(chain); ++i)
        report.chain.push_back(subjectOf(sk_X509_value(chain, i)));
}

bool isOpenssl(const Failure& problem)
{
    return problem.category() == asio::error::get_ssl_category();
}

/// Alerts are what the other side says of us (RFC 8446 §6); OpenSSL numbers them 1000 + alert.
std::string alertInWords(int reason)
{
    switch (reason) {
    case SSL_R_TLSV13_ALERT_CERTIFICATE_REQUIRED:
        return "the server wants a client certificate and this user has none";
    case SSL_R_TLSV1_ALERT_UNKNOWN_CA:
        return "the server does not know who issued our client certificate";
    case SSL_R_SSLV3_ALERT_BAD_CERTIFICATE:
    case SSL_R_SSLV3_ALERT_CERTIFICATE_UNKNOWN:
    case SSL_R_SSLV3_ALERT_UNSUPPORTED_CERTIFICATE:
    case SSL_R_TLSV1_ALERT_DECRYPT_ERROR:
        return "the server refuses our client certificate";
    case SSL_R_SSLV3_ALERT_CERTIFICATE_EXPIRED:
        return "the server says that our client certificate has expired";
    case SSL_R_SSLV3_ALERT_CERTIFICATE_REVOKED:
        return "the server says that our client certificate was revoked";
    case SSL_R_SSLV3_ALERT_HANDSHAKE_FAILURE:
        return "the server finds no cipher or certificate it shares with us";
    case SSL_R_TLSV1_ALERT_PROTOCOL_VERSION:
    case SSL_R_UNSUPPORTED_PROTOCOL:
        return "the server speaks only TLS versions older than 1.2";
    case SSL_R_TLSV1_UNRECOGNIZED_NAME:
        return "the server does not serve this name; tls-server-name may be wrong";
    case SSL_R_WRONG_VERSION_NUMBER:
    case SSL_R_HTTP_REQUEST:
        return "what answers there does not speak TLS; the URL may have to begin with http:// or name another port";
    case SSL_R_TLSV1_ALERT_NO_APPLICATION_PROTOCOL:
        return "the server does not speak HTTP/1.1 (ALPN)";
    default:
        return {};
    }
}

} // namespace

TlsWitness::TlsWitness(ssl_st* connection, const TlsSettings& settings, std::string expectedName) : m_connection(connection)
{
    m_report.attempted = true;
    m_report.skippedVerification = settings.skipVerification;
    m_report.trust = settings.authorities.empty() ? "system" : settings.trustOrigin + (settings.systemRootsToo ? " and system" : "");
    m_report.expectedName = std::move(expectedName);
    const std::string name = m_report.expectedName.substr(0, m_report.expectedName.find('%')); // without an IPv6 zone
    const bool isAddress = InternetAddress::parse(name).has_value();
    if (!isAddress) // RFC 6066 §3: an address is never sent
        SSL_set_tlsext_host_name(connection, name.c_str());
    if (settings.skipVerification) {
        SSL_set_verify(connection, SSL_VERIFY_NONE, nullptr);
        return;
    }
    X509_VERIFY_PARAM* rules = SSL_get0_param(connection);
    X509_VERIFY_PARAM_set_hostflags(rules, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS | X509_CHECK_FLAG_NEVER_CHECK_SUBJECT);
    if (isAddress)
        X509_VERIFY_PARAM_set1_ip_asc(rules, name.c_str());
    else
        X509_VERIFY_PARAM_set1_host(rules, name.c_str(), name.size());
    SSL_set_ex_data(connection, witnessIndex(), this);
    SSL_set_verify(connection, SSL_VERIFY_PEER, &TlsWitness::onCertificate);
}

int TlsWitness::onCertificate(int accepted, x509_store_ctx_st* store)
{
    const auto* connection = static_cast<SSL*>(X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx()));
    if (auto* witness = static_cast<TlsWitness*>(SSL_get_ex_data(connection, witnessIndex())))
        witness->note(store, accepted);
    return accepted;
}

void TlsWitness::note(x509_store_ctx_st* store, int accepted)
{
    if (const X509* leaf = X509_STORE_CTX_get0_cert(store))
        fill(m_report, leaf);
    if (accepted || m_verifyError != 0)
        return;
    fillChain(m_report, X509_STORE_CTX_get0_chain(store));
    m_verifyError = X509_STORE_CTX_get_error(store);
    if (const X509* failed = X509_STORE_CTX_get_current_cert(store)) {
        m_failedSubject = subjectOf(failed);
        m_failedIssuer = issuerOf(failed);
        m_failedNotBefore = validFrom(failed);
        m_failedNotAfter = validUntil(failed);
    }
}

std::string TlsWitness::causeOf(const Failure& problem) const
{
    const std::string which = m_failedSubject == m_report.subject ? "the server's certificate" : "the certificate " + m_failedSubject + " above the server's";
    switch (m_verifyError) {
    case X509_V_OK:
        return tlsProblemInWords(problem);
    case X509_V_ERR_CERT_HAS_EXPIRED:
        return which + " expired on " + day(m_failedNotAfter);
    case X509_V_ERR_CERT_NOT_YET_VALID:
        return which + " is valid only from " + day(m_failedNotBefore) + " on; this machine's clock may be behind";
    case X509_V_ERR_HOSTNAME_MISMATCH:
    case X509_V_ERR_IP_ADDRESS_MISMATCH:
        return "the server's certificate is not for " + m_report.expectedName + " but for " + listed(m_report.names)
            + "; if the server is the right one, set tls-server-name to one of these";
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
        return "the server's certificate signs itself (" + m_report.subject + ") and is not among the trusted ones ("
            + m_report.trust + "); it needs certificate-authority";
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
    case X509_V_ERR_CERT_SIGNATURE_FAILURE:
        return "the server's certificate was issued by an authority that is not trusted here: " + m_failedIssuer + " (trusted: "
            + m_report.trust + "); certificate-authority may be missing or of another cluster";
    default:
        return which + " is not acceptable: " + X509_verify_cert_error_string(m_verifyError);
    }
}

TlsReport TlsWitness::finish(const Failure& problem)
{
    SSL_set_ex_data(m_connection, witnessIndex(), nullptr);
    if (const SSL_CIPHER* cipher = SSL_get_current_cipher(m_connection)) {
        m_report.protocol = SSL_get_version(m_connection);
        m_report.cipher = SSL_CIPHER_get_name(cipher);
    }
    const std::unique_ptr<X509, void (*)(X509*)> leaf(SSL_get1_peer_certificate(m_connection), X509_free);
    if (leaf) {
        fill(m_report, leaf.get());
        fillChain(m_report, SSL_get_peer_cert_chain(m_connection));
    }
    m_report.verified = !problem && !m_report.skippedVerification;
    m_report.cause = problem ? causeOf(problem) : std::string{};
    return std::move(m_report);
}

std::string tlsProblemInWords(const Failure& problem)
{
    if (problem == asio::error::eof || problem == asio::error::connection_reset || problem == asio::error::broken_pipe
        || problem == asio::ssl::error::stream_truncated)
        return "the other side closed the connection without a word";
    if (!isOpenssl(problem))
        return problem.message();
    const auto code = static_cast<unsigned long>(problem.value());
    const std::string words = ERR_GET_LIB(code) == ERR_LIB_SSL ? alertInWords(ERR_GET_REASON(code)) : std::string{};
    return words.empty() ? "TLS failed: " + problem.message() : words;
}

} // namespace binnacle::kube
