// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/base/clocks.h"

#include <string>
#include <vector>

struct x509_st;
struct asn1_string_st;
struct X509_name_st;

namespace binnacle::kube {

std::string subjectOf(const x509_st* certificate); // `CN=admin, O=system:masters`, control characters escaped
std::string issuerOf(const x509_st* certificate);
std::vector<std::string> namesOf(const x509_st* certificate); // DNS names and addresses of its subjectAltName
UtcTime validFrom(const x509_st* certificate);
UtcTime validUntil(const x509_st* certificate);

/// The oldest reason OpenSSL has queued on this thread, and an empty queue; `nothing more is known` where there is none.
std::string takeOpensslReason();

} // namespace binnacle::kube
