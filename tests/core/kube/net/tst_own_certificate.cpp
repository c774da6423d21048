// SPDX-License-Identifier: Apache-2.0
#include "core/kube/net/own_certificate.h"
#include "tests/core/kube/doubles/certificates.h"

#include <gtest/gtest.h>

namespace binnacle::kube {
namespace {

TEST(OwnCertificate, isAnotherKeyEachTimeAndItsFingerprintIsTheKeys)
{
    const auto first = makeOwnCertificate("agent-1"), second = makeOwnCertificate("agent-1");
    ASSERT_TRUE(first && second);
    EXPECT_TRUE(first->certificate.starts_with("-----BEGIN CERTIFICATE-----"));
    EXPECT_TRUE(first->privateKey.starts_with("-----BEGIN PRIVATE KEY-----"));
    const auto fingerprint = publicKeyFingerprint(first->certificate);
    ASSERT_TRUE(fingerprint);
    EXPECT_EQ(fingerprint->size(), 64u);
    EXPECT_EQ(fingerprint->find_first_not_of("0123456789abcdef"), std::string::npos);
    EXPECT_EQ(*publicKeyFingerprint(first->certificate), *fingerprint);
    EXPECT_NE(*publicKeyFingerprint(second->certificate), *fingerprint);
}

TEST(OwnCertificate, aNameTooLongForACertificateIsCut)
{
    EXPECT_TRUE(makeOwnCertificate(std::string(253, 'a')));
}

TEST(OwnCertificate, whatIsNoCertificateHasNoFingerprint)
{
    const auto made = makeOwnCertificate("a");
    for (const std::string& text : {std::string(), std::string("x"), made->privateKey, made->certificate.substr(0, made->certificate.size() / 2), std::string(100'000, '-')})
        EXPECT_FALSE(publicKeyFingerprint(text)) << text.substr(0, 40);
    EXPECT_TRUE(publicKeyFingerprint(test::makeAuthority("somebody").certificatePem()));
}

} // namespace
} // namespace binnacle::kube
