// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace binnacle::kube::tests {

struct CertificatePair {
    std::string certificate; // PEM
    std::string key;         // PEM
};

/// Made now, signed by itself, with an Ed25519 key; valid from an hour before now until `secondsLeft` after it (negative: it has expired).
CertificatePair makeCertificate(const std::string& commonName, long secondsLeft = 3600);

} // namespace binnacle::kube::tests
