// SPDX-License-Identifier: Apache-2.0
#include "core/base/internet_address.h"

#include <gtest/gtest.h>

namespace binnacle {
namespace {

TEST(InternetAddress, writesTheShortestFormOfRfc5952)
{
    for (const auto& [text, shortest] :
         {std::pair("10.0.0.1", "10.0.0.1"), std::pair("::", "::"), std::pair("::1", "::1"), std::pair("2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"),
          std::pair("2001:0db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"), std::pair("fe80::0:0:0:2", "fe80::2"), std::pair("1:0:0:0:0:0:0:0", "1::"),
          std::pair("2001:DB8::A", "2001:db8::a"), std::pair("::ffff:192.0.2.1", "192.0.2.1"), std::pair("1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7:8")}) {
        const auto address = InternetAddress::parse(text);
        ASSERT_TRUE(address) << text;
        EXPECT_EQ(address->toText(), shortest);
        EXPECT_EQ(InternetAddress::parse(address->toText()), address);
    }
}

TEST(InternetAddress, refusesWhatIsNone)
{
    for (const char* text : {"", "1.2.3", "1.2.3.4.5", "256.1.1.1", "1.2.3.", ":", ":::", "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9", "1::2::3", "g::", "12345::"})
        EXPECT_EQ(InternetAddress::parse(text), std::nullopt) << text;
}

TEST(InternetAddress, knowsItsKinds)
{
    EXPECT_TRUE(InternetAddress::parse("127.0.0.53")->isLoopback());
    EXPECT_TRUE(InternetAddress::parse("::1")->isLoopback());
    EXPECT_FALSE(InternetAddress::parse("128.0.0.1")->isLoopback());
    EXPECT_TRUE(InternetAddress::parse("0.0.0.0")->isUnspecified());
    EXPECT_TRUE(InternetAddress::parse("::")->isUnspecified());
    EXPECT_FALSE(InternetAddress::parse("::1")->isUnspecified());
    EXPECT_TRUE(InternetAddress::parse("::ffff:1.2.3.4")->isV4());
    EXPECT_FALSE(InternetAddress::parse("::1.2.3.4")->isV4());
}

TEST(Endpoint, bracketsIpv6)
{
    EXPECT_EQ((Endpoint{*InternetAddress::parse("10.0.0.1"), 80}.toText()), "10.0.0.1:80");
    EXPECT_EQ((Endpoint{*InternetAddress::parse("::1"), 6379}.toText()), "[::1]:6379");
}

} // namespace
} // namespace binnacle
