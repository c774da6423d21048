// SPDX-License-Identifier: Apache-2.0
#include "tests/core/kube/doubles/certificates.h"

#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>

#include <atomic>

namespace binnacle::kube::test {
namespace {

std::shared_ptr<EVP_PKEY> makeKey(KeyKind kind)
{
    EVP_PKEY* key = kind == KeyKind::Rsa ? EVP_RSA_gen(2048) : kind == KeyKind::Ec ? EVP_EC_gen("P-256") : EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519");
    return {key, EVP_PKEY_free};
}

void addExtension(X509* certificate, X509* issuer, int which, const std::string& value)
{
    X509V3_CTX context;
    X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
    X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, &context, which, value.c_str());
    X509_add_ext(certificate, extension, -1);
    X509_EXTENSION_free(extension);
}

void addName(X509_NAME* name, const char* field, const std::string& value)
{
    if (!value.empty())
        X509_NAME_add_entry_by_txt(name, field, MBSTRING_UTF8, reinterpret_cast<const unsigned char*>(value.data()), static_cast<int>(value.size()), -1, 0);
}

std::shared_ptr<X509> blank(EVP_PKEY* key, const CertificateWish& wish)
{
    static std::atomic<long> serial{1};
    std::shared_ptr<X509> certificate(X509_new(), X509_free);
    X509_set_version(certificate.get(), 2);
    ASN1_INTEGER_set(X509_get_serialNumber(certificate.get()), serial++);
    X509_gmtime_adj(X509_getm_notBefore(certificate.get()), wish.validFromSeconds);
    X509_gmtime_adj(X509_getm_notAfter(certificate.get()), wish.validFromSeconds + wish.validForSeconds);
    X509_set_pubkey(certificate.get(), key);
    addName(X509_get_subject_name(certificate.get()), "O", wish.organisation);
    addName(X509_get_subject_name(certificate.get()), "CN", wish.commonName);
    return certificate;
}

void sign(X509* certificate, EVP_PKEY* key)
{
    X509_sign(certificate, key, EVP_PKEY_get_id(key) == EVP_PKEY_ED25519 ? nullptr : EVP_sha256());
}

template <class Write>
std::string written(Write write)
{
    BIO* out = BIO_new(BIO_s_mem());
    write(out);
    char* data = nullptr;
    const long size = BIO_get_mem_data(out, &data);
    std::string text(data, static_cast<std::size_t>(size));
    BIO_free(out);
    return text;
}

} // namespace

std::string Identity::certificatePem() const
{
    return written([this](BIO* out) { PEM_write_bio_X509(out, certificate.get()); });
}

std::string Identity::keyPem() const
{
    return written([this](BIO* out) { PEM_write_bio_PKCS8PrivateKey(out, key.get(), nullptr, nullptr, 0, nullptr, nullptr); });
}

std::string Identity::traditionalKeyPem() const
{
    return written([this](BIO* out) { PEM_write_bio_PrivateKey_traditional(out, key.get(), nullptr, nullptr, 0, nullptr, nullptr); });
}

Identity makeAuthority(const std::string& commonName)
{
    CertificateWish wish;
    wish.commonName = commonName;
    Identity authority{makeKey(KeyKind::Ec), nullptr};
    authority.certificate = blank(authority.key.get(), wish);
    X509* certificate = authority.certificate.get();
    X509_set_issuer_name(certificate, X509_get_subject_name(certificate));
    addExtension(certificate, certificate, NID_basic_constraints, "critical,CA:TRUE");
    addExtension(certificate, certificate, NID_key_usage, "critical,keyCertSign,cRLSign");
    addExtension(certificate, certificate, NID_subject_key_identifier, "hash");
    sign(certificate, authority.key.get());
    return authority;
}

Identity issue(const Identity& authority, const CertificateWish& wish)
{
    Identity made{makeKey(wish.key), nullptr};
    made.certificate = blank(made.key.get(), wish);
    X509* certificate = made.certificate.get();
    X509_set_issuer_name(certificate, X509_get_subject_name(authority.certificate.get()));
    std::string names;
    for (const std::string& name : wish.names)
        names += (names.empty() ? "" : ",") + name;
    if (!names.empty())
        addExtension(certificate, authority.certificate.get(), NID_subject_alt_name, names);
    addExtension(certificate, authority.certificate.get(), NID_ext_key_usage, "serverAuth,clientAuth");
    sign(certificate, authority.key.get());
    return made;
}

} // namespace binnacle::kube::test
