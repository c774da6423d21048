// SPDX-License-Identifier: Apache-2.0
#include "core/kube/net/own_certificate.h"

#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/sha.h>
#include <openssl/x509.h>

#include <array>
#include <cstdint>
#include <memory>

namespace binnacle::kube {
namespace {

constexpr long kSecondsBefore = 86'400;              // clocks of hosts differ
constexpr long kSecondsAfter = 10L * 365 * 86'400;
constexpr std::size_t kLongestPem = 64u << 10;

struct Free {
    void operator()(BIO* bio) const { BIO_free(bio); }
    void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
    void operator()(X509* certificate) const { X509_free(certificate); }
};
template <class T>
using Owned = std::unique_ptr<T, Free>;

std::string textOf(BIO* bio)
{
    char* data = nullptr;
    const long size = BIO_get_mem_data(bio, &data);
    return size > 0 ? std::string(data, static_cast<std::size_t>(size)) : std::string();
}

bool fill(X509* certificate, EVP_PKEY* key, std::string_view name)
{
    std::uint64_t serial = 0;
    if (RAND_bytes(reinterpret_cast<unsigned char*>(&serial), sizeof serial) != 1)
        return false;
    X509_NAME* subject = X509_get_subject_name(certificate);
    return X509_set_version(certificate, 2) == 1 && ASN1_INTEGER_set_uint64(X509_get_serialNumber(certificate), serial >> 1) == 1
           && X509_gmtime_adj(X509_getm_notBefore(certificate), -kSecondsBefore) && X509_gmtime_adj(X509_getm_notAfter(certificate), kSecondsAfter)
           && X509_set_pubkey(certificate, key) == 1
           && X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_UTF8, reinterpret_cast<const unsigned char*>(name.data()), static_cast<int>(name.size()), -1, 0) == 1
           && X509_set_issuer_name(certificate, subject) == 1 && X509_sign(certificate, key, EVP_sha256()) > 0;
}

} // namespace

Result<OwnCertificate> makeOwnCertificate(std::string_view commonName)
{
    const Owned<EVP_PKEY> key(EVP_EC_gen("P-256"));
    const Owned<X509> certificate(X509_new());
    if (!key || !certificate || !fill(certificate.get(), key.get(), commonName.substr(0, 64))) // 64: X.520's longest common name
        return failure(ErrorCode::Unavailable, "no key could be made: OpenSSL has no randomness or no P-256; look at its configuration");
    const Owned<BIO> certificateText(BIO_new(BIO_s_mem())), keyText(BIO_new(BIO_s_mem()));
    if (PEM_write_bio_X509(certificateText.get(), certificate.get()) != 1
        || PEM_write_bio_PKCS8PrivateKey(keyText.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr) != 1)
        return failure(ErrorCode::Unavailable, "the key that was made could not be written as PEM");
    return OwnCertificate{textOf(certificateText.get()), textOf(keyText.get())};
}

Result<std::string> publicKeyFingerprint(std::string_view certificatePem)
{
    const Owned<BIO> text(certificatePem.size() > kLongestPem ? nullptr : BIO_new_mem_buf(certificatePem.data(), static_cast<int>(certificatePem.size())));
    const Owned<X509> certificate(text ? PEM_read_bio_X509(text.get(), nullptr, nullptr, nullptr) : nullptr);
    unsigned char* der = nullptr;
    const int size = certificate ? i2d_X509_PUBKEY(X509_get_X509_PUBKEY(certificate.get()), &der) : -1;
    if (size <= 0)
        return failure(ErrorCode::Invalid, "this is no certificate in PEM");
    std::array<unsigned char, SHA256_DIGEST_LENGTH> digest{};
    SHA256(der, static_cast<std::size_t>(size), digest.data());
    OPENSSL_free(der);
    static constexpr std::string_view kHex = "0123456789abcdef";
    std::string hex;
    for (const unsigned char byte : digest) {
        hex += kHex[byte >> 4];
        hex += kHex[byte & 15];
    }
    return hex;
}

} // namespace binnacle::kube
