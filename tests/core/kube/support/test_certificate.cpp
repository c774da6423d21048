// SPDX-License-Identifier: Apache-2.0
#include "tests/core/kube/support/test_certificate.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

namespace binnacle::kube::tests {

namespace {

std::string takeText(BIO* out)
{
    char* text = nullptr;
    const long length = BIO_get_mem_data(out, &text);
    std::string copy(text, static_cast<std::size_t>(length));
    BIO_free(out);
    return copy;
}

} // namespace

CertificatePair makeCertificate(const std::string& commonName, long secondsLeft)
{
    EVP_PKEY* key = EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519");
    X509* certificate = X509_new();
    X509_set_version(certificate, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1);
    X509_gmtime_adj(X509_getm_notBefore(certificate), secondsLeft < 0 ? secondsLeft - 3600 : -3600);
    X509_gmtime_adj(X509_getm_notAfter(certificate), secondsLeft);
    X509_NAME* name = X509_get_subject_name(certificate);
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8, reinterpret_cast<const unsigned char*>(commonName.c_str()), -1, -1, 0);
    X509_set_issuer_name(certificate, name);
    X509_set_pubkey(certificate, key);
    X509_sign(certificate, key, nullptr);
    BIO *certificateOut = BIO_new(BIO_s_mem()), *keyOut = BIO_new(BIO_s_mem());
    PEM_write_bio_X509(certificateOut, certificate);
    PEM_write_bio_PrivateKey(keyOut, key, nullptr, nullptr, 0, nullptr, nullptr);
    X509_free(certificate);
    EVP_PKEY_free(key);
    return {takeText(certificateOut), takeText(keyOut)};
}

} // namespace binnacle::kube::tests
