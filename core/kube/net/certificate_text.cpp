// SPDX-License-Identifier: Apache-2.0
#include "core/kube/net/internal/certificate_text.h"

#include "core/base/internet_address.h"

#include <openssl/asn1.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <ctime>
#include <memory>

namespace binnacle::kube {
namespace {

std::string textOf(const X509_NAME* name)
{
    const std::unique_ptr<BIO, int (*)(BIO*)> out(BIO_new(BIO_s_mem()), BIO_free);
    X509_NAME_print_ex(out.get(), name, 0, XN_FLAG_ONELINE & ~(ASN1_STRFLGS_ESC_MSB | XN_FLAG_SPC_EQ));
    char* data = nullptr;
    const long size = BIO_get_mem_data(out.get(), &data);
    return size > 0 ? std::string(data, static_cast<std::size_t>(size)) : std::string("(no name)");
}

UtcTime timeOf(const ASN1_TIME* time)
{
    int days = 0;
    int seconds = 0;
    const std::unique_ptr<ASN1_TIME, void (*)(ASN1_TIME*)> epoch(ASN1_TIME_set(nullptr, 0), ASN1_TIME_free);
    if (!time || !ASN1_TIME_diff(&days, &seconds, epoch.get(), time))
        return {};
    constexpr int kMostDays = 100'000; // year 2243: nanoseconds end in 2262
    return UtcTime(std::chrono::seconds(std::int64_t(std::clamp(days, -kMostDays, kMostDays)) * 86400 + seconds));
}

std::string addressText(const ASN1_OCTET_STRING* octets)
{
    const unsigned char* data = ASN1_STRING_get0_data(octets);
    InternetAddress address;
    if (ASN1_STRING_length(octets) == 4) {
        address.bytes[10] = address.bytes[11] = 0xff;
        std::copy_n(data, 4, address.bytes.begin() + 12);
    } else if (ASN1_STRING_length(octets) == 16) {
        std::copy_n(data, 16, address.bytes.begin());
    } else {
        return "(malformed address)";
    }
    return address.toText();
}

std::string printable(std::string text)
{
    std::ranges::replace_if(text, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }, '?');
    return text;
}

} // namespace

std::string subjectOf(const x509_st* certificate) { return textOf(X509_get_subject_name(certificate)); }
std::string issuerOf(const x509_st* certificate) { return textOf(X509_get_issuer_name(certificate)); }
UtcTime validFrom(const x509_st* certificate) { return timeOf(X509_get0_notBefore(certificate)); }
UtcTime validUntil(const x509_st* certificate) { return timeOf(X509_get0_notAfter(certificate)); }

std::vector<std::string> namesOf(const x509_st* certificate)
{
    std::vector<std::string> names;
    auto* all = static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr));
    const std::unique_ptr<GENERAL_NAMES, void (*)(GENERAL_NAMES*)> owner(all, GENERAL_NAMES_free);
    for (int i = 0; all && i < sk_GENERAL_NAME_num(all); ++i) {
        const GENERAL_NAME* name = sk_GENERAL_NAME_value(all, i);
        if (name->type == GEN_DNS)
            names.push_back(printable({reinterpret_cast<const char*>(ASN1_STRING_get0_data(name->d.dNSName)),
                                       static_cast<std::size_t>(ASN1_STRING_length(name->d.dNSName))}));
        else if (name->type == GEN_IPADD)
            names.push_back(addressText(name->d.iPAddress));
    }
    return names;
}

std::string takeOpensslReason()
{
    const unsigned long code = ERR_get_error();
    ERR_clear_error();
    const char* reason = code ? ERR_reason_error_string(code) : nullptr;
    return reason ? reason : "nothing more is known";
}

} // namespace binnacle::kube
