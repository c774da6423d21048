// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <vector>

struct evp_pkey_st;
struct x509_st;

namespace binnacle::kube::test {

/// A certificate with its key, made on the spot.
struct Identity {
    std::shared_ptr<evp_pkey_st> key;
    std::shared_ptr<x509_st> certificate;
    std::string certificatePem() const;
    std::string keyPem() const;         // PKCS#8
    std::string traditionalKeyPem() const; // PKCS#1 or SEC 1
};

enum class KeyKind { Ec, Rsa, Ed25519 };

struct CertificateWish {
    std::string commonName = "kube-apiserver";
    std::string organisation;
    std::vector<std::string> names{"DNS:localhost", "IP:127.0.0.1"};
    long validFromSeconds = -3600; // relative to now
    long validForSeconds = 86400;  // from then
    KeyKind key = KeyKind::Ec;
};

Identity makeAuthority(const std::string& commonName);
Identity issue(const Identity& authority, const CertificateWish& wish);

} // namespace binnacle::kube::test
