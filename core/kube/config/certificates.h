// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/base/clocks.h"
#include "core/base/result.h"

#include <string>
#include <string_view>

namespace binnacle::kube {

/// What a certificate says about itself; the key is never part of it.
struct CertificateFacts {
    std::string subject; // RFC 2253: `CN=admin,O=system:masters`
    std::string issuer;
    UtcTime notBefore{};
    UtcTime notAfter{};
    friend bool operator==(const CertificateFacts&, const CertificateFacts&) = default;
};

/// Of the first certificate in a PEM text; other kinds of blocks before it are passed over.
Result<CertificateFacts> certificateFacts(std::string_view pem);

/// That a bundle of authorities holds a certificate, and that each of its certificates can be read.
Result<void> checkCertificateBundle(std::string_view pem);

/// That the key can be read and belongs to the first certificate.
Result<void> checkKeyPair(std::string_view certificatePem, std::string_view keyPem);

} // namespace binnacle::kube
