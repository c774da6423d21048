// SPDX-License-Identifier: Apache-2.0
#include "core/kube/net/internal/asio.h"
#include "core/kube/net/internal/tls_context.h"

#include "core/kube/net/internal/certificate_text.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>

namespace binnacle::kube {
namespace {

using Bio = std::unique_ptr<BIO, int (*)(BIO*)>;
using Certificate = std::unique_ptr<X509, void (*)(X509*)>;
using Key = std::unique_ptr<EVP_PKEY, void (*)(EVP_PKEY*)>;

Bio reading(const std::string& pem) { return {BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())), BIO_free}; }

int noPassword(char*, int, int, void*) { return 0; } // otherwise OpenSSL would ask on the terminal

Certificate nextCertificate(BIO* from) { return {PEM_read_bio_X509(from, nullptr, noPassword, nullptr), X509_free}; }

/// The text holds no further certificate; anything but the plain end of PEM is an error.
bool endedCleanly()
{
    const unsigned long code = ERR_peek_last_error();
    const bool clean = ERR_GET_LIB(code) == ERR_LIB_PEM && ERR_GET_REASON(code) == PEM_R_NO_START_LINE;
    if (clean)
        ERR_clear_error();
    return clean;
}

Result<void> loadAuthorities(SSL_CTX* context, const TlsSettings& settings)
{
    if ((settings.authorities.empty() || settings.systemRootsToo) && SSL_CTX_set_default_verify_paths(context) != 1)
        return failure(ErrorCode::Unavailable, "the system's certificate authorities cannot be loaded: " + takeOpensslReason());
    if (settings.authorities.empty())
        return {};
    X509_STORE* store = SSL_CTX_get_cert_store(context);
    const Bio pem = reading(settings.authorities);
    std::size_t count = 0;
    while (const Certificate certificate = nextCertificate(pem.get())) {
        X509_STORE_add_cert(store, certificate.get());
        ++count;
    }
    if (!endedCleanly() || count == 0)
        return failure(ErrorCode::Corrupt, "the cluster's certificate authority (" + settings.trustOrigin
                                               + ") holds no readable PEM certificate: " + takeOpensslReason());
    return {};
}

Result<void> useCertificateChain(SSL_CTX* context, const std::string& pem)
{
    const Bio from = reading(pem);
    const Certificate own = nextCertificate(from.get());
    if (!own)
        return failure(ErrorCode::Corrupt, "the client certificate is no readable PEM certificate: " + takeOpensslReason());
    if (SSL_CTX_use_certificate(context, own.get()) != 1)
        return failure(ErrorCode::Unsupported, "OpenSSL does not take the client certificate " + subjectOf(own.get()) + ": " + takeOpensslReason());
    while (const Certificate above = nextCertificate(from.get()))
        SSL_CTX_add1_chain_cert(context, above.get());
    if (!endedCleanly())
        return failure(ErrorCode::Corrupt, "the chain behind the client certificate " + subjectOf(own.get()) + " is damaged: " + takeOpensslReason());
    return {};
}

Result<void> useKey(SSL_CTX* context, const std::string& pem)
{
    const Bio from = reading(pem);
    const Key key(PEM_read_bio_PrivateKey(from.get(), nullptr, noPassword, nullptr), EVP_PKEY_free);
    if (!key && pem.find("ENCRYPTED") != std::string::npos) {
        ERR_clear_error();
        return failure(ErrorCode::Unsupported, "the client key is encrypted with a passphrase; decrypt it with `openssl pkey` or use a key without one");
    }
    if (!key)
        return failure(ErrorCode::Corrupt, "the client key is no readable PEM key (RSA, EC or Ed25519): " + takeOpensslReason());
    if (SSL_CTX_use_PrivateKey(context, key.get()) == 1 && SSL_CTX_check_private_key(context) == 1)
        return {};
    ERR_clear_error();
    const std::string subject = subjectOf(SSL_CTX_get0_certificate(context));
    return failure(ErrorCode::Invalid, "the client key does not belong to the client certificate " + subject + "; take both from the same source");
}

} // namespace

Result<std::shared_ptr<TlsContext>> makeTlsContext(const TlsSettings& settings)
{
    ERR_clear_error();
    const auto context = std::make_shared<TlsContext>(TlsContext::tls_client);
    SSL_CTX* native = context->native_handle();
    SSL_CTX_set_min_proto_version(native, TLS1_2_VERSION);
    SSL_CTX_set_mode(native, SSL_MODE_RELEASE_BUFFERS);
    static constexpr unsigned char kProtocols[] = {8, 'h', 't', 't', 'p', '/', '1', '.', '1'}; // h2 could not be upgraded
    SSL_CTX_set_alpn_protos(native, kProtocols, sizeof kProtocols);
    if (!settings.skipVerification)
        BN_TRY(loadAuthorities(native, settings));
    // As Go does: what stands in the bundle is trusted, root or not.
    X509_VERIFY_PARAM_set_flags(SSL_CTX_get0_param(native), X509_V_FLAG_PARTIAL_CHAIN);
    if (!settings.certificate.empty()) {
        BN_TRY(useCertificateChain(native, settings.certificate));
        BN_TRY(useKey(native, settings.key));
    }
    return context;
}

} // namespace binnacle::kube
