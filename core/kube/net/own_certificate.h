// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/base/result.h"

#include <string>
#include <string_view>

namespace binnacle::kube {

/// A key of this program and a certificate that it signed itself; PEM.  Nobody believes the certificate: whoever meets it asks
/// somebody else whose key it is.
struct OwnCertificate {
    std::string certificate;
    std::string privateKey; // PKCS#8, not encrypted; stays in memory
};

/// A new P-256 key, and a certificate of ten years in that name (its time is not what is checked).
Result<OwnCertificate> makeOwnCertificate(std::string_view commonName);

/// SHA-256 of the certificate's public key (SubjectPublicKeyInfo), 64 hex digits; Invalid for what is no certificate.
Result<std::string> publicKeyFingerprint(std::string_view certificatePem);

} // namespace binnacle::kube
