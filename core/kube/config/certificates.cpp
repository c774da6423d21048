// SPDX-License-Identifier: Apache-2.0
#include "core/kube/config/certificates.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <ctime>
#include <memory>

namespace binnacle::kube {

namespace {

template <auto Free>
struct Freed {
    template <class T>
    void operator()(T* object) const
    {
        Free(object);
    }
};
using Bio = std::unique_ptr<BIO, Freed<BIO_free>>;
using Certificate = std::unique_ptr<X509, Freed<X509_free>>;
using Key = std::unique_ptr<EVP_PKEY, Freed<EVP_PKEY_free>>;

Bio readFrom(std::string_view text) { return Bio(BIO_new_mem_buf(text.data(), static_cast<int>(text.size()))); }

/// No prompt for the pass phrase of an encrypted key: there may be no terminal.
int noPassPhrase(char*, int, int, void*) { return -1; }

/// Null at the end of the text or at a certificate that is broken.
Certificate nextCertificate(BIO* in) { return Certificate(PEM_read_bio_X509(in, nullptr, noPassPhrase, nullptr)); }

bool endedCleanly()
{
    const unsigned long problem = ERR_peek_last_error();
    ERR_clear_error();
    return problem == 0 || ERR_GET_REASON(problem) == PEM_R_NO_START_LINE;
}

std::string nameText(const X509_NAME* name)
{
    const Bio out(BIO_new(BIO_s_mem()));
    X509_NAME_print_ex(out.get(), name, 0, XN_FLAG_RFC2253 & ~ASN1_STRFLGS_ESC_MSB);
    char* text = nullptr;
    const long length = BIO_get_mem_data(out.get(), &text);
    return length > 0 ? std::string(text, static_cast<std::size_t>(length)) : std::string();
}

UtcTime timeOf(const ASN1_TIME* time)
{
    std::tm parts{};
    if (!time || ASN1_TIME_to_tm(time, &parts) != 1)
        return {};
    const std::chrono::year_month_day day{std::chrono::year(parts.tm_year + 1900), std::chrono::month(static_cast<unsigned>(parts.tm_mon + 1)),
                                          std::chrono::day(static_cast<unsigned>(parts.tm_mday))};
    const auto seconds = std::chrono::sys_days(day).time_since_epoch() + std::chrono::hours(parts.tm_hour) + std::chrono::minutes(parts.tm_min)
                         + std::chrono::seconds(parts.tm_sec);
    constexpr std::chrono::seconds kLast = std::chrono::hours(24) * 365 * 290; // 2259: nanoseconds end in 2262
    return UtcTime(std::min<std::chrono::seconds>(seconds, kLast));
}

std::unexpected<Error> noCertificate()
{
    ERR_clear_error();
    return failure(ErrorCode::Corrupt, "there is no PEM certificate in it (a block from BEGIN CERTIFICATE to END CERTIFICATE)");
}

} // namespace

Result<CertificateFacts> certificateFacts(std::string_view pem)
{
    const Bio in = readFrom(pem);
    const Certificate certificate = nextCertificate(in.get());
    if (!certificate)
        return noCertificate();
    const X509* x509 = certificate.get();
    return CertificateFacts{nameText(X509_get_subject_name(x509)), nameText(X509_get_issuer_name(x509)), timeOf(X509_get0_notBefore(x509)),
                            timeOf(X509_get0_notAfter(x509))};
}

Result<void> checkCertificateBundle(std::string_view pem)
{
    ERR_clear_error();
    const Bio in = readFrom(pem);
    int count = 0;
    while (nextCertificate(in.get()))
        ++count;
    if (count == 0)
        return noCertificate();
    if (!endedCleanly())
        return failure(ErrorCode::Corrupt, "certificate " + std::to_string(count + 1) + " in it is damaged");
    return {};
}

Result<void> checkKeyPair(std::string_view certificatePem, std::string_view keyPem)
{
    const Bio certificateIn = readFrom(certificatePem), keyIn = readFrom(keyPem);
    const Certificate certificate = nextCertificate(certificateIn.get());
    if (!certificate)
        return failure(ErrorCode::Corrupt, "the client certificate holds no PEM certificate");
    const Key key(PEM_read_bio_PrivateKey(keyIn.get(), nullptr, noPassPhrase, nullptr));
    ERR_clear_error();
    if (!key)
        return failure(ErrorCode::Corrupt, keyPem.find("ENCRYPTED") != std::string_view::npos
                                               ? "the client key is encrypted with a pass phrase, which a kubeconfig cannot give"
                                               : "the client key holds no PEM private key");
    const bool match = X509_check_private_key(certificate.get(), key.get()) == 1;
    ERR_clear_error();
    if (!match)
        return failure(ErrorCode::Invalid, "the client key does not belong to the client certificate (private key does not match public key)");
    return {};
}

} // namespace binnacle::kube
